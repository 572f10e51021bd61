//! Sparse Adam on tensors: what [`crate::kernels::adam`] does tile by tile, for all tiles at once with masks.

use crate::kernels::adam::{BETA1, BETA2};
use tch::{Device, Kind, Tensor};

/// Moments of `[texels, …, channels]` parameters, and the steps that each tile took.
#[derive(Debug)]
pub(super) struct SparseAdam {
    first: Tensor,
    second: Tensor,
    /// Whether the channels of a texel share a second moment, their mean.
    shared: bool,
    /// What a channel's learning rate is multiplied with: `[channels]`, or one for all.
    rates: Tensor,
    /// Float64 `[tiles]`.
    steps: Tensor,
    tile_texels: i64,
    epsilon: f64,
}

impl SparseAdam {
    /// For parameters like `values`, tiles of `tile_texels` consecutive rows.
    pub(super) fn new(values: &Tensor, tile_texels: usize, epsilon: f32) -> Self {
        let tile_texels = tile_texels as i64;
        Self {
            first: values.zeros_like(),
            second: values.zeros_like(),
            shared: false,
            rates: Tensor::from_slice(&[1.0f32]).to_device(values.device()),
            steps: Tensor::zeros([values.size()[0] / tile_texels], (Kind::Double, values.device())),
            tile_texels,
            epsilon: f64::from(epsilon),
        }
    }

    /// The same with one second moment for all channels of a texel.
    pub(super) fn shared(self) -> Self {
        Self { second: self.second.narrow(-1, 0, 1).contiguous(), shared: true, ..self }
    }

    /// The same with a learning rate for each channel, in those of [`Self::step`].
    pub(super) fn with_rates(self, rates: &[f32]) -> Self {
        Self { rates: Tensor::from_slice(rates).to_device(self.rates.device()), ..self }
    }

    /// The parameters after a step. Tiles with a texel of nonzero `coverage` (`[texels]`) count a step; of these, texels
    /// of zero coverage keep value and moments.
    pub(super) fn step(&mut self, values: &Tensor, gradient: &Tensor, coverage: &Tensor, lr: f32) -> Tensor {
        let tiles = self.steps.size()[0];
        let seen = coverage.ne(0.0);
        let touched = seen.view([tiles, self.tile_texels]).any_dim(1, false);
        self.steps = &self.steps + touched.to_kind(Kind::Double);
        // An untouched tile may have taken no step; its row is masked below.
        let steps = self.steps.clamp_min(1.0);
        let correction = |beta: f32| -> Tensor { 1.0 - (&steps * f64::from(beta).ln()).exp() };
        let second_correction = correction(BETA2).sqrt();
        let mut row = vec![1; values.dim()];
        row[0] = -1;
        let by_texel = |by_tile: Tensor| {
            by_tile.to_kind(Kind::Float).unsqueeze(1).expand([tiles, self.tile_texels], false).reshape(row.as_slice())
        };
        let size = by_texel(&second_correction * f64::from(lr) / correction(BETA1));
        let epsilon = by_texel(&second_correction * self.epsilon);
        let seen = seen.view(row.as_slice());
        let first = &self.first + (gradient - &self.first) * (1.0 - f64::from(BETA1));
        let mut square = gradient.square();
        if self.shared {
            square = square.mean_dim([-1].as_slice(), true, Kind::Float);
        }
        let second = &self.second + (square - &self.second) * (1.0 - f64::from(BETA2));
        let moved = values - size * &self.rates * &first / (second.sqrt() + epsilon);
        self.first = first.where_self(&seen, &self.first);
        self.second = second.where_self(&seen, &self.second);
        moved.where_self(&seen, values)
    }
}

/// A mask `[texels, 1, …]` (of `dim` dimensions) of the rows from `first` on.
pub(super) fn rows_from(first: usize, texels: usize, dim: usize, device: Device) -> Tensor {
    let mut shape = vec![1; dim];
    shape[0] = texels as i64;
    Tensor::arange(texels as i64, (Kind::Int64, device)).ge(first as i64).view(shape.as_slice())
}
