//! The embedding of the time (generate-syncammaster §3): cosines, then sines, of t · 10000^(−j/half) in f64, two linear layers,
//! and a third one for the six rows of a block.

use super::Config;
use crate::nn::Linear;
use loop3d_torch::weights::{Weights, WeightsError};
use tch::{Device, Kind, Tensor};

/// Base of the frequencies.
const THETA: f64 = 10_000.0;

#[derive(Debug)]
pub(super) struct TimeEmbedding {
    first: Linear,
    second: Linear,
    projection: Linear,
    frequencies: i64,
    dim: i64,
}

/// What the time becomes.
#[derive(Debug)]
pub(super) struct Time {
    /// `[1, 2·half]`.
    pub(super) sinusoid: Tensor,
    /// For the head, `[1, d]`.
    pub(super) embedding: Tensor,
    /// For the blocks, `[1, 6, d]`.
    pub(super) rows: Tensor,
}

impl TimeEmbedding {
    /// `weights` are those of the whole model.
    pub(super) fn new(weights: &Weights, config: &Config) -> Result<Self, WeightsError> {
        let embedding = weights.at("time_embedding");
        Ok(Self {
            first: Linear::new(&embedding.at(0), config.frequencies, config.dim)?,
            second: Linear::new(&embedding.at(2), config.dim, config.dim)?,
            projection: Linear::new(&weights.at("time_projection").at(1), config.dim, 6 * config.dim)?,
            frequencies: config.frequencies,
            dim: config.dim,
        })
    }

    pub(super) fn at(&self, time: f64) -> Time {
        let weight = self.first.weight();
        let sinusoid = sinusoid(time, self.frequencies).to_device(weight.device()).to_kind(weight.kind());
        let embedding = self.second.forward(&self.first.forward(&sinusoid).silu());
        let rows = self.projection.forward(&embedding.silu()).reshape([1, 6, self.dim]);
        Time { sinusoid, embedding, rows }
    }
}

/// `[1, features]`, f64 on the CPU.
fn sinusoid(time: f64, features: i64) -> Tensor {
    let half = features / 2;
    let exponents = Tensor::arange(half, (Kind::Double, Device::Cpu)) / half as f64;
    let angles = Tensor::pow_scalar(THETA, &exponents.neg()) * time;
    Tensor::cat(&[angles.cos(), angles.sin()], 0).unsqueeze(0)
}
