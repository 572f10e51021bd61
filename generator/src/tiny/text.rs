//! The text encoder: a table of words and two layers of attention.

use super::attention::Attention;
use super::words::{WORDS, rows};
use crate::nn::{LayerNorm, Linear};
use crate::sizes::DitConfig;
use loop3d_torch::weights::{Weights, WeightsError};
use tch::Tensor;

/// Layers.
const LAYERS: usize = 2;
const EPS: f64 = 1e-6;

/// `words` `[rows, width]`, `places` `[32, width]`, `layers`, `norm`.
#[derive(Debug)]
pub(super) struct TextEncoder {
    words: Tensor,
    places: Tensor,
    layers: Vec<Layer>,
    norm: LayerNorm,
}

#[derive(Debug)]
struct Layer {
    norms: [LayerNorm; 2],
    attention: Attention,
    mlp: [Linear; 2],
}

impl TextEncoder {
    pub(super) fn new(weights: &Weights, config: &DitConfig) -> Result<Self, WeightsError> {
        let width = config.text;
        let layer = |weights: Weights| {
            let norm = |name| LayerNorm::new(&weights.at(name), width, EPS);
            Ok::<_, WeightsError>(Layer {
                norms: [norm("norm1")?, norm("norm2")?],
                attention: Attention::new(&weights.at("attention"), width, width, config.text_heads)?,
                mlp: [
                    Linear::new(&weights.at("mlp1"), width, 2 * width)?,
                    Linear::new(&weights.at("mlp2"), 2 * width, width)?,
                ],
            })
        };
        Ok(Self {
            words: weights.tensor("words", &[rows(), width])?,
            places: weights.tensor("places", &[WORDS, width])?,
            layers: (0..LAYERS).map(|i| layer(weights.at("layers").at(i))).collect::<Result<_, _>>()?,
            norm: LayerNorm::new(&weights.at("norm"), width, EPS)?,
        })
    }

    /// Numbers of words `[b, 32]` → `[b, 32, width]`.
    pub(super) fn forward(&self, words: &Tensor) -> Tensor {
        let mut x = Tensor::embedding(&self.words, words, -1, false, false) + &self.places;
        for layer in &self.layers {
            let y = layer.norms[0].forward(&x);
            x = &x + layer.attention.forward(&y, &y, None);
            let y = layer.mlp[0].forward(&layer.norms[1].forward(&x)).gelu("tanh");
            x = &x + layer.mlp[1].forward(&y);
        }
        self.norm.forward(&x)
    }
}
