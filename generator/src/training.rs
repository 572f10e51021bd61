//! What of the small model is trained, and how: the command line and checkpoints share this struct. It needs no libtorch, so that
//! every build of the command knows the same options.

use crate::sizes::{DitConfig, Sizes};
use clap::{Args, ValueEnum};
use loop3d_sample::scenes::Curriculum;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

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
    /// What makes the transformer follow tracks, on clips of things that go along arrows.
    Track,
}

/// What a training can do without, to see what it is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Without {
    /// The attention between views.
    Views,
    /// The ray maps: cameras come in as 12 numbers alone.
    Rays,
    /// The first view's picture as the other views see it.
    Hints,
    /// The growing angles: they are wide from the beginning.
    Angles,
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
            Self::Track => "track",
        }
    }

    /// The part of the model that it trains, which is also the name of its weights. Stills are on the way to the transformer.
    #[must_use]
    pub fn part(self) -> &'static str {
        match self {
            Self::Vae => "vae",
            Self::Lift => "lift",
            Self::Stills | Self::Clips => "dit",
            Self::Track => "track",
        }
    }
}

/// A setting outside of its range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}: found {found}, expected {expected}")]
pub struct SettingError {
    /// Which setting.
    pub name: &'static str,
    /// Its value.
    pub found: String,
    /// The values that are taken.
    pub expected: String,
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
    /// Unseen scenes that measure
    #[arg(long, default_value_t = 12)]
    pub measured: u64,
    /// Multiply the weights of linear layers in bf16; everything else, and the weights that descend, stay f32
    #[arg(long)]
    pub bf16: bool,
    /// Leave this out of the transformer's training, for comparison; may be repeated
    #[arg(long, value_enum, value_name = "WHAT")]
    pub without: Vec<Without>,
    /// Weights to begin with, such as those of the stage before [default: new ones]
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
    /// Seed of the parameters, the scenes and the noise
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Sizes of the parts, which have no flags.
    #[arg(skip)]
    pub sizes: Sizes,
}

impl TrainConfig {
    /// Sizes of the transformer with what is left out.
    #[must_use]
    pub fn dit(&self) -> DitConfig {
        let with = |what| !self.without.contains(&what);
        let dit = &self.sizes.dit;
        DitConfig {
            views: dit.views && with(Without::Views),
            rays: dit.rays && with(Without::Rays),
            hints: dit.hints && with(Without::Hints),
            ..dit.clone()
        }
    }

    /// The angles between the cameras of the training.
    #[must_use]
    pub fn curriculum(&self) -> Curriculum {
        let usual = Curriculum::default();
        if self.without.contains(&Without::Angles) { Curriculum { from_deg: usual.to_deg, ..usual } } else { usual }
    }

    /// Where a run in a folder keeps its checkpoint.
    #[must_use]
    pub fn checkpoint(&self, folder: &Path) -> PathBuf {
        folder.join(format!("{}.checkpoint.safetensors", self.stage.name()))
    }

    /// Refuses settings that cannot work.
    ///
    /// # Errors
    /// The first one that cannot.
    pub fn check(&self) -> Result<(), SettingError> {
        let refused = |name, found: String, expected: String| Err(SettingError { name, found, expected });
        if self.steps == 0 {
            return refused("--steps", "0".to_owned(), "at least 1".to_owned());
        }
        if self.shards == 0 || self.batch == 0 || !self.batch.is_multiple_of(self.shards) {
            let expected = format!("a multiple of --shards {}", self.shards.max(1));
            return refused("--batch", self.batch.to_string(), expected);
        }
        if self.measured == 0 {
            return refused("--measured", "0".to_owned(), "at least 1".to_owned());
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
