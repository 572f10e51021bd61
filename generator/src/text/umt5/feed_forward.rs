//! The feed-forward half of a layer: wo·(wi_1(x) ⊙ gelu(wi_0(x))); original names fc2, fc1 and gate.0.

use super::Config;
use loop3d_torch::weights::{Weights, WeightsError};
use tch::Tensor;

/// A gated feed-forward layer.
pub(super) struct FeedForward {
    gate: Tensor,
    into: Tensor,
    out: Tensor,
}

impl FeedForward {
    /// A layer of these sizes.
    pub(super) fn new(weights: &Weights, config: &Config) -> Result<Self, WeightsError> {
        let (width, inner) = (config.width, config.feed_forward);
        Ok(Self {
            gate: weights.tensor("gate.0.weight", &[inner, width])?,
            into: weights.tensor("fc1.weight", &[inner, width])?,
            out: weights.tensor("fc2.weight", &[width, inner])?,
        })
    }

    /// `[b, tokens, width]` of the same shape.
    pub(super) fn forward(&self, x: &Tensor) -> Tensor {
        let linear = |x: &Tensor, weight: &Tensor| x.linear(weight, None::<&Tensor>);
        let gated = linear(x, &self.into) * gelu(&linear(x, &self.gate));
        linear(&gated, &self.out)
    }
}

/// 0.5x(1 + tanh(√(2/π)(x + 0.044715x³))), written out: libtorch's fused one differs in the last bits (generate §4).
fn gelu(x: &Tensor) -> Tensor {
    let inner = (x + x.pow_tensor_scalar(3.0) * 0.044_715) * (2.0 / std::f64::consts::PI).sqrt();
    (x * 0.5) * (inner.tanh() + 1.0)
}
