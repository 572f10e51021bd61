//! What is trained, and how.

use super::TrainError;
use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

/// A part of the model, in the order of training.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StageKind {
    /// The autoencoder.
    Vae,
    /// Depth from one picture.
    Lift,
    /// The transformer, on stills of several cameras.
    Stills,
    /// The transformer, on clips.
    Clips,
}

impl StageKind {
    /// Its name in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Vae => "vae",
            Self::Lift => "lift",
            Self::Stills => "stills",
            Self::Clips => "clips",
        }
    }
}

/// Settings of a training run. Those that change its result are recorded in its checkpoint.
#[derive(Clone, Debug, PartialEq, Args, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainConfig {
    /// Which part to train
    #[arg(long, value_enum)]
    pub stage: StageKind,
    /// Steps until the learning rate has fallen to 0
    #[arg(long, default_value_t = 4000)]
    pub steps: u64,
    /// Samples of a step
    #[arg(long, default_value_t = 32)]
    pub batch: usize,
    /// Parts that a step is cut into; as many threads can work at a time
    #[arg(long, default_value_t = 4)]
    pub shards: usize,
    /// Learning rate after the warm-up
    #[arg(long, default_value_t = 1e-3)]
    pub rate: f64,
    /// How much of the averaged weights stays at each step
    #[arg(long, default_value_t = 0.999)]
    pub average: f64,
    /// How often a rendered scene is used
    #[arg(long, default_value_t = 4)]
    pub reuse: usize,
    /// Seed of the parameters, the scenes and the noise
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

impl TrainConfig {
    /// Refuses settings that cannot work.
    ///
    /// # Errors
    /// [`TrainError::Setting`].
    pub fn check(&self) -> Result<(), TrainError> {
        let refused = |name, found: String, expected: String| Err(TrainError::Setting { name, found, expected });
        if self.steps == 0 {
            return refused("--steps", "0".to_owned(), "at least 1".to_owned());
        }
        if self.shards == 0 || self.batch == 0 || self.batch % self.shards != 0 {
            let expected = format!("a multiple of --shards {}", self.shards.max(1));
            return refused("--batch", self.batch.to_string(), expected);
        }
        if self.reuse == 0 {
            return refused("--reuse", "0".to_owned(), "at least 1".to_owned());
        }
        if !(self.rate > 0.0 && self.rate < 1.0) {
            return refused("--rate", self.rate.to_string(), "more than 0 and less than 1".to_owned());
        }
        if !(0.0..1.0).contains(&self.average) {
            return refused("--average", self.average.to_string(), "0 or more and less than 1".to_owned());
        }
        Ok(())
    }
}
