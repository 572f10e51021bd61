//! What can be wrong with masks and arrows.

use loop3d_media::MediaError;
use loop3d_scene::{Blame, Fault};
use std::path::PathBuf;

/// Errors of masks and arrows.
#[derive(Debug, thiserror::Error)]
pub enum MotionError {
    /// A file cannot be read.
    #[error("{}: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// A mask is no picture.
    #[error(transparent)]
    Picture(#[from] MediaError),
    /// An arrow is not written as one.
    #[error("{place}: {reason}; expected {{\"points\": [[x, y], …]}} in pixels, or x,y;x,y")]
    NotAnArrow {
        /// The file, or the argument.
        place: String,
        /// What was found.
        reason: String,
    },
    /// Masks and arrows in one file, which it is not.
    #[error("{place}: {reason}; expected a file that `loop3d generate --draw` wrote")]
    NotADrawing {
        /// The file.
        place: String,
        /// What was found.
        reason: String,
    },
    /// An arrow that leads nowhere.
    #[error("{place}: found {found}, expected {expected}")]
    Arrow {
        /// The file, or the argument.
        place: String,
        /// What was found.
        found: String,
        /// What is needed.
        expected: &'static str,
    },
    /// A mask without a pixel inside.
    #[error("{place}: found no pixel inside (of 128 or brighter); paint what moves white on black")]
    Empty {
        /// The file.
        place: String,
    },
    /// A mask of another shape than the clip.
    #[error(
        "{place}: a mask of {}×{}, and the picture is {}×{}; masks may be larger or smaller, but of the same aspect",
        found[0], found[1], expected[0], expected[1]
    )]
    Aspect {
        /// The file.
        place: String,
        /// Width and height of the mask.
        found: [u32; 2],
        /// Width and height of the clip.
        expected: [u32; 2],
    },
}

impl Blame for MotionError {
    fn fault(&self) -> Fault {
        match self {
            Self::Picture(error) => error.fault(),
            Self::Unreadable { .. } | Self::Empty { .. } | Self::Aspect { .. } => Fault::Input,
            Self::NotAnArrow { .. } | Self::NotADrawing { .. } | Self::Arrow { .. } => Fault::Input,
        }
    }
}
