//! Files of weights: what is read, what is refused, and what a broken one may cost.
#![cfg(feature = "libtorch")]
#![allow(missing_docs)]

mod allocations;
mod forge;
mod mutations;
mod open;
mod pickle;
mod safetensors;
mod weights;
