//! What can go wrong between a scene and a package.

use loop3d_scene::package::PackageError;
use loop3d_scene::{FileError, PageTooSmall, SceneError};
use std::io;
use std::path::PathBuf;

/// Why there is no package, or no scene from one.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// A master could not be read, or a file not be written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A package is not whole.
    #[error("{}: {error}", path.display())]
    Package {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        error: PackageError,
    },
    /// A file could not be read.
    #[error("{}: cannot be read: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's word.
        error: io::Error,
    },
    /// The scene contradicts itself.
    #[error("the scene is broken: {0}")]
    Scene(#[from] SceneError),
    /// A block of the scene does not fit the format.
    #[error("the scene does not fit the format: {0}")]
    Format(#[from] PackageError),
    /// A page cannot hold a tile.
    #[error("{0}")]
    Page(#[from] PageTooSmall),
    /// ffmpeg is not there.
    #[error(
        "the program ffmpeg is missing; install it (Debian: apt-get install ffmpeg; macOS: brew install ffmpeg; \
         Windows: winget install ffmpeg)"
    )]
    NoFfmpeg,
    /// ffmpeg failed.
    #[error("ffmpeg failed while {doing}: {said}")]
    Ffmpeg {
        /// What it was to do.
        doing: String,
        /// Its own words.
        said: String,
    },
    /// A picture could not be coded.
    #[error("{what}: {error}")]
    Image {
        /// Which picture.
        what: String,
        /// The coder's word.
        error: image::ImageError,
    },
    /// The progress callback asked to stop.
    #[error("stopped")]
    Stopped,
}

impl ExportError {
    /// Whether another file or another machine's set-up would help; otherwise the machine or the program failed.
    pub fn is_users_fault(&self) -> bool {
        match self {
            Self::File(error) => error.is_users_fault(),
            Self::Package { .. } | Self::Scene(_) | Self::Format(_) | Self::Page(_) | Self::NoFfmpeg => true,
            Self::Read { error, .. } => {
                matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied)
            }
            Self::Ffmpeg { .. } | Self::Image { .. } | Self::Stopped => false,
        }
    }
}
