//! What can go wrong between a prompt and its context.

use loop3d_torch::TorchError;
use loop3d_torch::weights::WeightsError;

/// Errors of the text model.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// The tokenizer's file cannot be used.
    #[error("{place}: {reason}; expected the tokenizer.json of the text encoder (google/umt5-xxl)")]
    Tokenizer {
        /// The file.
        place: String,
        /// What was found.
        reason: String,
    },
    /// The tokenizer failed on a prompt.
    #[error("the prompt cannot be split into tokens: {reason}")]
    Prompt {
        /// What the tokenizer said.
        reason: String,
    },
    /// Token numbers and mask are not what the encoder takes.
    #[error("token numbers of the shape {ids:?} and a mask of {mask:?}; expected one shape, [batch, tokens]")]
    Tokens {
        /// Shape of the numbers.
        ids: Vec<i64>,
        /// Shape of the mask.
        mask: Vec<i64>,
    },
    /// The weights cannot be used.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// libtorch failed.
    #[error(transparent)]
    Torch(#[from] TorchError),
}
