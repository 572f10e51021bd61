//! libtorch is linked, found at run time without `LD_LIBRARY_PATH`, and computes.
#![cfg(feature = "libtorch")]

use tch::{Device, Kind, Tensor};

#[test]
fn adds_and_differentiates() {
    let a = Tensor::from_slice(&[1.0f32, 2.0, 3.0]).set_requires_grad(true);
    let sum = (&a + Tensor::from_slice(&[10.0f32, 20.0, 30.0])).pow_tensor_scalar(2).sum(Kind::Float);
    sum.backward();
    assert_eq!(sum.double_value(&[]), 11.0f64.powi(2) + 22.0f64.powi(2) + 33.0f64.powi(2));
    assert_eq!(Vec::<f32>::try_from(a.grad().to_device(Device::Cpu)).unwrap(), [22.0, 44.0, 66.0]);
}
