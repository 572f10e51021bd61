//! The frames that a chunk continues, as features of an eighth of their size (generate-long §2).

use crate::nn::{Conv2d, LayerNorm};
use loop3d_torch::weights::{Weights, WeightsError};
use tch::Tensor;

const EPS: f64 = 1e-5;

/// Sizes of a frame encoder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameEncoderSizes {
    /// Channels after the first convolution and after each halving.
    pub channels: [i64; 4],
    /// Channels of the result.
    pub output: i64,
    /// Whether a norm over the channels follows each inner convolution, as in StreamingSVD.
    pub norm: bool,
}

impl Default for FrameEncoderSizes {
    /// The published ones.
    fn default() -> Self {
        Self { channels: [32, 96, 256, 512], output: 320, norm: false }
    }
}

/// `conv_in`, `blocks.0…5`, `norms.0…5`, `conv_out`; the last one begins at 0.
#[derive(Debug)]
pub struct FrameEncoder {
    first: Conv2d,
    blocks: Vec<(Conv2d, Option<LayerNorm>)>,
    last: Conv2d,
}

impl FrameEncoder {
    /// An encoder of these sizes.
    ///
    /// # Errors
    /// A parameter is missing or has another shape.
    pub fn new(weights: &Weights, sizes: &FrameEncoderSizes) -> Result<Self, WeightsError> {
        let [c0, c1, c2, c3] = sizes.channels;
        let stages = [(c0, c0), (c0, c1), (c1, c1), (c1, c2), (c2, c2), (c2, c3)];
        let block = |(number, (inputs, outputs)): (usize, (i64, i64))| {
            let conv = Conv2d::new(&weights.at("blocks").at(number), inputs, outputs, 3)?;
            let norm = sizes.norm.then(|| LayerNorm::new(&weights.at("norms").at(number), outputs, EPS));
            Ok((if number % 2 == 1 { conv.halving() } else { conv }, norm.transpose()?))
        };
        Ok(Self {
            first: Conv2d::new(&weights.at("conv_in"), 3, c0, 3)?,
            blocks: stages.into_iter().enumerate().map(block).collect::<Result<_, _>>()?,
            last: Conv2d::new(&weights.at("conv_out"), c3, sizes.output, 3)?,
        })
    }

    /// Frames `[frames, 3, h, w]` with values in −1…1 → `[frames, output, h/8, w/8]`.
    pub fn forward(&self, frames: &Tensor) -> Tensor {
        let inner = |x: Tensor, (conv, norm): &(Conv2d, Option<LayerNorm>)| {
            let y = conv.forward(&x);
            let y = norm
                .as_ref()
                .map_or_else(|| y.shallow_clone(), |norm| norm.forward(&y.permute([0, 2, 3, 1])).permute([0, 3, 1, 2]));
            y.silu()
        };
        self.last.forward(&self.blocks.iter().fold(self.first.forward(frames).silu(), inner))
    }
}
