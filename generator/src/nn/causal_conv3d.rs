//! A convolution over time and space that never looks ahead (Wan2.1's VAE, generate-syncammaster §2).
//!
//! Space is padded on both sides, time on the left only: output frame `t` sees the input frames `t − k + 1 … t`. A clip may
//! come in pieces: the last `k − 1` input frames of a piece are kept and stand where the next one would be padded.

use loop3d_torch::weights::{Weights, WeightsError};
use tch::Tensor;

/// A causal convolution of stride 1: `weight` `[out, in, kt, kh, kw]` with odd `kh` and `kw`, `bias` `[out]`.
#[derive(Debug)]
pub struct CausalConv3d {
    weight: Tensor,
    bias: Tensor,
    kernel: [i64; 3],
}

/// The input frames of earlier pieces that a convolution still sees; none at the beginning of a clip.
#[derive(Debug, Default)]
pub struct Past(Option<Tensor>);

impl CausalConv3d {
    /// A convolution with a kernel of `[time, height, width]`.
    ///
    /// # Errors
    /// A parameter is missing or has another shape.
    pub fn new(weights: &Weights, inputs: i64, outputs: i64, kernel: [i64; 3]) -> Result<Self, WeightsError> {
        let [t, h, w] = kernel;
        let weight = weights.tensor("weight", &[outputs, inputs, t, h, w])?;
        Ok(Self { weight, bias: weights.tensor("bias", &[outputs])?, kernel })
    }

    /// A whole clip: `[b, in, t, h, w]` → `[b, out, t, h, w]`.
    pub fn forward(&self, x: &Tensor) -> Tensor {
        self.convolve(x, self.kernel[0] - 1)
    }

    /// The next frames of a clip: `[b, in, t, h, w]` → `[b, out, t, h, w]`.
    pub fn step(&self, x: &Tensor, past: &mut Past) -> Tensor {
        let reach = self.kernel[0] - 1;
        let known = past.0.as_ref().map_or(0, |past| past.size()[2]);
        let joined = match past.0.take() {
            Some(past) => Tensor::cat(&[&past, x], 2),
            None => x.shallow_clone(),
        };
        let keep = joined.size()[2].min(reach);
        // A copy, since a view would keep the whole piece in memory.
        past.0 = Some(joined.narrow_copy(2, joined.size()[2] - keep, keep));
        self.convolve(&joined, reach - known)
    }

    /// `[out, in, kt, kh, kw]`.
    pub fn weight(&self) -> &Tensor {
        &self.weight
    }

    /// Convolves with `before` frames of zeros in front.
    fn convolve(&self, x: &Tensor, before: i64) -> Tensor {
        let [_, h, w] = self.kernel.map(|k| k / 2);
        let padded = x.pad([w, w, h, h, before, 0], "constant", None);
        padded.conv3d(&self.weight, Some(&self.bias), 1, 0, 1, 1)
    }
}
