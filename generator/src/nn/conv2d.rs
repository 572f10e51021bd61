//! A convolution of pictures, padded so that their size stays (or is divided by the stride).

use loop3d_torch::weights::{Weights, WeightsError};
use tch::Tensor;

/// `weight` `[out, in, side, side]`, `bias` `[out]`.
#[derive(Debug)]
pub struct Conv2d {
    weight: Tensor,
    bias: Tensor,
    stride: i64,
    padding: i64,
}

impl Conv2d {
    /// A layer from `inputs` to `outputs` channels with an odd kernel of `side`×`side`.
    ///
    /// # Errors
    /// A parameter is missing or has another shape.
    pub fn new(weights: &Weights, inputs: i64, outputs: i64, side: i64) -> Result<Self, WeightsError> {
        Ok(Self {
            weight: weights.tensor("weight", &[outputs, inputs, side, side])?,
            bias: weights.tensor("bias", &[outputs])?,
            stride: 1,
            padding: side / 2,
        })
    }

    /// The same layer at every second row and column.
    #[must_use]
    pub fn halving(self) -> Self {
        Self { stride: 2, ..self }
    }

    /// `[b, in, h, w]` → `[b, out, h / stride, w / stride]`.
    pub fn forward(&self, x: &Tensor) -> Tensor {
        let [stride, padding] = [self.stride, self.padding].map(|value| [value, value]);
        x.conv2d(&self.weight, Some(&self.bias), stride, padding, [1, 1], 1)
    }
}
