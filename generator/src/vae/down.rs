//! Halving: space first, then time where it is halved.
//!
//! The first frame of a clip is kept as it is; from there on, each output sees the input frames 2j − 2, 2j − 1, 2j.

use super::frames::{Conv2d, each_frame};
use loop3d_torch::weights::{Weights, WeightsError};
use tch::Tensor;

/// `[b, c, t, h, w]` → `[b, c, t or t/2, h/2, w/2]`.
#[derive(Debug)]
pub(super) struct Down {
    space: Conv2d,
    time: Option<HalfTime>,
}

/// 3×1×1 of stride 2 in time, without padding: `weight` `[c, c, 3, 1, 1]`, `bias` `[c]`.
#[derive(Debug)]
struct HalfTime {
    weight: Tensor,
    bias: Tensor,
}

/// What a halving remembers: the last frame before.
#[derive(Debug, Default)]
pub(super) struct DownPast(Option<Tensor>);

impl Down {
    pub(super) fn new(weights: &Weights, channels: i64, halves_time: bool) -> Result<Self, WeightsError> {
        let time = || {
            let conv = weights.at("time_conv");
            let weight = conv.tensor("weight", &[channels, channels, 3, 1, 1])?;
            Ok(HalfTime { weight, bias: conv.tensor("bias", &[channels])? })
        };
        let space = Conv2d::new(&weights.at("resample").at(1), channels, channels, 3)?;
        Ok(Self { space, time: halves_time.then(time).transpose()? })
    }

    /// The next frames of a clip: the first one and any number of pairs, later on pairs.
    pub(super) fn step(&self, x: &Tensor, past: &mut DownPast) -> Tensor {
        // One row and one column of zeros, at the bottom and on the right.
        let x = each_frame(x, |frames| self.space.forward(&frames.pad([0, 1, 0, 1], "constant", None), 2, 0));
        match &self.time {
            Some(time) => time.step(&x, past),
            None => x,
        }
    }
}

impl HalfTime {
    fn step(&self, x: &Tensor, past: &mut DownPast) -> Tensor {
        let length = x.size()[2];
        // A copy, since a view would keep the whole piece in memory.
        let before = past.0.replace(x.narrow_copy(2, length - 1, 1));
        match before {
            Some(before) => self.halve(&Tensor::cat(&[&before, x], 2)),
            None if length == 1 => x.shallow_clone(),
            None => Tensor::cat(&[x.narrow(2, 0, 1), self.halve(x)], 2),
        }
    }

    fn halve(&self, x: &Tensor) -> Tensor {
        x.conv3d(&self.weight, Some(&self.bias), [2, 1, 1], 0, 1, 1)
    }
}
