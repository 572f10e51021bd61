//! Shift, scale and gate of a layer, made from a learned table and the time (generate-syncammaster §3).

use loop3d_torch::weights::{Weights, WeightsError};
use tch::Tensor;

/// A table `[1, N, d]`; the time's embedding is added to it.
#[derive(Debug)]
pub(super) struct Modulation<const N: usize>(Tensor);

impl<const N: usize> Modulation<N> {
    /// The parameter `name` itself, not a module of this name.
    pub(super) fn new(weights: &Weights, name: &str, dim: i64) -> Result<Self, WeightsError> {
        Ok(Self(weights.tensor(name, &[1, N as i64, dim])?))
    }

    /// Its N rows `[1, 1, d]`, for a time `[1, N or 1, d]`.
    pub(super) fn at(&self, time: &Tensor) -> [Tensor; N] {
        let sum = &self.0 + time;
        std::array::from_fn(|row| sum.narrow(1, row as i64, 1))
    }
}
