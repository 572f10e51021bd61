//! The end of the encoder and of the decoder: norm, SiLU, causal convolution.

use super::norm::Norm;
use crate::nn::{CausalConv3d, Past};
use loop3d_torch::weights::{Weights, WeightsError};
use tch::Tensor;

/// `[b, in, t, h, w]` → `[b, out, t, h, w]`.
#[derive(Debug)]
pub(super) struct Head {
    norm: Norm,
    conv: CausalConv3d,
}

impl Head {
    pub(super) fn new(weights: &Weights, inputs: i64, outputs: i64) -> Result<Self, WeightsError> {
        let conv = CausalConv3d::new(&weights.at(2), inputs, outputs, [3, 3, 3])?;
        Ok(Self { norm: Norm::of_clips(&weights.at(0), inputs)?, conv })
    }

    /// The next frames of a clip.
    pub(super) fn step(&self, x: &Tensor, past: &mut Past) -> Tensor {
        self.conv.step(&self.norm.forward(x).silu(), past)
    }
}
