//! The middle of the encoder and of the decoder: residual block, attention, residual block.

use super::attention::Attention;
use super::residual::{Residual, ResidualPast};
use loop3d_torch::weights::{Weights, WeightsError};
use tch::Tensor;

/// `[b, c, t, h, w]` → the same shape.
#[derive(Debug)]
pub(super) struct Middle {
    first: Residual,
    attention: Attention,
    last: Residual,
}

/// What the middle remembers of the frames before.
#[derive(Debug, Default)]
pub(super) struct MiddlePast {
    first: ResidualPast,
    last: ResidualPast,
}

impl Middle {
    pub(super) fn new(weights: &Weights, channels: i64) -> Result<Self, WeightsError> {
        Ok(Self {
            first: Residual::new(&weights.at(0), channels, channels)?,
            attention: Attention::new(&weights.at(1), channels)?,
            last: Residual::new(&weights.at(2), channels, channels)?,
        })
    }

    /// The next frames of a clip.
    pub(super) fn step(&self, x: &Tensor, past: &mut MiddlePast) -> Tensor {
        let x = self.first.step(x, &mut past.first);
        self.last.step(&self.attention.forward(&x), &mut past.last)
    }
}
