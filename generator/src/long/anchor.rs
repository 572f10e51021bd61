//! The anchor frame as tokens: linear layer, SiLU, linear layer (generate-long §3).

use crate::nn::Linear;
use loop3d_torch::weights::{Weights, WeightsError};
use tch::{Kind, Tensor};

/// `context_embedding.0`, `context_embedding.2`.
#[derive(Debug)]
pub struct AnchorTokens {
    layers: [Linear; 2],
    tokens: i64,
}

impl AnchorTokens {
    /// From vectors of `width` through `inner` features to so many tokens of the same width.
    ///
    /// # Errors
    /// A parameter is missing or has another shape.
    pub fn new(weights: &Weights, width: i64, inner: i64, tokens: i64) -> Result<Self, WeightsError> {
        let layer =
            |number: i64, inputs, outputs| Linear::new(&weights.at("context_embedding").at(number), inputs, outputs);
        Ok(Self { layers: [layer(0, width, inner)?, layer(2, inner, tokens * width)?], tokens })
    }

    /// One vector for each clip, `[b, width]`, or those of several frames, `[b, frames, width]`, of which it takes the mean →
    /// `[b, tokens, width]`.
    pub fn forward(&self, vectors: &Tensor) -> Tensor {
        let one = if vectors.dim() == 3 { vectors.mean_dim(1, false, None::<Kind>) } else { vectors.shallow_clone() };
        self.layers[1].forward(&self.layers[0].forward(&one).silu()).unflatten(-1, [self.tokens, -1])
    }
}
