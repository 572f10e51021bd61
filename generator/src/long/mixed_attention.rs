//! Attention to the words with the anchor's tokens mixed into them, by a weight of each layer's own (generate-long §3).

use crate::nn::{LayerNorm, Linear, attended, split_heads};
use loop3d_torch::weights::{Weights, WeightsError};
use tch::Tensor;

const EPS: f64 = 1e-5;

/// `conv`, over the tokens as channels; `conv_ln`, `alpha`, `to_q`, `to_k`, `to_v`, `to_out.0`. `alpha` begins at 0, and with it the
/// anchor says nothing.
#[derive(Debug)]
pub struct MixedAttention {
    conv: [Tensor; 2],
    norm: LayerNorm,
    alpha: Tensor,
    q: Linear,
    k: Linear,
    v: Linear,
    out: Linear,
    words: i64,
    heads: i64,
}

/// Sizes of such an attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MixedSizes {
    /// Features of what attends.
    pub width: i64,
    /// Heads, and features of each.
    pub heads: [i64; 2],
    /// Tokens of the words and of the anchor.
    pub tokens: [i64; 2],
    /// Features of a token.
    pub context: i64,
}

impl MixedAttention {
    /// An attention of these sizes.
    ///
    /// # Errors
    /// A parameter is missing or has another shape.
    pub fn new(weights: &Weights, sizes: &MixedSizes) -> Result<Self, WeightsError> {
        let ([words, anchor], [heads, head]) = (sizes.tokens, sizes.heads);
        let conv = weights.at("conv");
        let plain = |name: &str, inputs| Linear::without_bias(&weights.at(name), inputs, heads * head);
        Ok(Self {
            conv: [conv.tensor("weight", &[words, words + anchor, 3])?, conv.tensor("bias", &[words])?],
            norm: LayerNorm::new(&weights.at("conv_ln"), sizes.context, EPS)?,
            alpha: weights.tensor("alpha", &[])?,
            q: plain("to_q", sizes.width)?,
            k: plain("to_k", sizes.context)?,
            v: plain("to_v", sizes.context)?,
            out: Linear::new(&weights.at("to_out").at(0), heads * head, sizes.width)?,
            words,
            heads,
        })
    }

    /// The anchor's share: words and anchor `[b, words + anchor, context]` → `[b, words, context]`.
    pub fn mixed(&self, context: &Tensor) -> Tensor {
        self.norm.forward(&context.conv1d(&self.conv[0], Some(&self.conv[1]), 1, 1, 1, 1))
    }

    /// `[b, s, width]` attends to words and anchor `[b, words + anchor, context]`.
    pub fn forward(&self, x: &Tensor, context: &Tensor) -> Tensor {
        let words = context.narrow(1, 0, self.words) + self.mixed(context) * self.alpha.silu();
        let heads = |x: Tensor| split_heads(&x, self.heads);
        let (k, v) = (heads(self.k.forward(&words)), heads(self.v.forward(&words)));
        self.out.forward(&attended(&heads(self.q.forward(x)), &k, &v))
    }
}
