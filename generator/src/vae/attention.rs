//! Attention within each frame, between all of its places, one head.

use super::frames::{Conv2d, each_frame};
use super::norm::Norm;
use loop3d_torch::weights::{Weights, WeightsError};
use tch::Tensor;

/// `[b, c, t, h, w]` → the same shape; frames do not mix.
#[derive(Debug)]
pub(super) struct Attention {
    norm: Norm,
    to_qkv: Conv2d,
    proj: Conv2d,
}

impl Attention {
    pub(super) fn new(weights: &Weights, channels: i64) -> Result<Self, WeightsError> {
        Ok(Self {
            norm: Norm::of_images(&weights.at("norm"), channels)?,
            to_qkv: Conv2d::new(&weights.at("to_qkv"), channels, 3 * channels, 1)?,
            proj: Conv2d::new(&weights.at("proj"), channels, channels, 1)?,
        })
    }

    pub(super) fn forward(&self, x: &Tensor) -> Tensor {
        each_frame(x, |frames| self.frames(frames)) + x
    }

    /// `[n, c, h, w]` → the same shape, without the input.
    fn frames(&self, x: &Tensor) -> Tensor {
        let size = x.size();
        let qkv = self.to_qkv.forward(&self.norm.forward(x), 1, 0);
        // [n, 1 head, h·w, 3c]
        let qkv = qkv.reshape([size[0], 1, 3 * size[1], -1]).permute([0, 1, 3, 2]).contiguous();
        let [q, k, v] = [0, 1, 2].map(|part| qkv.narrow(-1, part * size[1], size[1]));
        let y = Tensor::scaled_dot_product_attention(&q, &k, &v, None::<&Tensor>, 0.0, false, None, false);
        self.proj.forward(&y.squeeze_dim(1).permute([0, 2, 1]).reshape(&size), 1, 0)
    }
}
