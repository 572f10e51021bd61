//! What can go wrong in a fit.

use loop3d_scene::{Blame, Fault};
use std::io::ErrorKind;
use std::path::PathBuf;

/// Errors of a fit.
#[derive(Debug, thiserror::Error)]
pub enum FitError {
    /// Fewer than two views are left to fit to.
    #[error("{found} training view(s) left after holding out {held_out} of {views}; a fit needs at least 2")]
    TooFewViews {
        /// Views of the capture.
        views: usize,
        /// Views held out.
        held_out: usize,
        /// Views left.
        found: usize,
    },
    /// An index of a view that does not exist.
    #[error("{option} names view {index}, but the capture has views 0 to {last}")]
    NoSuchView {
        /// The option.
        option: &'static str,
        /// Its value.
        index: usize,
        /// The last view.
        last: usize,
    },
    /// The lead view is held out.
    #[error("--lead names view {index}, which is held out")]
    LeadHeldOut {
        /// The view.
        index: usize,
    },
    /// A setting that makes no sense.
    #[error("{option} is {found}; expected {expected}")]
    Setting {
        /// The option.
        option: &'static str,
        /// Its value.
        found: String,
        /// Values that it may have.
        expected: String,
    },
    /// Too little memory is free.
    #[error(
        "this fit needs about {needed_mib} MiB of memory and {available_mib} MiB are free; \
         shrink the images (--max-height or --factor), the loop (--frames) or the number of planes (--planes)"
    )]
    Memory {
        /// Estimated need.
        needed_mib: u64,
        /// Free memory.
        available_mib: u64,
    },
    /// The checkpoint is of another fit.
    #[error("{path}: the checkpoint was made with other {what}; expected {expected}, found {found}")]
    OtherFit {
        /// The checkpoint.
        path: PathBuf,
        /// What differs.
        what: &'static str,
        /// What this fit has.
        expected: String,
        /// What the checkpoint has.
        found: String,
    },
    /// A checkpoint that cannot be read.
    #[error(
        "{path}: not a checkpoint that this version can continue ({reason}); to start over, run the same command without --resume"
    )]
    BadCheckpoint {
        /// The checkpoint.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Reading or writing failed.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The patch search refused its input: a defect of this program.
    #[error("looping target: {0}")]
    Patches(#[from] crate::patches::PatchError),
    /// The schedule has no level: a defect of this program.
    #[error("the schedule has no level")]
    EmptySchedule,
    /// The observer asked to stop.
    #[error("stopped")]
    Stopped,
    /// The device cannot be used.
    #[error("{0}")]
    Device(String),
}

impl Blame for FitError {
    fn fault(&self) -> Fault {
        match self {
            Self::TooFewViews { held_out: 0, .. } | Self::BadCheckpoint { .. } => Fault::Input,
            Self::Io { source, .. } if source.kind() == ErrorKind::NotFound => Fault::Input,
            Self::TooFewViews { .. }
            | Self::NoSuchView { .. }
            | Self::LeadHeldOut { .. }
            | Self::Setting { .. }
            | Self::OtherFit { .. } => Fault::Usage,
            Self::Memory { .. } | Self::Stopped => Fault::Moment,
            Self::Io { .. } | Self::Patches(_) | Self::EmptySchedule | Self::Device(_) => Fault::Machine,
        }
    }
}

#[cfg(feature = "torch")]
impl From<loop3d_torch::TorchError> for FitError {
    fn from(error: loop3d_torch::TorchError) -> Self {
        Self::Device(match error {
            loop3d_torch::TorchError::Thrown(_) => format!(
                "{error}; if the device is out of memory, shrink the images (--max-height) or the loop (--frames), or use \
                 --device cpu"
            ),
            other => other.to_string(),
        })
    }
}
