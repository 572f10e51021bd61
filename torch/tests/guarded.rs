//! Exceptions of libtorch, and other panics.
#![cfg(feature = "libtorch")]

use loop3d_torch::{TorchError, guarded};
use tch::{Device, Kind, Tensor};

fn zeros(n: i64) -> Tensor {
    Tensor::zeros([n], (Kind::Float, Device::Cpu))
}

#[test]
fn what_libtorch_throws_becomes_an_error() {
    let thrown = guarded(|| Ok::<_, TorchError>(zeros(2) + zeros(3))).unwrap_err();
    let TorchError::Thrown(message) = thrown else { panic!("{thrown:?}") };
    assert!(message.starts_with("The size of tensor a (2)"), "{message}");
    assert!(!message.contains("frame #"), "{message}");
}

#[test]
fn results_and_errors_of_the_work_pass_through() {
    assert_eq!(guarded(|| Ok::<_, TorchError>(zeros(2).numel())), Ok(2));
    assert_eq!(guarded(|| Err::<(), _>(TorchError::NoCudaDevice)), Err(TorchError::NoCudaDevice));
}

#[test]
#[should_panic(expected = "not of libtorch")]
fn other_panics_continue() {
    guarded(|| -> Result<(), TorchError> { panic!("not of libtorch") }).unwrap();
}
