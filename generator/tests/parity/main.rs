//! Holds the models to reference data: small random weights, inputs and outputs of the published code. The folder is the one that
//! `LOOP3D_GOLDEN` names, or the fixtures beside this file; all sizes are read from its files, so other data of the same layout
//! can be tried.
#![cfg(feature = "torch")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod dit;
mod golden;
mod pipeline;
mod published_size;
mod runs;
mod samplers;
mod streaming;
mod sums;
mod text;
mod trackgo;
mod umt5;
mod vae;
mod vae_cyclic;
mod weights;

use golden::path as golden_path;
