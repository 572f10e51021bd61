//! Attention of several heads with a norm on queries and keys over the full width (generate-syncammaster §3). The
//! self-attention, the attention to the text and the attention between views are all of this class.

use super::Config;
use crate::nn::{Linear, RmsNorm, Rope, attended, split_heads};
use loop3d_torch::weights::{Weights, WeightsError};
use tch::Tensor;

/// Parameters `q`, `k`, `v`, `o` and `norm_q`, `norm_k`, all of width d.
#[derive(Debug)]
pub(super) struct Attention {
    q: Linear,
    k: Linear,
    v: Linear,
    o: Linear,
    norm_q: RmsNorm,
    norm_k: RmsNorm,
    heads: i64,
}

impl Attention {
    pub(super) fn new(weights: &Weights, config: &Config) -> Result<Self, WeightsError> {
        let linear = |name| Linear::new(&weights.at(name), config.dim, config.dim);
        let norm = |name| RmsNorm::new(&weights.at(name), config.dim, config.eps);
        Ok(Self {
            q: linear("q")?,
            k: linear("k")?,
            v: linear("v")?,
            o: linear("o")?,
            norm_q: norm("norm_q")?,
            norm_k: norm("norm_k")?,
            heads: config.heads,
        })
    }

    /// Every place of `[b, s, d]` attends to all of its row of the batch.
    pub(super) fn to_itself(&self, x: &Tensor, rope: &Rope) -> Tensor {
        let q = rope.turn(&self.norm_q.forward(&self.q.forward(x)), self.heads);
        let k = rope.turn(&self.norm_k.forward(&self.k.forward(x)), self.heads);
        self.attend(&q, &k, &self.v.forward(x))
    }

    /// `[b, s, d]` attends to `[b, n, d]`.
    pub(super) fn to_other(&self, x: &Tensor, other: &Tensor) -> Tensor {
        let q = self.norm_q.forward(&self.q.forward(x));
        let k = self.norm_k.forward(&self.k.forward(other));
        self.attend(&q, &k, &self.v.forward(other))
    }

    fn attend(&self, q: &Tensor, k: &Tensor, v: &Tensor) -> Tensor {
        let [q, k, v] = [q, k, v].map(|x| split_heads(x, self.heads));
        self.o.forward(&attended(&q, &k, &v))
    }
}
