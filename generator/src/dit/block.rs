//! A block: self-attention, attention between views, attention to the text, feed-forward (generate-syncammaster §3).

use super::attention::Attention;
use super::layout::Tokens;
use super::modulation::Modulation;
use super::views::ViewModule;
use super::{Config, DitError};
use crate::cameras::Cameras;
use crate::nn::{LayerNorm, Linear, Rope, layer_norm, modulate};
use loop3d_torch::weights::{Weights, WeightsError};
use tch::Tensor;

#[derive(Debug)]
pub(super) struct Block {
    modulation: Modulation<6>,
    self_attn: Attention,
    views: Option<ViewModule>,
    norm3: LayerNorm,
    cross_attn: Attention,
    ffn: [Linear; 2],
    eps: f64,
}

/// What all blocks of a pass share.
pub(super) struct Shared<'a> {
    /// The time, `[1, 6, d]`.
    pub(super) rows: &'a Tensor,
    /// The text, `[V, n, d]`.
    pub(super) text: &'a Tensor,
    /// Positions of a view's tokens.
    pub(super) rope: &'a Rope,
    /// Cameras, and positions of a frame's tokens of all views, where there is a view module.
    pub(super) views: Option<(&'a Cameras, &'a Rope)>,
}

impl Block {
    pub(super) fn new(weights: &Weights, config: &Config) -> Result<Self, WeightsError> {
        let views = config.views.then(|| ViewModule::new(weights, config)).transpose()?;
        let ffn = weights.at("ffn");
        Ok(Self {
            modulation: Modulation::new(weights, "modulation", config.dim)?,
            self_attn: Attention::new(&weights.at("self_attn"), config)?,
            views,
            norm3: LayerNorm::new(&weights.at("norm3"), config.dim, config.eps)?,
            cross_attn: Attention::new(&weights.at("cross_attn"), config)?,
            ffn: [
                Linear::new(&ffn.at(0), config.dim, config.hidden)?,
                Linear::new(&ffn.at(2), config.hidden, config.dim)?,
            ],
            eps: config.eps,
        })
    }

    pub(super) fn forward(
        &self,
        x: &Tokens,
        shared: &Shared<'_>,
        observe: &mut dyn FnMut(&str, &Tensor),
    ) -> Result<Tokens, DitError> {
        let [shift_a, scale_a, gate_a, shift_f, scale_f, gate_f] = self.modulation.at(shared.rows);

        let y = modulate(&layer_norm(x.tensor(), self.eps), &shift_a, &scale_a);
        let y = observed(observe, "self_attn", y, |y| self.self_attn.to_itself(y, shared.rope));
        let mut x = x.with(x.tensor() + gate_a * y);

        if let (Some(module), Some((cameras, rope))) = (&self.views, shared.views) {
            x = module.forward(&x, shared.rows, cameras, rope, observe)?;
        }

        let y = self.norm3.forward(x.tensor());
        let y = observed(observe, "cross_attn", y, |y| self.cross_attn.to_other(y, shared.text));
        let x = x.with(x.tensor() + y);

        let y = modulate(&layer_norm(x.tensor(), self.eps), &shift_f, &scale_f);
        let y = observed(observe, "ffn", y, |y| self.ffn[1].forward(&self.ffn[0].forward(y).gelu("tanh")));
        Ok(x.with(x.tensor() + gate_f * y))
    }
}

/// Applies a layer and shows its input and output.
fn observed(
    observe: &mut dyn FnMut(&str, &Tensor),
    name: &str,
    input: Tensor,
    layer: impl FnOnce(&Tensor) -> Tensor,
) -> Tensor {
    observe(&format!("{name}_in"), &input);
    let output = layer(&input);
    observe(&format!("{name}_out"), &output);
    output
}
