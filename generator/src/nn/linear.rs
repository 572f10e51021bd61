//! A linear layer: y = x·Wᵀ + b, or without b.

use loop3d_torch::weights::{Weights, WeightsError};
use tch::Tensor;

/// `weight` `[out, in]`, `bias` `[out]` where there is one.
#[derive(Debug)]
pub struct Linear {
    weight: Tensor,
    bias: Option<Tensor>,
}

impl Linear {
    /// A layer from `inputs` to `outputs` features.
    ///
    /// # Errors
    /// A parameter is missing or has another shape.
    pub fn new(weights: &Weights, inputs: i64, outputs: i64) -> Result<Self, WeightsError> {
        let bias = Some(weights.tensor("bias", &[outputs])?);
        Ok(Self { bias, ..Self::without_bias(weights, inputs, outputs)? })
    }

    /// A layer without a bias.
    ///
    /// # Errors
    /// The weight is missing or has another shape.
    pub fn without_bias(weights: &Weights, inputs: i64, outputs: i64) -> Result<Self, WeightsError> {
        Ok(Self { weight: weights.tensor("weight", &[outputs, inputs])?, bias: None })
    }

    /// `[…, in]` → `[…, out]`. A weight of another kind than `x` multiplies in its own kind; `x`'s comes back.
    pub fn forward(&self, x: &Tensor) -> Tensor {
        if x.kind() == self.weight.kind() {
            return x.linear(&self.weight, self.bias.as_ref());
        }
        let y = x.to_kind(self.weight.kind()).linear(&self.weight, None::<&Tensor>).to_kind(x.kind());
        self.bias.as_ref().map_or_else(|| y.shallow_clone(), |bias| &y + bias)
    }

    /// `[out, in]`.
    pub fn weight(&self) -> &Tensor {
        &self.weight
    }
}
