//! Depth from one picture: how likely each pixel lies on each of the planes before its camera.

use super::residual::{Last, Residual, Up};
use crate::nn::{Conv2d, LayerNorm, Linear, attended, split_heads};
use crate::sizes::LiftConfig;
use loop3d_torch::weights::{Weights, WeightsError};
use tch::Tensor;

/// Features of a head of the attention.
const HEAD: i64 = 32;

/// A U-net with attention at its coarsest level. Besides colours it sees where in the image a pixel is, in focal lengths from the
/// centre, since the ground is nearer the lower it is seen.
#[derive(Debug)]
pub struct Lift {
    first: Conv2d,
    down: [Residual; 3],
    halvings: [Conv2d; 2],
    attention: Attention,
    bottom: Residual,
    ups: [Up; 2],
    up: [Residual; 2],
    last: Last,
}

impl Lift {
    /// The model with these parameters.
    ///
    /// # Errors
    /// A parameter is missing or has another shape.
    pub fn new(weights: &Weights, config: &LiftConfig) -> Result<Self, WeightsError> {
        let [fine, middle, coarse] = config.widths;
        let residual = |name, channels| Residual::new(&weights.at(name), channels);
        Ok(Self {
            first: Conv2d::new(&weights.at("first"), 14, fine, 3)?,
            down: [residual("fine", fine)?, residual("middle", middle)?, residual("coarse", coarse)?],
            halvings: [
                Conv2d::new(&weights.at("down1"), fine, middle, 3)?.halving(),
                Conv2d::new(&weights.at("down2"), middle, coarse, 3)?.halving(),
            ],
            attention: Attention::new(&weights.at("attention"), coarse)?,
            bottom: residual("bottom", coarse)?,
            ups: [Up::new(&weights.at("up1"), coarse, middle)?, Up::new(&weights.at("up2"), middle, fine)?],
            up: [residual("middle_up", middle)?, residual("fine_up", fine)?],
            last: Last::new(&weights.at("last"), fine, 4 * config.planes)?,
        })
    }

    /// Pictures `[b, 3, h, w]` of cameras with this focal length in image widths → logits of the planes `[b, planes, h, w]`,
    /// from infinity to the nearest.
    pub fn logits(&self, pictures: &Tensor, focal: f64) -> Tensor {
        let x = Tensor::cat(&[pictures.pixel_unshuffle(2), places(pictures, focal)], 1);
        let fine = self.down[0].forward(&self.first.forward(&x));
        let middle = self.down[1].forward(&self.halvings[0].forward(&fine));
        let coarse = self.down[2].forward(&self.halvings[1].forward(&middle));
        let x = self.bottom.forward(&self.attention.forward(&coarse));
        let x = self.up[0].forward(&(self.ups[0].forward(&x) + middle));
        let x = self.up[1].forward(&(self.ups[1].forward(&x) + fine));
        self.last.forward(&x).pixel_shuffle(2)
    }

    /// Pictures `[b, 3, h, w]` → probabilities of the planes `[b, planes, h, w]`.
    pub fn planes(&self, pictures: &Tensor, focal: f64) -> Tensor {
        let logits = self.logits(pictures, focal);
        logits.softmax(1, logits.kind())
    }
}

/// Right and down from the centre in focal lengths, at half of the pictures' size: `[b, 2, h/2, w/2]`.
fn places(pictures: &Tensor, focal: f64) -> Tensor {
    let [b, _, height, width] = [0, 1, 2, 3].map(|axis| pictures.size()[axis]);
    let [h, w] = [height / 2, width / 2];
    let options = (pictures.kind(), pictures.device());
    let line = |n: i64| (Tensor::arange(n, options) + (1 - n) as f64 / 2.0) / (w as f64 * focal);
    let [x, y] = [line(w).reshape([1, 1, 1, w]), line(h).reshape([1, 1, h, 1])];
    Tensor::cat(&[x, y].map(|place| place.expand([b, 1, h, w], false)), 1)
}

/// Every place attends to all others: `norm`, `qkv`, `out`.
#[derive(Debug)]
struct Attention {
    norm: LayerNorm,
    qkv: Linear,
    out: Linear,
}

impl Attention {
    fn new(weights: &Weights, width: i64) -> Result<Self, WeightsError> {
        Ok(Self {
            norm: LayerNorm::new(&weights.at("norm"), width, 1e-6)?,
            qkv: Linear::new(&weights.at("qkv"), width, 3 * width)?,
            out: Linear::new(&weights.at("out"), width, width)?,
        })
    }

    /// `[b, c, h, w]` → the same shape.
    fn forward(&self, x: &Tensor) -> Tensor {
        let tokens = x.flatten(2, 3).transpose(1, 2);
        let qkv = self.qkv.forward(&self.norm.forward(&tokens)).chunk(3, -1);
        let [q, k, v] = [0, 1, 2].map(|part| split_heads(&qkv[part], qkv[part].size()[2] / HEAD));
        let y = self.out.forward(&attended(&q, &k, &v));
        x + y.transpose(1, 2).reshape(x.size())
    }
}
