//! Files of weights: what is read, what is refused, and what a broken one may cost.
#![cfg(feature = "libtorch")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod allocations;
mod forge;
mod mutations;
mod open;
mod pickle;
mod safetensors;
mod weights;
