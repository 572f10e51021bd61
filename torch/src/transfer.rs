//! Rows of floats between Rust and tensors.

use tch::{Device, Tensor};

/// `[len, N]` floats on a device.
pub fn upload<const N: usize>(values: &[[f32; N]], device: Device) -> Tensor {
    let flat = Tensor::from_slice(values.as_flattened());
    flat.view([values.len() as i64, N as i64]).to_device(device)
}

/// The floats of a tensor of any shape, in rows of `N`.
pub fn download<const N: usize>(tensor: &Tensor) -> Vec<[f32; N]> {
    let mut out = vec![[0.0f32; N]; tensor.numel() / N];
    let flat = tensor.to_device(Device::Cpu).contiguous();
    flat.copy_data(out.as_flattened_mut(), tensor.numel());
    out
}

/// Gradient of a leaf after all its backward passes; zeros if none reached it.
pub fn gradient(leaf: &Tensor) -> Tensor {
    let gradient = leaf.grad();
    if gradient.defined() { gradient } else { leaf.zeros_like() }
}
