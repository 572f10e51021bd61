//! The norm by the root of the mean square: x / sqrt(mean(x²) + ε) · g, over the last axis.

use loop3d_torch::weights::{Weights, WeightsError};
use tch::{Kind, Tensor};

/// `weight` `[width]`. The mean and the quotient are computed in f32, the product with the weight in the kind of the input.
#[derive(Debug)]
pub struct RmsNorm {
    weight: Tensor,
    eps: f64,
}

impl RmsNorm {
    /// A norm over `width` features.
    ///
    /// # Errors
    /// The weight is missing or has another shape.
    pub fn new(weights: &Weights, width: i64, eps: f64) -> Result<Self, WeightsError> {
        Ok(Self { weight: weights.tensor("weight", &[width])?, eps })
    }

    /// `[…, width]` → the same shape.
    pub fn forward(&self, x: &Tensor) -> Tensor {
        let exact = x.to_kind(Kind::Float);
        let mean = exact.pow_tensor_scalar(2).mean_dim(-1, true, None);
        (exact * (mean + self.eps).rsqrt()).to_kind(x.kind()) * &self.weight
    }
}
