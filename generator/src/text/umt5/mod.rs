//! The encoder of UMT5, which makes a context of `[tokens, width]` out of a prompt (generate-syncammaster §1).
//!
//! x += O·attention(RMS(x)); x += feed-forward(RMS(x)); once more RMS at the end. No layer has a bias; positions come in by
//! a table of biases for the attention, one of each layer's own.
//!
//! The published one has 5.7 billion parameters. [`Encoder::encode`] reads a layer when its turn comes and drops it
//! afterwards, and of the table of tokens only the rows of the prompt.

mod attention;
mod bias;
mod config;
mod encoder;
mod feed_forward;
mod fingerprint;
mod norm;

pub use bias::{bias, buckets};
pub use config::Config;
pub use encoder::Encoder;
