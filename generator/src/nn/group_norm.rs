//! The norm by mean and variance of each group of channels in each picture or clip.

use loop3d_torch::weights::{Weights, WeightsError};
use tch::Tensor;

const EPS: f64 = 1e-5;

/// `weight` and `bias` `[channels]`.
#[derive(Debug)]
pub struct GroupNorm {
    weight: Tensor,
    bias: Tensor,
    groups: i64,
    eps: f64,
}

impl GroupNorm {
    /// A norm over `channels`, in as many groups as divide them.
    ///
    /// # Errors
    /// A parameter is missing or has another shape.
    pub fn new(weights: &Weights, channels: i64, groups: i64) -> Result<Self, WeightsError> {
        Ok(Self {
            weight: weights.tensor("weight", &[channels])?,
            bias: weights.tensor("bias", &[channels])?,
            groups,
            eps: EPS,
        })
    }

    /// The same norm with another ε than 10⁻⁵.
    #[must_use]
    pub fn with_eps(self, eps: f64) -> Self {
        Self { eps, ..self }
    }

    /// `[b, channels, …]` → the same shape.
    pub fn forward(&self, x: &Tensor) -> Tensor {
        x.group_norm(self.groups, Some(&self.weight), Some(&self.bias), self.eps, false)
    }
}
