//! The diffusion transformer of Wan2.1 with SynCamMaster's attention between views.
//!
//! [`Dit::velocity`] takes noisy latents `[V, 16, n, h, w]` of V views, a time, a text and cameras, and predicts the velocity
//! ε − z₀ of the same shape. Weights without the view module are the plain text-to-video model, whose views ignore each other.
//! [`identify`] says what a set of weights is before a model is built.

mod attention;
mod backbone;
mod block;
mod config;
mod embedding;
mod error;
mod head;
mod identify;
mod layout;
mod model;
mod modulation;
mod patches;
mod time;
mod views;

pub use config::{Config, Hints};
pub use error::DitError;
pub use identify::{Identity, Layout, identify};
pub use layout::{Text, Tokens};
pub use model::{Dit, Input, Rounding};
pub use views::ViewTokens;
