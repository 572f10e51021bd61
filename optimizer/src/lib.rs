//! Fits a multi-tile video to a capture: static stage, culling, looping stage.
//!
//! The kernels and the metrics need no libtorch; the feature `torch` adds the engine that runs on it.

pub mod checkpoint;
pub mod config;
#[cfg(feature = "torch")]
pub mod cuda;
pub mod duration;
pub mod engine;
pub mod error;
pub mod fit;
pub mod grid;
pub mod hits;
pub mod kernels;
pub mod layout;
pub mod looping_stage;
pub mod memory;
pub mod metrics;
pub mod patches;
pub mod pyramid;
pub mod static_stage;
#[cfg(feature = "torch")]
pub mod torch;
pub mod training;
