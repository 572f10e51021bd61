//! What can go wrong with a clip, an image or ffmpeg, sorted by who can mend it.

use crate::Size;
use loop3d_scene::{Blame, Fault, FileError};
use std::path::{Path, PathBuf};

/// Why a clip or an image could not be read or written. Every message names the file, what was found and what was expected.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    // What was asked for.
    /// The clip does not exist.
    #[error("{file}: no such file or folder; expected a video, an image or a folder of images")]
    NoClip {
        /// The path asked for.
        file: PathBuf,
    },
    /// An option has a value outside its range.
    #[error("{option} is {found}; expected {expected}")]
    BadOption {
        /// Name of the option.
        option: &'static str,
        /// Its value.
        found: f64,
        /// The range.
        expected: &'static str,
    },
    /// Larger images were asked for than there are.
    #[error("{file}: holds {}×{} images; expected at least {}×{}, the size asked for", found.0, found.1, expected.0, expected.1)]
    TooSmall {
        /// Clip or folder of clips.
        file: PathBuf,
        /// Size there.
        found: Size,
        /// Size asked for.
        expected: Size,
    },
    /// The times asked for do not fit the clip.
    #[error("{file}: {problem}")]
    Time {
        /// The clip.
        file: PathBuf,
        /// What was found and what was expected.
        problem: String,
    },

    // What is in a clip.
    /// The file is not a video or an image, or is damaged.
    #[error("{file}: unreadable: {problem}")]
    Unreadable {
        /// The clip or frame.
        file: PathBuf,
        /// What the decoder reported.
        problem: String,
    },
    /// The clip ends early.
    #[error("{file}: truncated: {found} frames could be read, expected {expected}")]
    Truncated {
        /// The clip.
        file: PathBuf,
        /// Frames decoded.
        found: usize,
        /// Frames that its header promises.
        expected: usize,
    },
    /// The clip has no frames.
    #[error("{file}: empty; expected a clip of at least one frame")]
    Empty {
        /// The clip, or its folder.
        file: PathBuf,
    },
    /// The frames are not of the size that they must have.
    #[error("{file}: {}×{} pixels; expected {}×{}, {reason}", found.0, found.1, expected.0, expected.1)]
    Size {
        /// The clip or frame.
        file: PathBuf,
        /// Its size.
        found: Size,
        /// The size it should have.
        expected: Size,
        /// Where that size comes from.
        reason: String,
    },

    // The machine.
    /// A program of ffmpeg is not installed.
    #[error(
        "the program {program} was not found, and videos cannot be read or written without it; install ffmpeg (Debian, \
         Ubuntu: apt-get install ffmpeg; macOS: brew install ffmpeg; Windows: winget install ffmpeg) and make sure that it \
         is on PATH"
    )]
    FfmpegMissing {
        /// The program that could not be started.
        program: PathBuf,
    },
    /// ffmpeg ran and failed.
    #[error("{doing}: ffmpeg failed: {said}")]
    Ffmpeg {
        /// The file that it wrote, or what it was doing.
        doing: String,
        /// What ffmpeg reported.
        said: String,
    },
    /// A target that cannot be written.
    #[error(transparent)]
    Target(#[from] FileError),
    /// The operating system refused.
    #[error("{file}: {source}")]
    Io {
        /// File, folder or program.
        file: PathBuf,
        /// What the system reported.
        source: std::io::Error,
    },
}

impl MediaError {
    /// Wraps what the system reported about `file`.
    pub fn io(file: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let file = file.to_owned();
        move |source| Self::Io { file, source }
    }
}

impl Blame for MediaError {
    fn fault(&self) -> Fault {
        match self {
            Self::BadOption { .. } | Self::TooSmall { .. } | Self::Time { .. } => Fault::Usage,
            Self::NoClip { .. }
            | Self::Unreadable { .. }
            | Self::Truncated { .. }
            | Self::Empty { .. }
            | Self::Size { .. } => Fault::Input,
            Self::Target(error) if error.is_users_fault() => Fault::Usage,
            Self::FfmpegMissing { .. } | Self::Ffmpeg { .. } | Self::Target(_) | Self::Io { .. } => Fault::Machine,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_is_the_machines_fault_and_comes_with_the_way_to_get_it() {
        let error = MediaError::FfmpegMissing { program: "/nowhere/ffmpeg".into() };
        assert_eq!(error.fault(), Fault::Machine);
        let said = error.to_string();
        assert!(["/nowhere/ffmpeg", "apt-get", "brew", "winget"].iter().all(|part| said.contains(part)), "{said}");
        assert_eq!(MediaError::Empty { file: "a.mp4".into() }.fault(), Fault::Input);
        assert_eq!(MediaError::BadOption { option: "fps", found: 0.0, expected: "more" }.fault(), Fault::Usage);
    }
}
