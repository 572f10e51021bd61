//! A linear layer: y = x·Wᵀ + b.

use loop3d_torch::weights::{Weights, WeightsError};
use tch::Tensor;

/// `weight` `[out, in]`, `bias` `[out]`.
#[derive(Debug)]
pub struct Linear {
    weight: Tensor,
    bias: Tensor,
}

impl Linear {
    /// A layer from `inputs` to `outputs` features.
    ///
    /// # Errors
    /// A parameter is missing or has another shape.
    pub fn new(weights: &Weights, inputs: i64, outputs: i64) -> Result<Self, WeightsError> {
        Ok(Self { weight: weights.tensor("weight", &[outputs, inputs])?, bias: weights.tensor("bias", &[outputs])? })
    }

    /// `[…, in]` → `[…, out]`. A weight of another kind than `x` multiplies in its own kind; `x`'s comes back.
    pub fn forward(&self, x: &Tensor) -> Tensor {
        if x.kind() == self.weight.kind() {
            return x.linear(&self.weight, Some(&self.bias));
        }
        x.to_kind(self.weight.kind()).linear(&self.weight, None::<&Tensor>).to_kind(x.kind()) + &self.bias
    }

    /// `[out, in]`.
    pub fn weight(&self) -> &Tensor {
        &self.weight
    }
}
