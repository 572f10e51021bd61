//! Why footage could not be prepared.

use crate::error::CaptureError;
use loop3d_media::MediaError;
use loop3d_scene::job::{Event, Observer, check};
use loop3d_scene::{Blame, Fault};
use std::path::PathBuf;

/// Why footage could not be prepared. Each says what was found, what was expected, and how to fix it.
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
    /// A frame that does not show what the first one shows.
    #[error(
        "{clip}: frame {frame} does not match the first: a cut, or the camera turned away; expected one take of one place"
    )]
    Lost {
        /// The clip.
        clip: String,
        /// Its frame, from 0.
        frame: usize,
    },
    /// COLMAP is not installed.
    #[error(
        "COLMAP ({program}) was not found; it is needed to estimate camera poses. Install it (Debian, Ubuntu: apt-get install colmap; \
         macOS: brew install colmap; Windows and others: https://colmap.github.io/install.html), pass its path with --colmap, or pass \
         poses with --poses DIR in any layout of docs/CAPTURES.md. What is done so far is kept: the same command continues from it"
    )]
    NoColmap {
        /// The program that could not be started.
        program: PathBuf,
    },
    /// COLMAP failed.
    #[error("COLMAP's {step} failed: {said}; its whole output is in {log}")]
    Colmap {
        /// Which of its commands failed.
        step: String,
        /// The last line that it wrote.
        said: String,
        /// All that it wrote.
        log: PathBuf,
    },
    /// COLMAP found no cameras.
    #[error(
        "COLMAP could not reconstruct the {views} views; expected views that overlap by more than half, of a scene with static \
         texture; its whole output is in {log}"
    )]
    NoModel {
        /// Views given.
        views: usize,
        /// All that it wrote.
        log: PathBuf,
    },
    /// Distortion and shake leave nothing of the frames.
    #[error(
        "{clip}: no part of the image is visible in all frames; expected shake and distortion that leave most of it"
    )]
    NothingLeft {
        /// The clip.
        clip: String,
    },
    /// Footage or poses that cannot be read.
    #[error(transparent)]
    Capture(#[from] CaptureError),
    /// A clip that cannot be read or written.
    #[error(transparent)]
    Media(#[from] MediaError),
    /// A file that cannot be read or written.
    #[error("{file}: {source}")]
    Io {
        /// The file or folder.
        file: PathBuf,
        /// What the system reported.
        source: std::io::Error,
    },
    /// The observer asked to stop.
    #[error("stopped")]
    Stopped,
}

impl Blame for PrepareError {
    fn fault(&self) -> Fault {
        match self {
            Self::Capture(error) => error.fault(),
            Self::Media(error) => error.fault(),
            Self::Occupied(_) => Fault::Usage,
            Self::TooFew { .. }
            | Self::Travels { .. }
            | Self::Lost { .. }
            | Self::NoModel { .. }
            | Self::NothingLeft { .. } => Fault::Input,
            Self::NoColmap { .. } | Self::Colmap { .. } | Self::Io { .. } => Fault::Machine,
            Self::Stopped => Fault::Moment,
        }
    }
}

/// Reports the fraction of a step that is done.
pub(super) fn tell(observer: &mut dyn Observer, step: &str, fraction: f64) -> Result<(), PrepareError> {
    check(observer.event(Event::step(step, fraction)), PrepareError::Stopped)
}
