//! The norm by mean and variance over the last axis: (x − mean) / sqrt(variance + ε), with or without an affine map after it.

use loop3d_torch::weights::{Weights, WeightsError};
use tch::Tensor;

/// A layer norm with `weight` and `bias` `[width]`.
#[derive(Debug)]
pub struct LayerNorm {
    weight: Tensor,
    bias: Tensor,
    eps: f64,
}

impl LayerNorm {
    /// A norm over `width` features.
    ///
    /// # Errors
    /// A parameter is missing or has another shape.
    pub fn new(weights: &Weights, width: i64, eps: f64) -> Result<Self, WeightsError> {
        Ok(Self { weight: weights.tensor("weight", &[width])?, bias: weights.tensor("bias", &[width])?, eps })
    }

    /// `[…, width]` → the same shape.
    pub fn forward(&self, x: &Tensor) -> Tensor {
        x.layer_norm(self.weight.size(), Some(&self.weight), Some(&self.bias), self.eps, false)
    }
}

/// A layer norm without parameters: `[…, width]` → the same shape.
pub fn layer_norm(x: &Tensor, eps: f64) -> Tensor {
    let width = x.size().last().copied().unwrap_or(0);
    x.layer_norm(width, None::<&Tensor>, None, eps, false)
}
