//! The block that pictures go through: norm, SiLU, convolution, twice, added to what came in.

use crate::nn::{Conv2d, GroupNorm};
use loop3d_torch::weights::{Weights, WeightsError};
use tch::Tensor;

/// Groups of a norm.
pub(super) const GROUPS: i64 = 8;

/// `norm1`, `conv1`, `norm2`, `conv2`, all of one number of channels.
#[derive(Debug)]
pub(super) struct Residual {
    norms: [GroupNorm; 2],
    convs: [Conv2d; 2],
}

impl Residual {
    pub(super) fn new(weights: &Weights, channels: i64) -> Result<Self, WeightsError> {
        let norm = |name| GroupNorm::new(&weights.at(name), channels, GROUPS);
        let conv = |name| Conv2d::new(&weights.at(name), channels, channels, 3);
        Ok(Self { norms: [norm("norm1")?, norm("norm2")?], convs: [conv("conv1")?, conv("conv2")?] })
    }

    /// `[b, channels, h, w]` → the same shape.
    pub(super) fn forward(&self, x: &Tensor) -> Tensor {
        let y = self.convs[0].forward(&self.norms[0].forward(x).silu());
        x + self.convs[1].forward(&self.norms[1].forward(&y).silu())
    }
}

/// The last layer: norm, SiLU, convolution to other channels.
#[derive(Debug)]
pub(super) struct Last {
    norm: GroupNorm,
    conv: Conv2d,
}

impl Last {
    pub(super) fn new(weights: &Weights, channels: i64, outputs: i64) -> Result<Self, WeightsError> {
        let conv = Conv2d::new(&weights.at("conv"), channels, outputs, 3)?;
        Ok(Self { norm: GroupNorm::new(&weights.at("norm"), channels, GROUPS)?, conv })
    }

    /// `[b, channels, h, w]` → `[b, outputs, h, w]`.
    pub(super) fn forward(&self, x: &Tensor) -> Tensor {
        self.conv.forward(&self.norm.forward(x).silu())
    }
}

/// Twice the rows and columns: each value four times, then a convolution.
#[derive(Debug)]
pub(super) struct Up(Conv2d);

impl Up {
    pub(super) fn new(weights: &Weights, inputs: i64, outputs: i64) -> Result<Self, WeightsError> {
        Ok(Self(Conv2d::new(weights, inputs, outputs, 3)?))
    }

    /// `[b, inputs, h, w]` → `[b, outputs, 2h, 2w]`.
    pub(super) fn forward(&self, x: &Tensor) -> Tensor {
        let [h, w] = [2, 3].map(|axis| 2 * x.size()[axis]);
        self.0.forward(&x.upsample_nearest2d([h, w], None, None))
    }
}
