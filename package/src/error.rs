//! What can go wrong between a scene and a package.

use loop3d_package_format::{Codec, PackageError};
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
    /// The codec is one of blocks, and this build has none of them.
    #[error("{codec}: this build has no GPU block codecs; rebuild with --features blocks")]
    NoBlocks {
        /// The codec.
        codec: Codec,
    },
    /// A frame could not be made blocks for a GPU, or pixels again.
    #[error("{codec}: {said}")]
    Texture {
        /// Which blocks.
        codec: Codec,
        /// The coder's word.
        said: String,
    },
    /// A folder of the original project is broken, or of another kind.
    #[error("{}: found {found}, expected {expected}", path.display())]
    Import {
        /// The file.
        path: PathBuf,
        /// What stands there.
        found: String,
        /// What should.
        expected: String,
    },
    /// A folder that is to be written has something in it.
    #[error("{}: found something there, expected a new or empty folder", path.display())]
    Occupied {
        /// The folder.
        path: PathBuf,
    },
    /// A folder could not be written.
    #[error("{}: cannot be written: {error}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The system's word.
        error: io::Error,
    },
    /// A texture cannot hold all tiles of a kind.
    #[error(
        "the scene has more tiles than a texture of {limit}×{limit} texels holds, which this format has one of for each kind"
    )]
    TooManyTiles {
        /// Side of the texture.
        limit: usize,
    },
    /// No quality makes the file small enough.
    #[error("the smallest file has {:.2} MB, the limit is {:.2} MB", *smallest as f64 / 1e6, *most as f64 / 1e6)]
    Size {
        /// Bytes at the lowest quality.
        smallest: u64,
        /// Bytes that were allowed.
        most: u64,
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
            Self::NoBlocks { .. } => true,
            Self::Size { .. } | Self::Import { .. } | Self::Occupied { .. } | Self::TooManyTiles { .. } => true,
            Self::Package { .. } | Self::Scene(_) | Self::Format(_) | Self::Page(_) | Self::NoFfmpeg => true,
            Self::Read { error, .. } | Self::Folder { error, .. } => {
                matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied)
            }
            Self::Ffmpeg { .. } | Self::Image { .. } | Self::Texture { .. } | Self::Stopped => false,
        }
    }
}
