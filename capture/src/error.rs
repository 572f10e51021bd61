//! What can go wrong while reading a capture, sorted by who can mend it.

use std::path::PathBuf;

/// Width and height of a picture in pixels.
pub type Size = (u32, u32);

/// Why a capture or a clip could not be read. Every message names the file, what was found and what was expected.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    // What was asked for.
    /// The directory does not exist, or is a file.
    #[error("{dir}: no such directory; expected a capture: poses and clips")]
    NoDirectory {
        /// The directory asked for.
        dir: PathBuf,
    },
    /// The clip does not exist.
    #[error("{file}: no such file or folder; expected a video, a picture or a folder of pictures")]
    NoClip {
        /// The path asked for.
        file: PathBuf,
    },
    /// An option has a value that means nothing.
    #[error("{option} is {found}; expected {expected}")]
    BadOption {
        /// Name of the option.
        option: &'static str,
        /// Its value.
        found: f64,
        /// What would do.
        expected: &'static str,
    },
    /// The options ask for larger pictures than there are.
    #[error("{file}: holds {}×{} pictures; expected at least {}×{}, the size asked for", found.0, found.1, expected.0, expected.1)]
    TooSmall {
        /// Clip or folder of clips.
        file: PathBuf,
        /// Size there.
        found: Size,
        /// Size asked for.
        expected: Size,
    },
    /// A view was asked for that the capture does not have.
    #[error("{dir}: view {index} was asked for, the capture has views 0 to {}", views.saturating_sub(1))]
    NoSuchView {
        /// The capture.
        dir: PathBuf,
        /// Index asked for.
        index: usize,
        /// Views there are.
        views: usize,
    },

    // What is in the directory.
    /// No layout is there, or not the one asked for.
    #[error("{dir}: no camera poses found; looked for {looked_for}; found {found}")]
    NoLayout {
        /// The capture.
        dir: PathBuf,
        /// What would have told a layout.
        looked_for: String,
        /// What is in the directory.
        found: String,
    },
    /// Something in a file of poses is wrong.
    #[error("{file}: {place}: {problem}")]
    Bad {
        /// The file.
        file: PathBuf,
        /// Row, line, byte or entry.
        place: String,
        /// What was found and what was expected.
        problem: String,
    },
    /// No view has the name or number that was asked for, or several have.
    #[error("{dir}: --cameras {asked}: {problem}")]
    NoSuchCamera {
        /// The capture.
        dir: PathBuf,
        /// What was asked for.
        asked: String,
        /// What was found and what was expected.
        problem: String,
    },
    /// Nothing says how near and far the scene is.
    #[error("{dir}: near and far are not told by the poses, and could not be seen in the pictures: {problem}")]
    NoDepth {
        /// The capture.
        dir: PathBuf,
        /// What was found and what was expected.
        problem: String,
    },
    /// `poses_bounds.npy` is no array of `[views, 17]` floats.
    #[error("{file}: {problem}")]
    BadNpy {
        /// The file.
        file: PathBuf,
        /// What was found and what was expected.
        problem: String,
    },
    /// All rows are cameras, but together they have no average.
    #[error("{file}: {problem}")]
    NoAveragePose {
        /// The file.
        file: PathBuf,
        /// What was found and what was expected.
        problem: &'static str,
    },
    /// Fewer poses than a 3D scene needs.
    #[error("{file}: holds {found} pose(s); expected at least 2, one view alone shows no depth")]
    TooFewViews {
        /// The file.
        file: PathBuf,
        /// Poses there are.
        found: usize,
    },
    /// No folder with clips.
    #[error(
        "{dir}: no views found; expected videos/ or videos_<factor>/ with mp4, mov, mkv or webm files, one folder of PNG \
         or JPEG frames for each view, or images/ or images_<factor>/ with one still for each view"
    )]
    NoViews {
        /// The capture.
        dir: PathBuf,
    },
    /// A lens bends so much that no straight picture is left.
    #[error(
        "{file}: {place}: a lens that leaves no straight picture; expected distortion that can be undone over most of it"
    )]
    Lens {
        /// The file of poses.
        file: PathBuf,
        /// The view.
        place: String,
    },
    /// Poses and clips do not match in number.
    #[error("{poses_file}: holds {poses} poses, {folder} holds {views} views; expected one pose for each view")]
    Count {
        /// The file of poses.
        poses_file: PathBuf,
        /// Its rows.
        poses: usize,
        /// The folder of clips.
        folder: PathBuf,
        /// Its clips.
        views: usize,
    },

    // What is in a clip.
    /// The clip is no video or picture, or is damaged.
    #[error("{file}: unreadable: {problem}")]
    Unreadable {
        /// The clip or frame.
        file: PathBuf,
        /// What the decoder said.
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
    /// The times asked for do not fit the clip.
    #[error("{file}: {problem}")]
    Time {
        /// The clip.
        file: PathBuf,
        /// What was found and what was expected.
        problem: String,
    },
    /// The pictures do not have the size that they must have.
    #[error("{file}: {}×{} pixels; expected {}×{}, {reason}", found.0, found.1, expected.0, expected.1)]
    Size {
        /// The clip or frame.
        file: PathBuf,
        /// Its size.
        found: Size,
        /// The size it should have.
        expected: Size,
        /// Why it should.
        reason: String,
    },

    // The machine.
    /// A program of ffmpeg is not installed.
    #[error(
        "the program {program} was not found, and videos cannot be read without it; install ffmpeg (Debian, Ubuntu: \
         apt-get install ffmpeg; macOS: brew install ffmpeg; Windows: winget install ffmpeg) and see that it is on PATH"
    )]
    FfmpegMissing {
        /// The program that could not be started.
        program: PathBuf,
    },
    /// The operating system refused.
    #[error("{file}: {source}")]
    Io {
        /// File, folder or program.
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

impl CaptureError {
    /// Whether the arguments or the footage are at fault (exit code 2) rather than the machine (exit code 1: ffmpeg is
    /// missing, or the operating system refused).
    pub fn is_users_fault(&self) -> bool {
        !matches!(self, Self::FfmpegMissing { .. } | Self::Io { .. })
    }
}
