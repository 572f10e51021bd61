//! Picking a device.

use loop3d_optimizer::engine::Device;
use loop3d_optimizer::error::FitError;
use loop3d_optimizer::torch::guarded;
use tch::{Kind, Tensor};

#[test]
fn auto_says_why_it_is_not_cuda_and_cuda_insists() {
    assert_eq!(Device::Cpu.settle().unwrap(), (Device::Cpu, None));
    match Device::Cuda.settle() {
        // A machine with a GPU: both find it.
        Ok(cuda) => assert_eq!((cuda, Device::Auto.settle().unwrap()), ((Device::Cuda, None), (Device::Cuda, None))),
        Err(error) => {
            let message = error.to_string();
            assert!(message.starts_with("--device cuda: libtorch"), "{message}");
            let (device, why) = Device::Auto.settle().unwrap();
            let why = why.unwrap();
            assert_eq!(device, Device::Cpu);
            assert!(why.starts_with("fitting on the CPU: libtorch") && why.ends_with(&message[20..]), "{why}");
        }
    }
}

#[test]
fn what_libtorch_throws_becomes_an_error() {
    let zeros = |n: i64| Tensor::zeros([n], (Kind::Float, tch::Device::Cpu));
    let error = guarded(|| Ok(zeros(2) + zeros(3))).unwrap_err();
    let message = error.to_string();
    assert!(message.starts_with("libtorch failed: The size of tensor a (2)"), "{message}");
    assert!(!message.contains("frame #"), "{message}");
    assert!(matches!(guarded::<()>(|| Err(FitError::Stopped)), Err(FitError::Stopped)));
    assert_eq!(guarded(|| Ok(zeros(2).numel())).unwrap(), 2);
}
