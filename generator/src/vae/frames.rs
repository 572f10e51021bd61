//! Layers of images on the frames of a clip, which stand in the batch meanwhile.

use loop3d_torch::weights::{Weights, WeightsError};
use tch::Tensor;

/// `[b, c, t, h, w]` → `[b·t, c, h, w]` → `layer` → `[b, c', t, h', w']`.
pub(super) fn each_frame(clip: &Tensor, layer: impl FnOnce(&Tensor) -> Tensor) -> Tensor {
    let size = clip.size();
    let frames = clip.permute([0, 2, 1, 3, 4]).reshape([-1, size[1], size[3], size[4]]);
    let made = layer(&frames);
    let [c, h, w] = [1, 2, 3].map(|axis| made.size()[axis]);
    made.reshape([size[0], size[2], c, h, w]).permute([0, 2, 1, 3, 4]).contiguous()
}

/// A convolution of images with a square kernel: `weight` `[out, in, k, k]`, `bias` `[out]`.
#[derive(Debug)]
pub(super) struct Conv2d {
    weight: Tensor,
    bias: Tensor,
}

impl Conv2d {
    pub(super) fn new(weights: &Weights, inputs: i64, outputs: i64, kernel: i64) -> Result<Self, WeightsError> {
        let weight = weights.tensor("weight", &[outputs, inputs, kernel, kernel])?;
        Ok(Self { weight, bias: weights.tensor("bias", &[outputs])? })
    }

    /// `[n, in, h, w]` → `[n, out, h', w']`, padded by `padding` on all sides.
    pub(super) fn forward(&self, x: &Tensor, stride: i64, padding: i64) -> Tensor {
        x.conv2d(&self.weight, Some(&self.bias), stride, padding, 1, 1)
    }
}
