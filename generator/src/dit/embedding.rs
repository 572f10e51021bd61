//! The text's way into the model: Linear, GELU, Linear.

use super::layout::Text;
use super::{Config, DitError};
use crate::nn::Linear;
use loop3d_torch::weights::{Weights, WeightsError};
use tch::Tensor;

#[derive(Debug)]
pub(super) struct TextEmbedding {
    first: Linear,
    second: Linear,
    width: i64,
}

impl TextEmbedding {
    pub(super) fn new(weights: &Weights, config: &Config) -> Result<Self, WeightsError> {
        Ok(Self {
            first: Linear::new(&weights.at(0), config.text, config.dim)?,
            second: Linear::new(&weights.at(2), config.dim, config.dim)?,
            width: config.text,
        })
    }

    /// `[1 or V, n, text width]` → `[V, n, d]`.
    pub(super) fn forward(&self, text: &Text, views: i64) -> Result<Tensor, DitError> {
        let found = text.tensor().size();
        if found[2] != self.width {
            return Err(DitError::TextWidth { found: found[2], expected: self.width });
        }
        if found[0] != 1 && found[0] != views {
            return Err(DitError::Views { what: "texts", found: found[0], expected: views });
        }
        let weight = self.first.weight();
        let x = text.tensor().to_device(weight.device()).to_kind(weight.kind());
        // Repeated in memory, as published: libtorch adds the bias of a layer in another order where rows only seem to repeat.
        let x = if found[0] == views { x } else { x.repeat([views, 1, 1]) };
        Ok(self.second.forward(&self.first.forward(&x).gelu("tanh")))
    }
}
