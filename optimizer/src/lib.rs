//! Fits a multi-tile video to a capture.

pub mod metrics;
pub mod patches;
