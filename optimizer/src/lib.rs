//! Fits a multi-tile video to a capture: static stage, culling, looping stage.

pub mod checkpoint;
pub mod config;
pub mod context;
pub mod cpu;
#[cfg(feature = "cuda")]
pub mod cuda;
pub mod device;
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
pub mod plan;
pub mod pyramid;
pub mod static_stage;
#[cfg(feature = "torch")]
pub mod torch;
pub mod training;
