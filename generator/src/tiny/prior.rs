//! The best linear guess of clean latents from noisy ones, out of the means and variances of what scenes look like. The network only
//! adds what such a guess does not know.
//!
//! Latents are taken apart by a cosine transform over rows and columns, in which they are nearly uncorrelated, and into their mean
//! over the clip and what moves around it. Each part is then guessed for itself, as Wiener's filter does: with noise of level σ, a part
//! of variance v becomes z · (1−σ) v / ((1−σ)² v + σ²).

use super::config::LATENT_CHANNELS;
use loop3d_torch::weights::{Weights, WeightsError};
use tch::{Device, Kind, Tensor};

/// Rows and columns of tokens: those of the training.
pub(crate) const GRID: i64 = 8;
/// No part of what is seen varies less.
const LEAST: f64 = 1e-6;

/// `mean` `[16, 8, 8]`, and in the transformed axes the variances of a clip's mean, `still`, and of what moves around it,
/// `moving`, `[16, 8, 8]` each. Training measures them before its first step and does not change them.
#[derive(Debug)]
pub(super) struct Prior {
    mean: Tensor,
    still: Tensor,
    moving: Tensor,
    cosines: Tensor,
}

impl Prior {
    pub(super) fn new(weights: &Weights) -> Result<Self, WeightsError> {
        let part = |name| Ok::<_, WeightsError>(weights.tensor(name, &[LATENT_CHANNELS, GRID, GRID])?.detach());
        Ok(Self { mean: part("mean")?, still: part("still")?, moving: part("moving")?, cosines: cosines() })
    }

    /// The guess for latents `[b, v, n, 16, 8, 8]` of noise levels `[b, v, 1, 1, 1, 1]`, and how far off it is on average for each
    /// channel, `[b, v, 1, 16, 1, 1]`.
    pub(super) fn guess(&self, latents: &Tensor, sigma: &Tensor) -> (Tensor, Tensor) {
        let n = latents.size()[2] as f64;
        let clear: Tensor = 1.0 - sigma;
        let parts = transformed(&(latents - &clear * &self.mean), &self.cosines);
        let middle = parts.mean_dim(2, true, Kind::Float);
        let around = &parts - &middle;
        let share = |variance: &Tensor, noise: &Tensor| &clear * variance / (clear.square() * variance + noise);
        let noise = sigma.square();
        let still = (&self.still + &self.moving / n).clamp_min(LEAST);
        let moving = self.moving.clamp_min(LEAST);
        let guess = middle * share(&still, &(&noise / n)) + around * share(&moving, &noise);
        let guess = &self.mean + transformed(&guess, &self.cosines.transpose(0, 1));
        let whole = (&self.still + &self.moving).clamp_min(LEAST);
        let off = &whole * &noise / (clear.square() * &whole + &noise);
        (guess, off.mean_dim([-2, -1].as_slice(), true, Kind::Float).sqrt())
    }
}

/// What a prior holds, from clips of latents `[b, n, 16, 8, 8]`: `mean`, `still` and `moving`.
pub(crate) fn statistics(clips: &Tensor) -> [Tensor; 3] {
    let mean = clips.mean_dim([0, 1].as_slice(), false, Kind::Float);
    let parts = transformed(&(clips - &mean), &cosines());
    let middle = parts.mean_dim(1, true, Kind::Float);
    let moving = (&parts - &middle).square().mean_dim([0, 1].as_slice(), false, Kind::Float);
    // The mean over a clip has some of what moves in it, too.
    let n = clips.size()[1] as f64;
    let still = middle.square().mean_dim([0, 1].as_slice(), false, Kind::Float) - &moving / n;
    [mean, still.clamp_min(LEAST), moving.clamp_min(LEAST)]
}

/// Rows are cosines of frequencies 0, 1, …, of length 1.
fn cosines() -> Tensor {
    let options = (Kind::Float, Device::Cpu);
    let [rows, columns] = [Tensor::arange(GRID, options), Tensor::arange(GRID, options) + 0.5];
    let waves = (rows.outer(&columns) * (std::f64::consts::PI / GRID as f64)).cos() * (2.0 / GRID as f64).sqrt();
    let first = Tensor::arange(GRID, options).eq(0.0).to_kind(Kind::Float) * (0.5f64.sqrt() - 1.0) + 1.0;
    waves * first.unsqueeze(1)
}

/// Both of the last axes multiplied by a matrix.
fn transformed(x: &Tensor, matrix: &Tensor) -> Tensor {
    matrix.matmul(x).matmul(&matrix.transpose(0, 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use loop3d_torch::weights::{Memory, normals};
    use std::rc::Rc;

    /// Clips whose parts are independent: a still one of deviation 3 in one place, a moving one of deviation ½ in another.
    fn clips(count: i64, n: i64, seed: u64) -> Tensor {
        let random = |seed: u64, shape: [i64; 2]| {
            Tensor::from_slice(&normals(seed, (shape[0] * shape[1]) as usize, 1.0)).reshape(shape)
        };
        let parts = Tensor::zeros([count, n, LATENT_CHANNELS, GRID, GRID], (Kind::Float, Device::Cpu));
        let place = |row: i64, column: i64| parts.select(2, 5).select(2, row).select(2, column);
        place(0, 1).copy_(&(random(seed, [count, 1]) * 3.0).expand([count, n], false));
        place(2, 0).copy_(&(random(seed + 1, [count, n]) * 0.5));
        transformed(&parts, &cosines().transpose(0, 1)) + 2.0
    }

    #[test]
    fn the_transform_turns_back() {
        let x = Tensor::from_slice(&normals(1, 128, 1.0)).reshape([2, GRID, GRID]);
        let back = transformed(&transformed(&x, &cosines()), &cosines().transpose(0, 1));
        assert!((back - x).abs().max().double_value(&[]) < 1e-5);
    }

    #[test]
    fn guesses_are_the_best_linear_ones() {
        let [mean, still, moving] = statistics(&clips(4000, 4, 3));
        let at = |x: &Tensor, row: i64, column: i64| x.double_value(&[5, row, column]);
        assert!((at(&mean, 3, 3) - 2.0).abs() < 0.2);
        assert!((at(&still, 0, 1) - 9.0).abs() < 0.7 && at(&moving, 0, 1) < 1e-3);
        // A quarter of the variance is the mean's of four.
        assert!((at(&moving, 2, 0) - 0.25 * 0.75).abs() < 0.02 && at(&still, 2, 0) < 0.03);

        let parts = [("mean", mean), ("still", still), ("moving", moving)];
        let source = Memory::new("here", parts.map(|(name, tensor)| (name.to_owned(), tensor)));
        let prior = Prior::new(&Weights::new(Rc::new(source), None, Device::Cpu)).unwrap();
        let clean = clips(500, 4, 90);
        let noise = Tensor::from_slice(&normals(7, clean.numel(), 1.0)).reshape(clean.size());
        let guess = |level: f64| {
            let noisy = &clean * (1.0 - level) + &noise * level;
            let sigma = Tensor::full([500, 1, 1, 1, 1, 1], level, (Kind::Float, Device::Cpu));
            prior.guess(&noisy.unsqueeze(1), &sigma).0.squeeze_dim(1)
        };
        assert!((guess(0.0) - &clean).abs().max().double_value(&[]) < 1e-4);
        // By hand: the still part is seen four times, in noise ½ of half its size.
        let error = (guess(0.5) - &clean).square().sum(Kind::Double).double_value(&[]) / 500.0;
        let left = |variance: f64, noise: f64| variance * noise / (0.25 * variance + noise);
        let expected = 4.0 * left(9.0, 0.25 / 4.0) + 4.0 * left(0.25, 0.25);
        assert!((error / expected - 1.0).abs() < 0.15, "{error} {expected}");
        // Of pure noise the best guess is the mean.
        assert!((guess(1.0) - 2.0).abs().max().double_value(&[]) < 0.5);
    }
}
