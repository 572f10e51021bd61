//! A small model of our own, with weights that are trained by this crate: from words to clips of one scene from several cameras,
//! 64 pixels wide, with nothing downloaded. It is a labelled toy: a closed vocabulary, soft pictures, exact loops.
//!
//! | part | does |
//! |---|---|
//! | [`Vae`] | clips ↔ latents: 8×8 pixels of two frames are 16 numbers; time is a ring |
//! | [`Lift`] | a picture → how likely each pixel lies on each of the planes before its camera |
//! | [`planes`] | such a picture → what another camera sees of it, and where it sees nothing |
//! | [`Dit`] | noise, words, cameras → latents of all views |
//! | [`TrackAdapter`] | pictures of tracks → what makes it follow them |
//! | [`TinyModel::make`] | words and cameras → a clip for each camera |
//!
//! Clips are `[b, t, 3, h, w]` with values in −1…1, latents `[b, n, 16, h/8, w/8]`.

mod attention;
mod block;
mod config;
mod dit;
mod error;
mod following;
mod hints;
mod lift;
mod make;
mod model;
pub mod planes;
mod prior;
pub mod rays;
mod residual;
mod ring;
mod sampler;
pub mod store;
mod text;
mod vae;
pub mod words;

pub use config::{LATENT_CHANNELS, SPACE, TIME};
pub use dit::{Dit, Input};
pub use error::TinyError;
pub(crate) use following::pictures as track_pictures;
pub use following::{Following, TrackAdapter};
pub use hints::{Hints, hints};
pub use lift::Lift;
pub(crate) use make::bytes;
pub use make::{MOST_FRAMES, SIDE, TinyRequest};
pub use model::TinyModel;
pub(crate) use model::{TrackSizes, sizes};
pub(crate) use prior::{hint_statistics, statistics};
pub use sampler::{Asked, Steps, sample};
pub use vae::Vae;
pub(crate) use vae::{CELL, cells};
