//! Why a sample could not be written.

use crate::scenes::CaptionError;
use loop3d_media::MediaError;
use loop3d_scene::{Blame, Fault};
use std::path::PathBuf;

/// Why a sample could not be written.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// A setting outside its range.
    #[error("sample settings: {0}")]
    Config(String),
    /// Words that are not a scene.
    #[error(transparent)]
    Caption(#[from] CaptionError),
    /// The folder holds something else.
    #[error(
        "{}: found a folder that is not empty and holds no earlier sample; expected a new or empty folder", .0.display()
    )]
    Occupied(PathBuf),
    /// A file or folder that cannot be written.
    #[error("{}: cannot write: {message}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system reported.
        message: String,
    },
    /// A video that cannot be written.
    #[error(transparent)]
    Media(#[from] MediaError),
    /// The observer asked to stop.
    #[error("stopped")]
    Stopped,
}

impl Blame for SampleError {
    fn fault(&self) -> Fault {
        match self {
            Self::Config(_) | Self::Caption(_) | Self::Occupied(_) => Fault::Usage,
            Self::Io { .. } => Fault::Machine,
            Self::Media(error) => error.fault(),
            Self::Stopped => Fault::Moment,
        }
    }
}
