//! What can go wrong with the small model, and who can mend it.

use loop3d_sample::scenes::CaptionError;
use loop3d_scene::{Blame, Fault};
use loop3d_torch::TorchError;
use loop3d_torch::weights::WeightsError;

/// Errors of the small model.
#[derive(Debug, thiserror::Error)]
pub enum TinyError {
    /// Words that it does not know.
    #[error(transparent)]
    Caption(#[from] CaptionError),
    /// Its weights.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// libtorch.
    #[error(transparent)]
    Torch(#[from] TorchError),
    /// A file that is not one of its parts.
    #[error("{place}: not weights of the small model: {reason}; expected a file that `loop3d generate-train` wrote")]
    NotOurs {
        /// The file.
        place: String,
        /// What was found.
        reason: String,
    },
    /// Weights of another version.
    #[error(
        "{place}: weights of format {found}, expected {expected}; train them again, or use the program that wrote them"
    )]
    Version {
        /// The file.
        place: String,
        /// Its format.
        found: String,
        /// The format of this program.
        expected: u32,
    },
    /// Weights that are not those that were written.
    #[error(
        "{place}: damaged: its numbers have the digest {found}, expected {expected}; take the file anew from where it came"
    )]
    Digest {
        /// The file.
        place: String,
        /// The digest of its numbers.
        found: String,
        /// The digest that was written with them.
        expected: String,
    },
    /// A transformer that knows the latents of another autoencoder.
    #[error(
        "{place}: knows the latents of an encoder with the digest {expected}, and the autoencoder beside it has {found}; use \
         parts of one training"
    )]
    Mixed {
        /// The transformer's file.
        place: String,
        /// The digest of the encoder that is there.
        found: String,
        /// The one that it was trained on.
        expected: String,
    },
    /// An adapter of another transformer.
    #[error(
        "{place}: follows tracks with a transformer that has the digest {expected}, and the one beside it has {found}; train it for \
         this one: `loop3d generate-train --stage track`"
    )]
    OtherBase {
        /// The adapter's file.
        place: String,
        /// The digest of the transformer that is there.
        found: String,
        /// The one that it was trained for.
        expected: String,
    },
    /// Something should move, and there is no adapter.
    #[error("--move: these weights have no track.safetensors; train it: `loop3d generate-train --stage track`")]
    NoAdapter,
    /// A clip that it cannot make.
    #[error("--frames: found {found}, expected an even number from 2 to {most}")]
    Frames {
        /// Frames that were asked for.
        found: usize,
        /// The longest clip.
        most: usize,
    },
    /// No camera.
    #[error("the rig has no camera; expected at least one")]
    NoCamera,
    /// The caller stopped the run.
    #[error("stopped after {done} of {total} steps")]
    Stopped {
        /// Steps that were made.
        done: usize,
        /// Steps of the run.
        total: usize,
    },
}

impl Blame for TinyError {
    fn fault(&self) -> Fault {
        match self {
            Self::Caption(_) | Self::Frames { .. } | Self::NoCamera => Fault::Usage,
            Self::Weights(_)
            | Self::NotOurs { .. }
            | Self::Version { .. }
            | Self::Digest { .. }
            | Self::Mixed { .. }
            | Self::OtherBase { .. }
            | Self::NoAdapter => Fault::Input,
            Self::Torch(_) => Fault::Machine,
            Self::Stopped { .. } => Fault::Moment,
        }
    }
}
