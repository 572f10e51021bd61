//! The last layer: norm, shift and scale from the time, Linear to a patch's numbers (generate-syncammaster §3).

use super::Config;
use super::modulation::Modulation;
use crate::nn::{Linear, layer_norm, modulate};
use loop3d_torch::weights::{Weights, WeightsError};
use tch::Tensor;

#[derive(Debug)]
pub(super) struct Head {
    modulation: Modulation<2>,
    head: Linear,
    eps: f64,
}

impl Head {
    pub(super) fn new(weights: &Weights, config: &Config) -> Result<Self, WeightsError> {
        let outputs = config.outputs * config.patch.iter().product::<i64>();
        Ok(Self {
            modulation: Modulation::new(weights, "modulation", config.dim)?,
            head: Linear::new(&weights.at("head"), config.dim, outputs)?,
            eps: config.eps,
        })
    }

    pub(super) fn weight(&self) -> &Tensor {
        self.head.weight()
    }

    /// `[V, s, d]` → `[V, s, pf·ph·pw·c]`, for a time `[1, d]`.
    pub(super) fn forward(&self, x: &Tensor, time: &Tensor) -> Tensor {
        let [shift, scale] = self.modulation.at(&time.unsqueeze(1));
        self.head.forward(&modulate(&layer_norm(x, self.eps), &shift, &scale))
    }
}
