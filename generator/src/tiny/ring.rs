//! Features along a clip whose last frame is followed by its first.

use super::residual::GROUPS;
use crate::nn::{Conv2d, GroupNorm};
use loop3d_torch::weights::{Weights, WeightsError};
use tch::Tensor;

/// A convolution over three frames on the ring, added to what came in: `norm`, `conv` `[channels, 3·channels, 1, 1]`.
#[derive(Debug)]
pub(super) struct RingConv {
    norm: GroupNorm,
    conv: Conv2d,
}

impl RingConv {
    pub(super) fn new(weights: &Weights, channels: i64) -> Result<Self, WeightsError> {
        let conv = Conv2d::new(&weights.at("conv"), 3 * channels, channels, 1)?;
        Ok(Self { norm: GroupNorm::new(&weights.at("norm"), channels, GROUPS)?, conv })
    }

    /// `[b, n, channels, h, w]` → the same shape. Shifting the frames around the ring shifts the result, to the bit.
    pub(super) fn forward(&self, x: &Tensor) -> Tensor {
        let [b, n] = [x.size()[0], x.size()[1]];
        let y = self.norm.forward(&x.flatten(0, 1)).silu().unflatten(0, [b, n]);
        let around = Tensor::cat(&[y.roll(1, 1), y.shallow_clone(), y.roll(-1, 1)], 2);
        x + self.conv.forward(&around.flatten(0, 1)).unflatten(0, [b, n])
    }
}
