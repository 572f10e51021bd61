//! What can go wrong, sorted by who can mend it.

use loop3d_media::MediaError;
use loop3d_scene::{Blame, Fault};
use std::path::PathBuf;

/// Why a clip could not be closed.
#[derive(Debug, thiserror::Error)]
pub enum ClosingError {
    /// The clip or a mask cannot be read.
    #[error(transparent)]
    Media(#[from] MediaError),
    /// The camera travels.
    #[error(
        "{file}: the camera seems to travel (near and far things move against each other by {px:.1} pixels; expected at most 1), which cannot be \
         steadied; keep a stretch in which it stands with --start and --end, or use --tripod if only the scene moves"
    )]
    Travels {
        /// The clip.
        file: PathBuf,
        /// Parallax in pixels.
        px: f64,
    },
    /// The camera turns so far that its frames have nothing in common.
    #[error(
        "{file}: the camera turns so far that no part of the picture is seen in all frames; expected one that is held still (keep a calmer stretch with \
         --start and --end)"
    )]
    TurnsAway {
        /// The clip.
        file: PathBuf,
    },
    /// The picture becomes another one.
    #[error(
        "{file}: at {seconds:.2} s the picture becomes another one; expected one shot without a cut (keep one with --start and --end, or take the clip as it \
         is with --tripod)"
    )]
    Cut {
        /// The clip.
        file: PathBuf,
        /// When.
        seconds: f64,
    },
    /// Too few frames.
    #[error("{file}: {frames} frames; expected at least {needed}{because}")]
    TooShort {
        /// The clip.
        file: PathBuf,
        /// Frames that it has.
        frames: usize,
        /// Frames that it must have.
        needed: usize,
        /// What for.
        because: String,
    },
    /// Too many frames.
    #[error(
        "{file}: longer than {seconds:.0} s; expected at most that much at this size (keep a stretch of it with --start and --end)"
    )]
    TooLong {
        /// The clip.
        file: PathBuf,
        /// What can be closed at once.
        seconds: f64,
    },
    /// A mask of another shape.
    #[error("{file}: {}×{} pixels; expected the shape of the clip's frames, {}×{}", found.0, found.1, expected.0, expected.1)]
    Mask {
        /// The mask.
        file: PathBuf,
        /// Its size.
        found: (u32, u32),
        /// The clip's.
        expected: (u32, u32),
    },
    /// What is kept on disk meanwhile cannot be written or read.
    #[error("{folder}: cannot write temporary frames ({}): {source}", gigabytes(*.bytes))]
    Kept {
        /// Where.
        folder: PathBuf,
        /// How much.
        bytes: u64,
        /// What the system reported.
        source: std::io::Error,
    },
    /// The observer asked to stop.
    #[error("stopped")]
    Stopped,
}

fn gigabytes(bytes: u64) -> String {
    format!("{:.1} GB", bytes as f64 / 1e9)
}

impl Blame for ClosingError {
    fn fault(&self) -> Fault {
        match self {
            Self::Media(error) => error.fault(),
            Self::Travels { .. } | Self::TurnsAway { .. } | Self::Cut { .. } | Self::TooShort { .. } => Fault::Input,
            Self::Mask { .. } | Self::TooLong { .. } => Fault::Input,
            Self::Kept { .. } | Self::Stopped => Fault::Machine,
        }
    }
}
