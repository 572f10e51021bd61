//! The attention of a layer: softmax(q·kᵀ + bias)·v without the usual factor 1/√d, the softmax in f32.

use super::Config;
use super::bias::bias;
use loop3d_torch::weights::{Weights, WeightsError};
use tch::{Kind, Tensor};

/// An attention of tokens to each other.
pub(super) struct Attention {
    q: Tensor,
    k: Tensor,
    v: Tensor,
    o: Tensor,
    /// `[buckets, heads]`.
    biases: Tensor,
    heads: i64,
}

impl Attention {
    /// The attention of the layer `layer`.
    pub(super) fn new(layer: &Weights, config: &Config) -> Result<Self, WeightsError> {
        let (width, inner) = (config.width, config.heads * config.head);
        let weights = layer.at("attn");
        Ok(Self {
            q: weights.tensor("q.weight", &[inner, width])?,
            k: weights.tensor("k.weight", &[inner, width])?,
            v: weights.tensor("v.weight", &[inner, width])?,
            o: weights.tensor("o.weight", &[width, inner])?,
            biases: layer.tensor("pos_embedding.embedding.weight", &[config.buckets, config.heads])?,
            heads: config.heads,
        })
    }

    /// `[b, tokens, width]` with a mask `[b, tokens]` that is true on padding.
    pub(super) fn forward(&self, x: &Tensor, padding: &Tensor) -> Tensor {
        let (b, tokens) = (x.size()[0], x.size()[1]);
        // To [b, heads, tokens, numbers of a head].
        let heads =
            |weight: &Tensor| x.linear(weight, None::<&Tensor>).view([b, tokens, self.heads, -1]).transpose(1, 2);
        let (q, k, v) = (heads(&self.q), heads(&self.k), heads(&self.v));
        let least = match x.kind() {
            Kind::Half => -65504.0,
            Kind::BFloat16 => -3.389_531_389_251_535_5e38,
            _ => f64::from(f32::MIN),
        };
        let bias = bias(&self.biases, tokens).masked_fill(&padding.view([b, 1, 1, tokens]), least);
        let logits = q.matmul(&k.transpose(2, 3)) + bias;
        let weights = logits.to_kind(Kind::Float).softmax(-1, Kind::Float).to_kind(x.kind());
        let mixed = weights.matmul(&v).transpose(1, 2).reshape([b, tokens, -1]);
        mixed.linear(&self.o, None::<&Tensor>)
    }
}
