//! What can go wrong when packages are written and opened.

use loop3d_media::MediaError;
use loop3d_package_format::{Codec, PackageError};
use loop3d_scene::{Blame, Fault, FileError, PageTooSmall, SceneError};
use std::io;
use std::path::PathBuf;

/// Why a package could not be written or opened.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// A master could not be read, or a file could not be written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A package is damaged or cut short.
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
        /// The system's error.
        error: io::Error,
    },
    /// The scene is not consistent.
    #[error("the scene is damaged: {0}")]
    Scene(#[from] SceneError),
    /// A block of the scene does not fit the format.
    #[error("the scene does not fit the format: {0}")]
    Format(#[from] PackageError),
    /// A page cannot hold a tile.
    #[error("{0}")]
    Page(#[from] PageTooSmall),
    /// ffmpeg is missing or failed.
    #[error(transparent)]
    Media(#[from] MediaError),
    /// An image could not be coded or decoded.
    #[error("{what}: {error}")]
    Image {
        /// Which image.
        what: String,
        /// The coder's error.
        error: image::ImageError,
    },
    /// The codec has blocks, and this build has no coders of blocks.
    #[error("{codec}: this build has no GPU block codecs; rebuild with --features blocks")]
    NoBlocks {
        /// The codec.
        codec: Codec,
    },
    /// A frame could not be coded as blocks for a GPU, or decoded.
    #[error("{codec}: {said}")]
    Texture {
        /// Which blocks.
        codec: Codec,
        /// The coder's error.
        said: String,
    },
    /// A folder of the original project is damaged, or of another kind.
    #[error("{}: found {found}, expected {expected}", path.display())]
    Import {
        /// The file.
        path: PathBuf,
        /// What was found there.
        found: String,
        /// What was expected.
        expected: String,
    },
    /// A folder of the original project does not exist.
    #[error("{}: {found}; expected a folder of the original project", dir.display())]
    NoFolder {
        /// The path asked for.
        dir: PathBuf,
        /// What is there.
        found: &'static str,
    },
    /// A folder does not hold the files of the original project.
    #[error("{}: found no {}; expected a scene of the original project: {expected}", dir.display(), missing.join(", "))]
    NoImport {
        /// The folder.
        dir: PathBuf,
        /// Files that are not there.
        missing: Vec<&'static str>,
        /// All files of such a folder.
        expected: &'static str,
    },
    /// The folder to write is not empty.
    #[error("{}: is not empty; expected a new or empty folder", path.display())]
    Occupied {
        /// The folder.
        path: PathBuf,
    },
    /// A folder could not be written.
    #[error("{}: cannot be written: {error}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The system's error.
        error: io::Error,
    },
    /// A texture cannot hold all tiles of a kind.
    #[error(
        "the scene has too many tiles for this format, which has one texture of at most {limit}×{limit} texels for each kind"
    )]
    TooManyTiles {
        /// Side of the texture.
        limit: usize,
    },
    /// No quality makes the file small enough.
    #[error(
        "the smallest possible file is {:.2} MB; the limit is {:.2} MB; raise --max-mb, try --codec av1, or fit with a lower --max-height",
        *smallest as f64 / 1e6, *most as f64 / 1e6
    )]
    Size {
        /// Bytes at the lowest quality.
        smallest: u64,
        /// Bytes that were allowed.
        most: u64,
    },
    /// Too little free memory.
    #[error("{}: needs {bytes} bytes of memory for its texels, which this machine does not have free", path.display())]
    Memory {
        /// The file or folder.
        path: PathBuf,
        /// Bytes of the texels.
        bytes: u64,
    },
    /// The observer asked to stop.
    #[error("stopped")]
    Stopped,
}

impl Blame for ExportError {
    fn fault(&self) -> Fault {
        match self {
            Self::File(error) => error.fault(),
            Self::Package { error, .. } | Self::Format(error) => error.fault(),
            Self::Scene(error) => error.fault(),
            Self::Read { error, .. } if is_about_the_path(error) => Fault::Input,
            Self::Folder { error, .. } if is_about_the_path(error) => Fault::Usage,
            Self::Image { error, .. } if is_of_the_image(error) => Fault::Input,
            Self::Import { .. } | Self::NoFolder { .. } | Self::NoImport { .. } | Self::TooManyTiles { .. } => {
                Fault::Input
            }
            Self::Occupied { .. } | Self::Size { .. } | Self::NoBlocks { .. } => Fault::Usage,
            Self::Memory { .. } => Fault::Moment,
            Self::Read { .. } | Self::Folder { .. } | Self::Image { .. } | Self::Texture { .. } => Fault::Machine,
            Self::Media(error) => error.fault(),
            Self::Page(_) => Fault::Machine,
            Self::Stopped => Fault::Moment,
        }
    }
}

fn is_about_the_path(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound
            | io::ErrorKind::PermissionDenied
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::IsADirectory
    )
}

/// Whether an image is broken or of another kind, and not the machine that decodes it.
fn is_of_the_image(error: &image::ImageError) -> bool {
    use image::ImageError::{Decoding, IoError, Limits, Unsupported};
    match error {
        Decoding(_) | Unsupported(_) | Limits(_) => true,
        IoError(error) => matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_follow_the_one_rule() {
        let path = || PathBuf::from("a");
        let io = |kind: io::ErrorKind| io::Error::from(kind);
        let broken = || image::load_from_memory(b"not an image").unwrap_err();
        let cases = [
            (ExportError::Occupied { path: path() }, Fault::Usage),
            (ExportError::Size { smallest: 2, most: 1 }, Fault::Usage),
            (ExportError::NoBlocks { codec: Codec::Bc7 }, Fault::Usage),
            (ExportError::Folder { path: path(), error: io(io::ErrorKind::NotFound) }, Fault::Usage),
            (ExportError::Folder { path: path(), error: io(io::ErrorKind::StorageFull) }, Fault::Machine),
            (ExportError::Read { path: path(), error: io(io::ErrorKind::NotFound) }, Fault::Input),
            (ExportError::Read { path: path(), error: io(io::ErrorKind::TimedOut) }, Fault::Machine),
            (ExportError::Image { what: "a".to_owned(), error: broken() }, Fault::Input),
            (ExportError::Format(PackageError::NotAPackage { found: "a".to_owned() }), Fault::Input),
            (ExportError::Format(PackageError::Memory { bytes: 1 }), Fault::Moment),
            (MediaError::FfmpegMissing { program: path() }.into(), Fault::Machine),
        ];
        for (error, fault) in cases {
            assert_eq!(error.fault(), fault, "{error}");
        }
    }
}
