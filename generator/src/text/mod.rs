//! From a prompt to the context that the diffusion model attends to (generate-syncammaster §1).
//!
//! [`clean()`] brings the prompt into the form of the training texts, [`Tokenizer`] splits it into tokens, [`umt5`] encodes them,
//! and a [`Cache`] keeps what was encoded once. [`TextModel`] is all of them in a row.

mod cache;
mod characters;
mod clean;
mod context;
mod entities;
mod error;
mod garbled;
mod model;
mod tokens;
pub mod umt5;

pub use cache::Cache;
pub use clean::{Cleaned, clean};
pub use context::Context;
pub use error::TextError;
pub use model::{Encoded, TextModel, Warning};
pub use tokens::{LENGTH, Tokenizer, Tokens};

/// The negative prompt of every published run of Wan2.1: garish, over-exposed, static, blurred, subtitles, style, work of art,
/// still picture, greyish, worst quality, deformed hands and faces, cluttered background, crowds, walking backwards.
pub const NEGATIVE_PROMPT: &str = include_str!("negative_prompt.txt");
