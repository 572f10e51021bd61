//! Picking a device.

use loop3d_optimizer::engine::Device;

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
