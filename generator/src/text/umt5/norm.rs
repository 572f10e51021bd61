//! RMS(x) = g ⊙ x / √(mean(x²) + 1e-6) over the last axis, with the mean in f32.

use loop3d_torch::weights::{Weights, WeightsError};
use tch::{Kind, Tensor};

const EPSILON: f64 = 1e-6;

/// A norm with a factor for each number of a token.
pub(super) struct RmsNorm {
    weight: Tensor,
}

impl RmsNorm {
    /// A norm of tokens of `width` numbers.
    pub(super) fn new(weights: &Weights, width: i64) -> Result<Self, WeightsError> {
        Ok(Self { weight: weights.tensor("weight", &[width])? })
    }

    /// `[…, width]` of the same shape, in the kind of the weights.
    pub(super) fn forward(&self, x: &Tensor) -> Tensor {
        let mean = x.to_kind(Kind::Float).pow_tensor_scalar(2).mean_dim([-1i64].as_slice(), true, None);
        let scaled = x * (mean + EPSILON).rsqrt();
        &self.weight * scaled.to_kind(self.weight.kind())
    }
}
