//! The norm over channels: x / max(‖x‖₂, 1e-12) · √C · γ.

use loop3d_torch::weights::{Weights, WeightsError};
use tch::Tensor;

/// Divides by the length over the channels (axis 1), in the kind of the input.
#[derive(Debug)]
pub(super) struct Norm {
    gamma: Tensor,
    scale: f64,
}

impl Norm {
    /// For clips `[b, c, t, h, w]`: `gamma` `[c, 1, 1, 1]`.
    pub(super) fn of_clips(weights: &Weights, channels: i64) -> Result<Self, WeightsError> {
        Self::new(weights, &[channels, 1, 1, 1])
    }

    /// For images `[n, c, h, w]`: `gamma` `[c, 1, 1]`.
    pub(super) fn of_images(weights: &Weights, channels: i64) -> Result<Self, WeightsError> {
        Self::new(weights, &[channels, 1, 1])
    }

    fn new(weights: &Weights, shape: &[i64]) -> Result<Self, WeightsError> {
        Ok(Self { gamma: weights.tensor("gamma", shape)?, scale: (shape[0] as f64).sqrt() })
    }

    pub(super) fn forward(&self, x: &Tensor) -> Tensor {
        let length = x.norm_scalaropt_dim(2, 1, true).clamp_min(1e-12);
        x / length * self.scale * &self.gamma
    }
}
