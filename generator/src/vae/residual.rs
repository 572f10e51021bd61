//! The residual block: norm, SiLU, causal convolution, twice, beside the input.

use super::norm::Norm;
use crate::nn::{CausalConv3d, Past};
use loop3d_torch::weights::{Weights, WeightsError};
use tch::Tensor;

/// `[b, in, t, h, w]` → `[b, out, t, h, w]`.
#[derive(Debug)]
pub(super) struct Residual {
    norm1: Norm,
    conv1: CausalConv3d,
    norm2: Norm,
    conv2: CausalConv3d,
    /// Brings the input to the channels of the output; absent where they agree.
    shortcut: Option<CausalConv3d>,
}

/// What a block remembers of the frames before.
#[derive(Debug, Default)]
pub(super) struct ResidualPast {
    conv1: Past,
    conv2: Past,
}

impl Residual {
    pub(super) fn new(weights: &Weights, inputs: i64, outputs: i64) -> Result<Self, WeightsError> {
        let layers = weights.at("residual");
        let shortcut = (inputs != outputs)
            .then(|| CausalConv3d::new(&weights.at("shortcut"), inputs, outputs, [1, 1, 1]))
            .transpose()?;
        Ok(Self {
            norm1: Norm::of_clips(&layers.at(0), inputs)?,
            conv1: CausalConv3d::new(&layers.at(2), inputs, outputs, [3, 3, 3])?,
            norm2: Norm::of_clips(&layers.at(3), outputs)?,
            conv2: CausalConv3d::new(&layers.at(6), outputs, outputs, [3, 3, 3])?,
            shortcut,
        })
    }

    /// The next frames of a clip.
    pub(super) fn step(&self, x: &Tensor, past: &mut ResidualPast) -> Tensor {
        let y = self.conv1.step(&self.norm1.forward(x).silu(), &mut past.conv1);
        let y = self.conv2.step(&self.norm2.forward(&y).silu(), &mut past.conv2);
        match &self.shortcut {
            Some(shortcut) => y + shortcut.forward(x),
            None => y + x,
        }
    }
}
