//! Euler's step: z + v · (σ_{k+1} − σ_k).

use tch::Tensor;

/// The latents at the noise level `to`, for a velocity at `from`. The difference is taken in f32, as in the published code.
pub fn euler(z: &Tensor, velocity: &Tensor, from: f32, to: f32) -> Tensor {
    z + velocity * f64::from(to - from)
}
