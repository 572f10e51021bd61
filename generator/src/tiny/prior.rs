//! The best linear guess of clean latents from noisy ones, out of the means and variances of what scenes look like. The network only
//! adds what such a guess does not know.
//!
//! Latents are taken apart by a cosine transform over rows and columns, in which they are nearly uncorrelated, and into their mean
//! over the clip and what moves around it. Each part is then guessed for itself, as Wiener's filter does: with noise of level σ, a part
//! of variance v becomes z · (1−σ) v / ((1−σ)² v + σ²). Where there is a hint, it takes the place of the mean, and how far hints are off
//! that of the variance.

use super::config::LATENT_CHANNELS;
use loop3d_torch::weights::{Weights, WeightsError};
use tch::{Device, Kind, Tensor};

/// Rows and columns of tokens: those of the training.
pub(crate) const GRID: i64 = 8;
/// No part of what is seen varies less.
const LEAST: f64 = 1e-6;

/// `mean` `[16, 8, 8]`, and in the transformed axes the variances of a clip's mean, `still`, and of what moves around it,
/// `moving`, `[16, 8, 8]` each; `hint_still` and `hint_moving` are those of hints' errors. Training measures them before its first step
/// and does not change them.
#[derive(Debug)]
pub(super) struct Prior {
    mean: Tensor,
    /// Without and with a hint.
    still: [Tensor; 2],
    moving: [Tensor; 2],
    cosines: Tensor,
}

impl Prior {
    pub(super) fn new(weights: &Weights) -> Result<Self, WeightsError> {
        let part = |name| Ok::<_, WeightsError>(weights.tensor(name, &[LATENT_CHANNELS, GRID, GRID])?.detach());
        Ok(Self {
            mean: part("mean")?,
            still: [part("still")?, part("hint_still")?],
            moving: [part("moving")?, part("hint_moving")?],
            cosines: cosines(),
        })
    }

    /// What makes noisy latents of one size, 1/√((1−σ)² v + σ²) for each channel: `[…, 16, 1, 1]` for levels `[…, 1, 1, 1]`.
    pub(super) fn scale(&self, sigma: &Tensor) -> Tensor {
        let whole = (&self.still[0] + &self.moving[0]).mean_dim([1, 2].as_slice(), true, Kind::Float);
        let clear: Tensor = 1.0 - sigma;
        (clear.square() * whole + sigma.square()).rsqrt()
    }

    /// The guess for latents `[b, v, n, 16, 8, 8]` of noise levels `[b, v, 1, 1, 1, 1]` with hints `[b, v, n, 17, 8, 8]`, and how far
    /// off it is on average for each channel, `[b, v, 1, 16, 1, 1]`.
    pub(super) fn guess(&self, latents: &Tensor, sigma: &Tensor, hints: &Tensor) -> (Tensor, Tensor) {
        let n = latents.size()[2] as f64;
        let clear: Tensor = 1.0 - sigma;
        let trust = trust(hints);
        // A hint says more than the mean even where nothing is covered.
        let any = trust.amax([2, 3, 4, 5].as_slice(), true).gt(0.0).to_kind(Kind::Float);
        let center = &self.mean + any * (hints.narrow(3, 0, LATENT_CHANNELS) - &self.mean);
        // Variances have no place: a view is as uncertain as its hint covers it.
        let hinted = trust.mean_dim([2, 3, 4, 5].as_slice(), true, Kind::Float);
        let [still, moving] = [&self.still, &self.moving].map(|[free, hint]| free + &hinted * (hint - free));
        let parts = transformed(&(latents - &clear * &center), &self.cosines);
        let middle = parts.mean_dim(2, true, Kind::Float);
        let around = &parts - &middle;
        let share = |variance: &Tensor, noise: &Tensor| &clear * variance / (clear.square() * variance + noise);
        let noise = sigma.square();
        let whole = &still + &moving;
        let still = still + &moving / n;
        let guess = middle * share(&still, &(&noise / n)) + around * share(&moving, &noise);
        let guess = center + transformed(&guess, &self.cosines.transpose(0, 1));
        let off = &whole * &noise / (clear.square() * &whole + &noise);
        (guess, off.mean_dim([-2, -1].as_slice(), true, Kind::Float).sqrt())
    }
}

/// How far each token's hint is trusted, 0…1: what is covered by two thirds counts as covered. `[b, v, n, 1, 8, 8]`.
fn trust(hints: &Tensor) -> Tensor {
    (hints.narrow(3, LATENT_CHANNELS, 1) * 1.5).clamp(0.0, 1.0)
}

/// `hint_still` and `hint_moving`, from clips of latents `[b, n, 16, 8, 8]` and their hints `[b, n, 17, 8, 8]`.
pub(crate) fn hint_statistics(clips: &Tensor, hints: &Tensor) -> [Tensor; 2] {
    let off = (clips - hints.narrow(2, 0, LATENT_CHANNELS)) * trust(&hints.unsqueeze(1)).squeeze_dim(1);
    spread(&off)
}

/// What a prior holds, from clips of latents `[b, n, 16, 8, 8]`: `mean`, `still` and `moving`.
pub(crate) fn statistics(clips: &Tensor) -> [Tensor; 3] {
    let mean = clips.mean_dim([0, 1].as_slice(), false, Kind::Float);
    let [still, moving] = spread(&(clips - &mean));
    [mean, still, moving]
}

/// The variances of clips `[b, n, 16, 8, 8]` around 0: of their mean, and of what moves around it.
fn spread(clips: &Tensor) -> [Tensor; 2] {
    let parts = transformed(clips, &cosines());
    let middle = parts.mean_dim(1, true, Kind::Float);
    let n = clips.size()[1] as f64;
    // Around the mean of n, one in n is missing; and the mean has one in n of what moves.
    let around = (&parts - &middle).square().mean_dim([0, 1].as_slice(), false, Kind::Float) * (n / (n - 1.0).max(1.0));
    let still = middle.square().mean_dim([0, 1].as_slice(), false, Kind::Float) - &around / n;
    [still.clamp_min(LEAST), around.clamp_min(LEAST)]
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
        assert!((at(&moving, 2, 0) - 0.25).abs() < 0.02 && at(&still, 2, 0) < 0.02);

        let clean = clips(500, 4, 90);
        let hint = |off: f64| {
            let noise = Tensor::from_slice(&normals(8, clean.numel(), 1.0)).reshape(clean.size());
            Tensor::cat(&[&clean + noise * off, clean.narrow(2, 0, 1).ones_like()], 2)
        };
        let [hint_still, hint_moving] = hint_statistics(&clean, &hint(0.1));
        assert!((at(&hint_moving, 4, 4) - 0.01).abs() < 0.002 && at(&hint_still, 4, 4) < 0.002);
        let parts = [
            ("mean", mean),
            ("still", still),
            ("moving", moving),
            ("hint_still", hint_still),
            ("hint_moving", hint_moving),
        ];
        let source = Memory::new("here", parts.map(|(name, tensor)| (name.to_owned(), tensor)));
        let prior = Prior::new(&Weights::new(Rc::new(source), None, Device::Cpu)).unwrap();
        let noise = Tensor::from_slice(&normals(7, clean.numel(), 1.0)).reshape(clean.size());
        let none = Tensor::zeros([500, 4, LATENT_CHANNELS + 1, GRID, GRID], (Kind::Float, Device::Cpu));
        let guessed = |level: f64, hints: &Tensor| {
            let noisy = &clean * (1.0 - level) + &noise * level;
            let sigma = Tensor::full([500, 1, 1, 1, 1, 1], level, (Kind::Float, Device::Cpu));
            prior.guess(&noisy.unsqueeze(1), &sigma, &hints.unsqueeze(1)).0.squeeze_dim(1)
        };
        let guess = |level: f64| guessed(level, &none);
        assert!((guess(0.0) - &clean).abs().max().double_value(&[]) < 1e-4);
        // By hand: the still part is seen four times, in noise ½ of half its size.
        let error = (guess(0.5) - &clean).square().sum(Kind::Double).double_value(&[]) / 500.0;
        let left = |variance: f64, noise: f64| variance * noise / (0.25 * variance + noise);
        let expected = 4.0 * left(9.0, 0.25 / 4.0) + 4.0 * left(0.25, 0.25);
        assert!((error / expected - 1.0).abs() < 0.15, "{error} {expected}");
        // Of pure noise the best guess is the mean, or the hint.
        assert!((guess(1.0) - 2.0).abs().max().double_value(&[]) < 0.5);
        let hinted = hint(0.1);
        let off = |x: &Tensor, y: &Tensor| (x - y).square().mean(Kind::Double).double_value(&[]);
        assert!(off(&guessed(1.0, &hinted), &hinted.narrow(2, 0, LATENT_CHANNELS)) < 1e-8);
        // Half of the noise, and an error of 1/10, tell more together than each for itself.
        let both = off(&guessed(0.1, &hinted), &clean);
        let expected = 1.0 / (1.0 / 0.01 + 0.81 / 0.01);
        assert!((both / expected - 1.0).abs() < 0.1, "{both} {expected}");
    }
}
