//! The text model: prompt, tokens, context, and what should be said about them.

use super::umt5::Encoder;
use super::{Cache, Context, TextError, Tokenizer, clean};
use loop3d_torch::guarded;
use loop3d_torch::weights::Weights;
use sha2::{Digest, Sha256};
use tch::Device;

/// Tokenizer, encoder and cache.
pub struct TextModel {
    tokenizer: Tokenizer,
    encoder: Encoder,
    weights: Weights,
    cache: Option<Cache>,
    digest: String,
}

/// A prompt's context.
#[derive(Debug)]
pub struct Encoded {
    /// What the diffusion model attends to.
    pub context: Context,
    /// The prompt as it was encoded.
    pub cleaned: String,
    /// Whether it came out of the cache.
    pub cached: bool,
    /// What should be said about the prompt or the cache.
    pub warnings: Vec<Warning>,
}

/// What is odd about a prompt, but no error.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    /// The prompt is longer than the model takes.
    #[error("the prompt is too long: its last {cut} tokens were cut off, {kept} were kept")]
    Cut {
        /// How many tokens were dropped.
        cut: usize,
        /// How many were kept, with the end token.
        kept: usize,
    },
    /// The prompt looks as if it had been decoded with the wrong encoding.
    #[error(
        "parts of the prompt look as if they had been read in the wrong encoding (é as Ã©); they were encoded as they are"
    )]
    Garbled,
    /// The context could not be kept.
    #[error("the context was not cached: {reason}")]
    NotCached {
        /// Why.
        reason: String,
    },
}

impl TextModel {
    /// The model of a tokenizer and an encoder's weights, original names. They are read when a prompt is encoded that the
    /// cache does not have.
    ///
    /// # Errors
    /// The weights lack a parameter, or have one of another shape.
    pub fn new(tokenizer: Tokenizer, weights: Weights, cache: Option<Cache>) -> Result<Self, TextError> {
        let encoder = Encoder::new(&weights)?;
        let parts = format!("{} {}", tokenizer.digest(), encoder.fingerprint(&weights)?);
        let digest = format!("{:x}", Sha256::digest(parts));
        Ok(Self { tokenizer, encoder, weights, cache, digest })
    }

    /// What tells this model from others, with the kind that it computes in.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The encoder alone.
    #[must_use]
    pub fn encoder(&self) -> &Encoder {
        &self.encoder
    }

    /// The context of a prompt, which may be empty.
    ///
    /// # Errors
    /// The tokenizer fails, or the weights cannot be read or computed with.
    pub fn encode(&self, prompt: &str) -> Result<Encoded, TextError> {
        self.encode_observed(prompt, &mut |_| {})
    }

    /// [`TextModel::encode`] that reports each layer that is done, of those of [`Encoder::config`].
    ///
    /// # Errors
    /// Those of [`TextModel::encode`].
    pub fn encode_observed(&self, prompt: &str, done: &mut dyn FnMut(usize)) -> Result<Encoded, TextError> {
        let cleaned = clean(prompt);
        let tokens = self.tokenizer.tokens(&cleaned.text)?;
        let mut warnings = Vec::new();
        if tokens.cut > 0 {
            warnings.push(Warning::Cut { cut: tokens.cut, kept: tokens.ids.len() });
        }
        if cleaned.garbled {
            warnings.push(Warning::Garbled);
        }
        let key = Cache::key(&cleaned.text, &self.digest);
        let width = self.encoder.config().width;
        let kept = self.cache.as_ref().and_then(|cache| cache.load(&key));
        let fitting = kept.filter(|context| context.rows().size() == [tokens.ids.len() as i64, width]);
        if let Some(context) = fitting {
            return Ok(Encoded { context, cleaned: cleaned.text, cached: true, warnings });
        }
        let (ids, mask) = tokens.padded();
        let rows = guarded(|| {
            let x = self.encoder.encode_observed(&self.weights, &ids, &mask, &mut |layer, _| done(layer + 1))?;
            Ok::<_, TextError>(
                x.narrow(1, 0, tokens.ids.len() as i64).squeeze_dim(0).to_device(Device::Cpu).contiguous(),
            )
        })?;
        let context = Context::new(rows);
        let stored = self.cache.as_ref().map_or(Ok(()), |cache| cache.store(&key, &context));
        warnings.extend(stored.err().map(|error| Warning::NotCached { reason: error.to_string() }));
        Ok(Encoded { context, cleaned: cleaned.text, cached: false, warnings })
    }
}
