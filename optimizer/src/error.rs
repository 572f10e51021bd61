//! What can go wrong in a fit.

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
    /// An index of a view that is not there.
    #[error("{option} names view {index}, but the capture has views 0 to {last}")]
    NoSuchView {
        /// The option.
        option: &'static str,
        /// What it said.
        index: usize,
        /// The last view.
        last: usize,
    },
    /// A lead view that is held out.
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
        /// What it said.
        found: String,
        /// What it may be.
        expected: String,
    },
    /// The machine is too small.
    #[error(
        "this fit needs about {needed_mib} MiB of memory and {available_mib} MiB are free; \
         shrink the pictures (--max-height or --factor), the loop (--frames) or the number of planes (--planes)"
    )]
    Memory {
        /// Estimated need.
        needed_mib: u64,
        /// Free memory.
        available_mib: u64,
    },
    /// `--resume` with a checkpoint of something else.
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
    #[error("{path}: not a checkpoint that this build can go on from: {reason}; delete it and fit from the start")]
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
    /// Ctrl-C.
    #[error("stopped")]
    Stopped,
    /// The device cannot be used.
    #[error("{0}")]
    Device(String),
}

impl FitError {
    /// True where the user can mend it (exit code 2), false for failures (1).
    pub fn is_users_fault(&self) -> bool {
        !matches!(self, Self::Io { .. } | Self::Stopped | Self::Memory { .. } | Self::Device(_) | Self::Patches(_))
    }
}
