//! What can be wrong with a run.

use super::BackboneError;
use std::path::PathBuf;

/// Errors of a run.
#[derive(Debug, thiserror::Error)]
pub enum SamplerError {
    /// The model cannot take its inputs.
    #[error(transparent)]
    Backbone(#[from] BackboneError),
    /// A setting is outside of its range.
    #[error("{name}: found {found}, expected {expected}")]
    Setting {
        /// Which setting.
        name: &'static str,
        /// Its value.
        found: String,
        /// The values that are taken.
        expected: &'static str,
    },
    /// A tensor has another shape than the run.
    #[error("{what}: found the shape {found:?}, expected {expected:?}")]
    Shape {
        /// Which tensor.
        what: &'static str,
        /// Its shape.
        found: Vec<i64>,
        /// The run's shape.
        expected: Vec<i64>,
    },
    /// Guidance compares two texts.
    #[error(
        "guidance: found a scale of {scale} and no negative text; encode one, which may be empty, or set the scale to 1"
    )]
    NoNegative {
        /// The scale.
        scale: f64,
    },
    /// A checkpoint was made by another run.
    #[error(
        "{}: this checkpoint is of another run ({}); run with its settings, or remove it to begin anew",
        path.display(), differences.join("; ")
    )]
    Differs {
        /// The checkpoint.
        path: PathBuf,
        /// What differs: the setting, its value there and here.
        differences: Vec<String>,
    },
    /// A checkpoint cannot be read.
    #[error("{}: not a checkpoint that can be read: {reason}; remove it to begin anew", path.display())]
    Unreadable {
        /// The checkpoint.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// A checkpoint cannot be written.
    #[error("{}: the checkpoint cannot be written: {reason}; is the folder there and the disk not full?", path.display())]
    Unwritable {
        /// The checkpoint.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// The latents are no numbers any more.
    #[error(
        "latents: found infinite or undefined numbers after step {step} of {total}; the weights are damaged, or their kind is too \
         narrow: try f32"
    )]
    NotFinite {
        /// The step that made them.
        step: usize,
        /// Steps of the run.
        total: usize,
    },
    /// The caller stopped the run.
    #[error("stopped after {done} of {total} steps")]
    Stopped {
        /// Steps that were made.
        done: usize,
        /// Steps of the run.
        total: usize,
    },
}
