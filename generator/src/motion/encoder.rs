//! Pictures of tracks to features of a temporal attention's sites (generate-motion §2): six convolutions, two poolings, one linear layer
//! for each attention, after the pose guider of "Animate Anyone".

use crate::nn::{Conv2d, Linear};
use loop3d_torch::weights::{Weights, WeightsError};
use tch::Tensor;

/// Channels between the convolutions; the last one's are the caller's.
const WIDTHS: [i64; 6] = [3, 16, 16, 32, 32, 64];

/// `convs.0…5`.
#[derive(Debug)]
pub struct TrackEncoder {
    convs: Vec<Conv2d>,
}

impl TrackEncoder {
    /// An encoder whose features have so many channels.
    ///
    /// # Errors
    /// A parameter is missing or has another shape.
    pub fn new(weights: &Weights, channels: i64) -> Result<Self, WeightsError> {
        let outputs = WIDTHS[1..].iter().copied().chain([channels]);
        let conv =
            |(i, (inputs, outputs)): (i64, (&i64, i64))| Conv2d::new(&weights.at("convs").at(i), *inputs, outputs, 3);
        Ok(Self { convs: (0..).zip(WIDTHS.iter().zip(outputs)).map(conv).collect::<Result<_, _>>()? })
    }

    /// Pictures `[frames, 3, h, w]` with values in 0…1 → features `[frames, channels, rows, columns]`, averaged by area.
    pub fn forward(&self, pictures: &Tensor, [rows, columns]: [i64; 2]) -> Tensor {
        let mut x = pictures.shallow_clone();
        for (number, conv) in self.convs.iter().enumerate() {
            x = conv.forward(&x);
            if number + 1 < self.convs.len() {
                x = x.silu();
            }
            if number == 1 || number == 3 {
                x = x.avg_pool2d([2, 2], [2, 2], [0, 0], false, true, None);
            }
        }
        x.adaptive_avg_pool2d([rows, columns])
    }
}

/// What an attention takes of them. Sites without a track have the same features in all frames, so their map is even.
#[derive(Debug)]
pub struct SiteFeatures(Linear);

impl SiteFeatures {
    /// From `channels` to the width of the attention.
    ///
    /// # Errors
    /// A parameter is missing or has another shape.
    pub fn new(weights: &Weights, channels: i64, width: i64) -> Result<Self, WeightsError> {
        Ok(Self(Linear::new(weights, channels, width)?))
    }

    /// `[frames, channels, rows, columns]` → `[rows · columns, frames, width]`.
    pub fn forward(&self, features: &Tensor) -> Tensor {
        self.0.forward(&features.flatten(2, 3).permute([2, 0, 1]))
    }
}
