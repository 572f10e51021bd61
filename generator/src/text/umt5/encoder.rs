//! The encoder: one layer at a time from its weights.

use super::Config;
use super::attention::Attention;
use super::feed_forward::FeedForward;
use super::fingerprint::fingerprint;
use super::norm::RmsNorm;
use crate::text::TextError;
use loop3d_torch::weights::{Weights, WeightsError};
use tch::{Kind, Tensor};

/// The largest number of f16, to which infinities are clamped.
const LARGEST_HALF: f64 = 65504.0;

/// An encoder of these sizes. It holds no weights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoder {
    config: Config,
}

impl Encoder {
    /// The encoder of `weights`, whose names are the original ones; see [`crate::weights::names_umt5`] for others. It looks at
    /// the shapes of all parameters and reads none.
    ///
    /// # Errors
    /// A parameter is missing or has another shape than the rest of the model asks for.
    pub fn new(weights: &Weights) -> Result<Self, WeightsError> {
        let config = Config::from_weights(weights);
        config.parameters().iter().try_for_each(|(name, shape)| weights.expect(name, shape))?;
        Ok(Self { config })
    }

    /// Its sizes.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// A digest that tells models apart: of the kinds, and three rows of each parameter. A digest of all numbers would read
    /// 11 GB.
    ///
    /// # Errors
    /// The weights cannot be read.
    pub fn fingerprint(&self, weights: &Weights) -> Result<String, WeightsError> {
        fingerprint(weights, &self.config)
    }

    /// Contexts `[b, tokens, width]` of token numbers and a mask, 1 on tokens and 0 on padding, both `[b, tokens]` i64. In the
    /// kind of the weights, and where they are. Rows of padding have no meaning.
    ///
    /// # Errors
    /// Shapes that do not match, a number beyond the vocabulary, or weights that cannot be read.
    pub fn encode(&self, weights: &Weights, ids: &Tensor, mask: &Tensor) -> Result<Tensor, TextError> {
        self.encode_observed(weights, ids, mask, &mut |_, _| {})
    }

    /// [`Encoder::encode`] that shows the output of each layer, for progress and tests.
    ///
    /// # Errors
    /// Those of [`Encoder::encode`].
    pub fn encode_observed(
        &self,
        weights: &Weights,
        ids: &Tensor,
        mask: &Tensor,
        observe: &mut dyn FnMut(usize, &Tensor),
    ) -> Result<Tensor, TextError> {
        if ids.dim() != 2 || ids.size() != mask.size() {
            return Err(TextError::Tokens { ids: ids.size(), mask: mask.size() });
        }
        tch::no_grad(|| {
            let mut x = self.embedded(weights, ids)?;
            let padding = mask.to_device(x.device()).eq(0);
            for i in 0..self.config.layers {
                x = self.layer(&weights.at("blocks").at(i), &x, &padding)?;
                observe(i, &x);
            }
            Ok(RmsNorm::new(&weights.at("norm"), self.config.width)?.forward(&x))
        })
    }

    /// The rows of the tokens.
    fn embedded(&self, weights: &Weights, ids: &Tensor) -> Result<Tensor, WeightsError> {
        let (b, tokens) = (ids.size()[0], ids.size()[1]);
        let count = (b * tokens) as usize;
        let mut rows = vec![0i64; count];
        ids.to_kind(Kind::Int64).to_device(tch::Device::Cpu).contiguous().copy_data(&mut rows, count);
        let shape = [self.config.vocabulary, self.config.width];
        Ok(weights.rows("token_embedding.weight", &shape, &rows)?.view([b, tokens, self.config.width]))
    }

    /// A layer, half by half: each half is read, applied and dropped.
    fn layer(&self, weights: &Weights, x: &Tensor, padding: &Tensor) -> Result<Tensor, WeightsError> {
        let width = self.config.width;
        let normalised = RmsNorm::new(&weights.at("norm1"), width)?.forward(x);
        let x = clamped(x + Attention::new(weights, &self.config)?.forward(&normalised, padding));
        let normalised = RmsNorm::new(&weights.at("norm2"), width)?.forward(&x);
        Ok(clamped(&x + FeedForward::new(&weights.at("ffn"), &self.config)?.forward(&normalised)))
    }
}

/// Sums beyond f16's range at its ends. Other kinds have the range.
fn clamped(x: Tensor) -> Tensor {
    if x.kind() == Kind::Half { x.clamp(-LARGEST_HALF, LARGEST_HALF) } else { x }
}
