//! Prompts as token numbers of the text encoder: its own `tokenizer.json` (a Unigram model of SentencePiece), the end token after
//! the last, padded to 512 with a mask (generate-syncammaster §1).

use super::TextError;
use sha2::{Digest, Sha256};
use std::fs;
use std::path::Path;
use tch::Tensor;

/// How many tokens the encoder and the diffusion model take.
pub const LENGTH: usize = 512;
/// Pads.
const PAD: i64 = 0;
/// The end token, as the tokenizer calls it.
const END: &str = "</s>";
/// The largest `tokenizer.json` that is read; the published one has 17 MB.
const MOST_BYTES: u64 = 256 << 20;

/// Splits cleaned prompts into tokens.
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
    end: i64,
    digest: String,
}

/// The tokens of a prompt, with the end token, at most [`LENGTH`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens {
    /// Numbers in the vocabulary.
    pub ids: Vec<i64>,
    /// How many tokens of the prompt's end were cut off.
    pub cut: usize,
}

impl Tokenizer {
    /// Reads a `tokenizer.json`.
    ///
    /// # Errors
    /// It cannot be read, or has no end token.
    pub fn open(path: &Path) -> Result<Self, TextError> {
        let place = || path.display().to_string();
        let wrong = |reason: String| TextError::Tokenizer { place: place(), reason };
        let size = fs::metadata(path).map_err(|error| wrong(format!("cannot be read: {error}")))?.len();
        if size > MOST_BYTES {
            return Err(wrong(format!("a file of {size} bytes, at most {MOST_BYTES} are read")));
        }
        let bytes = fs::read(path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
        let mut inner = tokenizers::Tokenizer::from_bytes(&bytes).map_err(|error| wrong(error.to_string()))?;
        // Both are done here, whatever the file asks for.
        inner.with_truncation(None).map_err(|error| wrong(error.to_string()))?.with_padding(None);
        let end = inner.token_to_id(END).ok_or_else(|| wrong(format!("no token {END}")))?;
        Ok(Self { inner, end: end.into(), digest: format!("{:x}", Sha256::digest(&bytes)) })
    }

    /// Digest of its file.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The tokens of a cleaned prompt, which may be empty.
    ///
    /// # Errors
    /// The tokenizer's model fails on the text.
    pub fn tokens(&self, cleaned: &str) -> Result<Tokens, TextError> {
        let encoding = self.inner.encode_fast(cleaned, true);
        let encoding = encoding.map_err(|error| TextError::Prompt { reason: error.to_string() })?;
        let mut ids: Vec<i64> = encoding.get_ids().iter().map(|id| i64::from(*id)).collect();
        if ids.last() != Some(&self.end) {
            ids.push(self.end);
        }
        let cut = ids.len().saturating_sub(LENGTH);
        if cut > 0 {
            ids.truncate(LENGTH - 1);
            ids.push(self.end);
        }
        Ok(Tokens { ids, cut })
    }
}

impl Tokens {
    /// Numbers and mask, both `[1, 512]` i64: padded with 0, and 1 where a token is.
    pub fn padded(&self) -> (Tensor, Tensor) {
        let mut ids = self.ids.clone();
        let mut mask = vec![1i64; ids.len()];
        ids.resize(LENGTH, PAD);
        mask.resize(LENGTH, 0);
        (Tensor::from_slice(&ids).unsqueeze(0), Tensor::from_slice(&mask).unsqueeze(0))
    }
}
