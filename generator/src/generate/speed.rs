//! How many floating-point operations a device does in a second, from a product of matrices that takes a moment: what most of a
//! transformer's time goes to.

use std::time::Instant;
use tch::{Device, Kind, Tensor};

/// Side of the matrices.
const SIDE: i64 = 1024;
/// Seconds to measure for, at least.
const LONG: f64 = 0.1;

/// Floating-point operations per second with numbers of `kind` on `device`.
#[must_use]
pub fn speed(kind: Kind, device: Device) -> f64 {
    let _guard = tch::no_grad_guard();
    let a = Tensor::ones([SIDE, SIDE], (kind, device));
    // Waits for the device.
    let product = || a.matmul(&a).get(0).get(0).double_value(&[]);
    // The first one makes room.
    let _ = product();
    let begin = Instant::now();
    let mut count = 0.0;
    while begin.elapsed().as_secs_f64() < LONG {
        let _ = product();
        count += 1.0;
    }
    count * 2.0 * (SIDE as f64).powi(3) / begin.elapsed().as_secs_f64()
}
