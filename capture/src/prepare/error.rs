//! Why footage could not be prepared.

use crate::error::CaptureError;
use crate::sample::SampleError;
use std::path::PathBuf;

/// Why footage could not be prepared. Each says what was found, what was expected, and what helps.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// The output folder holds something else.
    #[error("{0}: found a folder that is not empty and was not begun by `loop3d prepare`; expected a new or empty one")]
    Occupied(PathBuf),
    /// Fewer than two clips.
    #[error("{raw}: {found} clip(s) found; expected at least 2, one for each place")]
    TooFew {
        /// The footage.
        raw: PathBuf,
        /// Clips there are.
        found: usize,
    },
    /// A camera travels during a clip.
    #[error(
        "the camera travels during {clips} (near against far; at most {} px can be steadied); film from a tripod, or turn the camera \
         without carrying it",
        crate::steady::PARALLAX_PX
    )]
    Travels {
        /// Names and parallax.
        clips: String,
    },
    /// A frame that shows something else than the first.
    #[error(
        "{clip}: frame {frame} cannot be found in the first again: a cut, or the camera turned away; expected one take of one place"
    )]
    Lost {
        /// The clip.
        clip: String,
        /// Its frame, from 0.
        frame: usize,
    },
    /// COLMAP is not installed.
    #[error(
        "the program {program} was not found, which finds where cameras stood; install COLMAP (Debian, Ubuntu: apt-get install colmap; \
         macOS: brew install colmap; Windows and others: https://colmap.github.io/install.html), say where it is with --colmap, or \
         give poses with --poses DIR in any layout of docs/CAPTURES.md. What is done so far is kept: the same command goes on"
    )]
    NoColmap {
        /// The program that could not be started.
        program: PathBuf,
    },
    /// COLMAP failed.
    #[error("COLMAP's {step} failed: {said}; all it said is in {log}")]
    Colmap {
        /// Which of its commands.
        step: String,
        /// Its last words.
        said: String,
        /// All of its words.
        log: PathBuf,
    },
    /// COLMAP found no cameras.
    #[error(
        "COLMAP found no model of the {views} views; expected views that overlap by more than half, of a scene with texture that \
         stands still; all it said is in {log}"
    )]
    NoModel {
        /// Views given.
        views: usize,
        /// Its words.
        log: PathBuf,
    },
    /// The lens or the shake leaves nothing of a picture.
    #[error(
        "{clip}: nothing is left that all frames show; expected shake and distortion that leave most of the picture"
    )]
    NothingLeft {
        /// The clip.
        clip: String,
    },
    /// Footage or poses that cannot be read.
    #[error(transparent)]
    Capture(#[from] CaptureError),
    /// A video that cannot be written.
    #[error(transparent)]
    Encode(#[from] SampleError),
    /// A file that cannot be read or written.
    #[error("{file}: {source}")]
    Io {
        /// The file or folder.
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

impl PrepareError {
    /// Whether the footage or the arguments are at fault rather than the machine.
    pub fn is_users_fault(&self) -> bool {
        match self {
            Self::Capture(error) => error.is_users_fault(),
            Self::Io { .. } | Self::Encode(_) | Self::Colmap { .. } | Self::NoColmap { .. } => false,
            _ => true,
        }
    }
}
