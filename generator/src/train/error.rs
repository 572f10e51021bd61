//! What can go wrong in training.

use crate::metrics::MetricError;
use crate::samplers::SamplerError;
use crate::tiny::TinyError;
use crate::training::SettingError;
use loop3d_scene::{Blame, Fault, FileError};
use loop3d_torch::TorchError;
use loop3d_torch::weights::WeightsError;
use std::path::PathBuf;

/// Errors of a training run.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// A setting is outside of its range.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// Weights of a part that this stage builds on, or of a checkpoint.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The checkpoint is of another run, or cannot be read or written.
    #[error(transparent)]
    Checkpoint(#[from] SamplerError),
    /// Weights that are not ours, damaged, or of another part.
    #[error(transparent)]
    Tiny(#[from] TinyError),
    /// A file cannot be written.
    #[error(transparent)]
    File(#[from] FileError),
    /// Weights that this stage builds on or begins with.
    #[error("{}: {reason}; expected weights of an earlier stage", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// libtorch failed.
    #[error(transparent)]
    Torch(#[from] TorchError),
    /// A file that goes beside the checkpoint cannot be written.
    #[error("{}: cannot be written: {reason}; the checkpoint before it is whole", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// A clip cannot be measured.
    #[error(transparent)]
    Metric(#[from] MetricError),
    /// A thread ended without a result.
    #[error("a training thread failed: {0}")]
    Thread(String),
    /// The loss is not a number any more.
    #[error(
        "step {step}: the loss is {loss}; expected a finite number. Resume from the last checkpoint with a smaller --rate"
    )]
    Diverged {
        /// The step.
        step: u64,
        /// Its loss.
        loss: f64,
    },
}

impl Blame for TrainError {
    fn fault(&self) -> Fault {
        match self {
            Self::Setting(_) | Self::Diverged { .. } => Fault::Usage,
            Self::Checkpoint(SamplerError::Differs { .. }) => Fault::Usage,
            Self::Weights(_) | Self::Unreadable { .. } | Self::Checkpoint(SamplerError::Unreadable { .. }) => {
                Fault::Input
            }
            Self::Tiny(error) => error.fault(),
            Self::File(error) => error.fault(),
            Self::Checkpoint(_) | Self::Torch(_) | Self::Unwritable { .. } | Self::Metric(_) | Self::Thread(_) => {
                Fault::Machine
            }
        }
    }
}
