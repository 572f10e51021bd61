//! The causal video autoencoder of Wan2.1, with an exactly periodic decoding.
//!
//! [`Pixels`] `[b, 3, 1 + 4k, H, W]` ↔ [`Latents`] `[b, 16, 1 + k, H/8, W/8]`. A clip passes through in pieces (frames 1, 4, 4, …
//! one way, one latent at a time the other), and every layer keeps what it still needs of the pieces before. [`Vae::decode_each`]
//! hands frames out as they are made; [`Tiles`] split frames for small devices; [`Vae::decode_ring_each`] decodes a loop.

mod attention;
mod config;
mod cyclic;
mod decoder;
mod decoding;
mod down;
mod encoder;
mod error;
mod frames;
mod head;
mod layout;
mod middle;
mod model;
mod norm;
mod normalisation;
mod parameters;
mod residual;
mod tiles;
mod up;

pub use config::{CHANNELS, Config};
pub use cyclic::Warmup;
pub use decoder::{Decoder, DecoderPast};
pub use decoding::Decoding;
pub use encoder::{Encoder, EncoderPast};
pub use error::VaeError;
pub use layout::{Latents, Pixels};
pub use model::{Moments, Vae};
pub use tiles::Tiles;
