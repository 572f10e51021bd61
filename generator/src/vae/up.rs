//! Doubling: time first where it is doubled, then space.
//!
//! The first frame of a clip is never doubled in time, and the convolution in time does not see it: its past begins with the
//! second one.

use super::frames::{Conv2d, each_frame};
use crate::nn::{CausalConv3d, Past};
use loop3d_torch::weights::{Weights, WeightsError};
use tch::{Kind, Tensor};

/// `[b, c, t, h, w]` → `[b, c/2, t or 2t, 2h, 2w]`.
#[derive(Debug)]
pub(super) struct Up {
    /// 3×1×1, c → 2c: channels of the earlier frame, then of the later.
    time: Option<CausalConv3d>,
    space: Conv2d,
}

/// What a doubling remembers of the frames before.
#[derive(Debug, Default)]
pub(super) struct UpPast {
    started: bool,
    time: Past,
}

impl Up {
    pub(super) fn new(weights: &Weights, channels: i64, doubles_time: bool) -> Result<Self, WeightsError> {
        let time = || CausalConv3d::new(&weights.at("time_conv"), channels, 2 * channels, [3, 1, 1]);
        let space = Conv2d::new(&weights.at("resample").at(1), channels, channels / 2, 3)?;
        Ok(Self { time: doubles_time.then(time).transpose()?, space })
    }

    /// The next frames of a clip.
    pub(super) fn step(&self, x: &Tensor, past: &mut UpPast) -> Tensor {
        let x = match &self.time {
            Some(conv) => double_time(conv, x, past),
            None => x.shallow_clone(),
        };
        each_frame(&x, |frames| {
            let [h, w] = [2, 3].map(|axis| 2 * frames.size()[axis]);
            // In f32 whatever the kind, as published.
            let doubled = frames.to_kind(Kind::Float).internal_upsample_nearest_exact2d([h, w], 2.0, 2.0);
            self.space.forward(&doubled.to_kind(frames.kind()), 1, 1)
        })
    }
}

fn double_time(conv: &CausalConv3d, x: &Tensor, past: &mut UpPast) -> Tensor {
    if past.started {
        return in_turn(&conv.step(x, &mut past.time));
    }
    past.started = true;
    let first = x.narrow(2, 0, 1);
    match x.size()[2] - 1 {
        0 => first,
        rest => Tensor::cat(&[first, in_turn(&conv.step(&x.narrow(2, 1, rest), &mut past.time))], 2),
    }
}

/// `[b, 2c, t, h, w]`, earlier and later frames by channel → `[b, c, 2t, h, w]`.
fn in_turn(x: &Tensor) -> Tensor {
    let [b, c, t, h, w] = [0, 1, 2, 3, 4].map(|axis| x.size()[axis]);
    x.reshape([b, 2, c / 2, t, h, w]).permute([0, 2, 3, 1, 4, 5]).reshape([b, c / 2, 2 * t, h, w])
}
