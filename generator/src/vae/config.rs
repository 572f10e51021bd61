//! The sizes of the autoencoder, read from the shapes of its weights.

use loop3d_torch::weights::Weights;
use serde::{Deserialize, Serialize};

/// Channels of a latent. Fixed, since the constants of the normalisation are known for these channels only.
pub const CHANNELS: i64 = 16;

/// Sizes of a Wan2.1 VAE. The default is the published one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// Channels of the first stage.
    pub dim: i64,
    /// Channels of each stage, in multiples of `dim`.
    pub multipliers: Vec<i64>,
    /// Residual blocks of a stage of the encoder; the decoder has one more.
    pub residuals: usize,
    /// Whether time is halved, too, where the encoder halves space after each stage but the last.
    pub halves_time: Vec<bool>,
}

impl Default for Config {
    fn default() -> Self {
        Self { dim: 96, multipliers: vec![1, 2, 4, 4], residuals: 2, halves_time: vec![false, true, true] }
    }
}

impl Config {
    /// Takes the sizes from the shapes of the encoder's weights under their original names. If a tensor is missing, its size is
    /// the published one; the model's constructor then reports the tensor.
    #[must_use]
    pub fn from_weights(weights: &Weights) -> Self {
        let encoder = weights.at("encoder");
        let rows = |weights: &Weights, name: &str| weights.shape(name).and_then(|shape| shape.first().copied());
        let published = Self::default();
        let dim = rows(&encoder, "conv1.weight").unwrap_or(published.dim).max(1);

        // Channels of each residual block, stage by stage.
        let mut stages = vec![Vec::new()];
        let mut halves_time = Vec::new();
        let row = encoder.at("downsamples");
        for module in (0..row.count()).map(|i| row.at(i)) {
            if module.has("resample.1.weight") {
                halves_time.push(module.has("time_conv.weight"));
                stages.push(Vec::new());
            } else if let (Some(channels), Some(stage)) = (rows(&module, "residual.6.weight"), stages.last_mut()) {
                stage.push(channels);
            }
        }
        if stages.iter().any(Vec::is_empty) {
            return Self { dim, ..published };
        }
        let multipliers = stages.iter().map(|stage| stage[0] / dim).collect();
        Self { dim, multipliers, residuals: stages[0].len(), halves_time }
    }

    /// Channels of each stage of the encoder.
    #[must_use]
    pub fn channels(&self) -> Vec<i64> {
        self.multipliers.iter().map(|multiplier| multiplier * self.dim).collect()
    }

    /// Pixels of a latent's side: 8 as published.
    #[must_use]
    pub fn space(&self) -> i64 {
        self.halves_time.iter().fold(1, |factor, _| 2 * factor)
    }

    /// Frames of every latent but the first, which has one: 4 as published.
    #[must_use]
    pub fn time(&self) -> i64 {
        self.halves_time.iter().filter(|halves| **halves).fold(1, |factor, _| 2 * factor)
    }

    /// How many earlier latents a decoded frame depends on: 38 as published. Each of the two convolutions of a residual block
    /// sees 2 frames back; frames are counted at the rate of their stage, and a doubling of time halves them.
    #[must_use]
    pub fn memory(&self) -> i64 {
        const BACK: i64 = 2;
        let blocks = |count: usize| 2 * BACK * count as i64;
        let stage = blocks(self.residuals + 1);
        // From the last stage to the first: the head, and before each stage the doubling that leads to it.
        let frames = self.halves_time.iter().fold(BACK, |back, halves| {
            let back = back + stage;
            if *halves { (back + 1) / 2 + BACK } else { back }
        });
        frames + stage + blocks(2) + BACK
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_sizes() {
        let config = Config::default();
        assert_eq!(config.channels(), [96, 192, 384, 384]);
        // generate-loop §3: periodic from 38 latents, not from 37.
        assert_eq!((config.space(), config.time(), config.memory()), (8, 4, 38));
    }

    #[test]
    fn a_decoder_that_sees_less_remembers_less() {
        assert_eq!(Config { residuals: 1, ..Config::default() }.memory(), 30);
    }
}
