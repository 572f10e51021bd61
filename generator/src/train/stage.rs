//! What a stage of the training is: what it builds, what it renders, and its loss.

use super::TrainError;
use super::pool::Scenes;
use loop3d_torch::weights::{Start, Weights};
use std::collections::BTreeMap;
use std::path::Path;
use tch::Tensor;

/// Parameters by name.
pub(super) type Parameters = BTreeMap<String, Tensor>;

/// The loss of a shard, to be descended, and its parts for the log.
pub(super) struct Loss {
    pub(super) total: Tensor,
    pub(super) parts: Vec<(&'static str, f64)>,
}

/// The weights that a loss is computed with: those in training, and those of parts that were trained before.
pub(super) struct Nets {
    pub(super) trained: Weights,
    pub(super) frozen: Weights,
}

/// A stage.
pub(super) trait Stage: Sync {
    /// What a shard is made of.
    type Shard: Send + Sync;

    /// What tells checkpoints of this stage apart, besides the settings: its sizes.
    fn sizes(&self) -> serde_json::Value;
    /// The digest of the encoder whose latents it learns, if it learns latents.
    fn latents(&self) -> Option<String> {
        None
    }
    /// How a new parameter begins.
    fn start(name: &str, shape: &[i64]) -> Start
    where
        Self: Sized,
    {
        Start::usual(name, shape)
    }
    /// Improves new parameters before the first step.
    fn begin(&self, parameters: &mut Parameters, frozen: &Parameters, seed: u64) -> Result<(), TrainError> {
        let _ = (parameters, frozen, seed);
        Ok(())
    }
    /// Builds the model once, so that every parameter is asked for.
    fn build(&self, nets: &Nets) -> Result<(), TrainError>;
    /// What the scenes of the training look like when a fraction of it is done.
    fn scenes(&self, done: f64) -> Scenes;
    /// Puts the samples of a shard together. `first` is the number of its first sample in the whole training.
    fn shard(&self, samples: &[&super::pool::Rendered], first: u64, done: f64) -> Self::Shard;
    /// The mean loss of a shard.
    fn loss(&self, nets: &Nets, shard: &Self::Shard) -> Result<Loss, TrainError>;
    /// Measures on `scenes` unseen scenes, with averaged weights; a picture is written to `picture`.
    fn measure(&self, nets: &Nets, scenes: u64, picture: &Path) -> Result<Vec<(&'static str, f64)>, TrainError>;
}
