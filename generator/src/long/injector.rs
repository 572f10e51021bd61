//! What the frames of a chunk take from the frames before it: attention along time at every place (generate-long §2).

use crate::nn::{GroupNorm, Linear, attended, split_heads};
use loop3d_torch::weights::{Weights, WeightsError};
use tch::Tensor;

/// Groups of the norm, which goes over the whole clip.
const GROUPS: i64 = 32;
const EPS: f64 = 1e-6;

/// `temporal_transformer.{norm, proj_in, attention.to_q, to_k, to_v, to_out.0, proj_out}`; `proj_out` begins at 0, and with it the
/// injector changes nothing.
#[derive(Debug)]
pub struct Injector {
    norm: GroupNorm,
    proj_in: Linear,
    q: Linear,
    k: Linear,
    v: Linear,
    out: Linear,
    proj_out: Linear,
    heads: i64,
}

impl Injector {
    /// For features of `channels`, with heads of `head`.
    ///
    /// # Errors
    /// A parameter is missing or has another shape.
    pub fn new(weights: &Weights, channels: i64, head: i64) -> Result<Self, WeightsError> {
        let weights = weights.at("temporal_transformer");
        let attention = weights.at("attention");
        let plain = |name: &str| Linear::without_bias(&attention.at(name), channels, channels);
        let linear = |name: &str| Linear::new(&weights.at(name), channels, channels);
        Ok(Self {
            norm: GroupNorm::new(&weights.at("norm"), channels, GROUPS)?.with_eps(EPS),
            proj_in: linear("proj_in")?,
            q: plain("to_q")?,
            k: plain("to_k")?,
            v: plain("to_v")?,
            out: Linear::new(&attention.at("to_out").at(0), channels, channels)?,
            proj_out: linear("proj_out")?,
            heads: channels / head,
        })
    }

    /// Features `[b · frames, channels, h, w]` of the new frames, and `[b · before, channels, h, w]` of those before → the former with
    /// what they take.
    pub fn forward(&self, x: &Tensor, before: &Tensor, batch: i64) -> Tensor {
        let [c, h, w] = [1, 2, 3].map(|axis| x.size()[axis]);
        // [b · h · w, frames, c]
        let rows = |x: &Tensor| x.unflatten(0, [batch, -1]).permute([0, 3, 4, 1, 2]).flatten(0, 2);
        // The norm of a clip: [b, c, frames, h, w].
        let clip = self.norm.forward(&x.unflatten(0, [batch, -1]).transpose(1, 2).contiguous()).transpose(1, 2);
        let q = self.q.forward(&self.proj_in.forward(&rows(&clip.flatten(0, 1))));
        let (k, v) = (self.k.forward(&rows(before)), self.v.forward(&rows(before)));
        let [q, k, v] = [q, k, v].map(|x| split_heads(&x, self.heads));
        let y = self.proj_out.forward(&self.out.forward(&attended(&q, &k, &v)));
        x + y.unflatten(0, [batch, h, w]).permute([0, 3, 4, 1, 2]).reshape([-1, c, h, w])
    }
}
