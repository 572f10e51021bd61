//! Choosing a device.

use loop3d_optimizer::device::DeviceChoice;
use loop3d_optimizer::error::FitError;
use loop3d_scene::{Blame, Fault};

#[test]
fn the_cpu_needs_no_search() {
    let cpu = DeviceChoice::Cpu.settle().unwrap();
    assert_eq!((cpu.name(), cpu.note()), ("cpu", None));
}

#[test]
fn auto_falls_back_to_the_cpu_and_cuda_insists() {
    let auto = DeviceChoice::Auto.settle().unwrap();
    match DeviceChoice::Cuda.settle() {
        // A machine with a GPU, and a build that uses it: both find it.
        Ok(cuda) => {
            assert_eq!((cuda.name(), cuda.note()), ("cuda", None));
            assert_eq!((auto.name(), auto.note()), ("cuda", None));
        }
        Err(error) => {
            assert_eq!(error.fault(), Fault::Machine);
            let FitError::Device(why) = error else { panic!("{error:?}") };
            let reason = why.strip_prefix("--device cuda: ").unwrap();
            assert_eq!((auto.name(), auto.note().unwrap()), ("cpu", &*format!("fitting on the CPU: {reason}")));
        }
    }
}

#[test]
#[cfg(not(feature = "cuda"))]
fn a_build_without_cuda_says_how_to_get_it() {
    let error = DeviceChoice::Cuda.settle().unwrap_err().to_string();
    assert!(error.contains("--features cuda"), "{error}");
}
