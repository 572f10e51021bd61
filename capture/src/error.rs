//! What can go wrong while reading a capture, sorted by who can mend it.

use std::path::PathBuf;

/// Width and height of a picture in pixels.
pub type Size = (u32, u32);

/// Why a capture or a clip could not be read. Every message names the file, what was found and what was expected.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    // What was asked for.
    /// The directory does not exist, or is a file.
    #[error("{}: {}; expected a capture: a folder with poses and clips", dir.display(), if dir.exists() { "is a file" } else { "no such directory" })]
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

    /// Several things are wrong: each is told, so that all can be set right before the next run.
    #[error("{} problems:{}", faults.len(), list(faults))]
    Several {
        /// At least 2, none of them `Several`.
        faults: Vec<CaptureError>,
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
        match self {
            Self::Several { faults } => faults.iter().all(Self::is_users_fault),
            Self::FfmpegMissing { .. } | Self::Io { .. } => false,
            _ => true,
        }
    }

    /// The faults it stands for: itself, or all of [`CaptureError::Several`].
    pub fn faults(self) -> Vec<Self> {
        match self {
            Self::Several { faults } => faults,
            one => vec![one],
        }
    }

    /// This and others in one.
    pub(crate) fn with(self, others: Vec<Self>) -> Self {
        let mut faults = self.faults();
        faults.extend(others.into_iter().flat_map(Self::faults));
        if faults.len() == 1 { faults.remove(0) } else { Self::Several { faults } }
    }

    /// One error for all of these, each told once; `None` where there are none.
    pub(crate) fn of(faults: impl IntoIterator<Item = Self>) -> Option<Self> {
        let mut told: Vec<String> = Vec::new();
        let mut each: Vec<Self> = Vec::new();
        for fault in faults.into_iter().flat_map(Self::faults) {
            let message = fault.to_string();
            if !told.contains(&message) {
                told.push(message);
                each.push(fault);
            }
        }
        if each.len() > 1 { Some(Self::Several { faults: each }) } else { each.pop() }
    }
}

/// All values in their order, or all errors.
pub(crate) fn all<T>(results: impl IntoIterator<Item = Result<T, CaptureError>>) -> Result<Vec<T>, CaptureError> {
    let (mut values, mut faults) = (Vec::new(), Vec::new());
    for result in results {
        match result {
            Ok(value) => values.push(value),
            Err(fault) => faults.push(fault),
        }
    }
    CaptureError::of(faults).map_or(Ok(values), Err)
}

/// A line for each, as many as a person reads.
fn list(faults: &[CaptureError]) -> String {
    const MOST: usize = 20;
    let lines: String = faults.iter().take(MOST).map(|fault| format!("\n  - {fault}")).collect();
    let more = faults.len().saturating_sub(MOST);
    if more == 0 { lines } else { format!("{lines}\n  - and {more} more") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn empty(file: &str) -> CaptureError {
        CaptureError::Empty { file: file.into() }
    }

    #[test]
    fn all_faults_are_told_once_each() {
        assert_eq!(all([Ok(1), Ok(2)]).unwrap(), [1, 2]);
        assert_eq!(all([Ok(1), Err(empty("a"))]).unwrap_err().to_string(), empty("a").to_string());
        let nested = CaptureError::Several { faults: vec![empty("b"), empty("a")] };
        let error = all::<()>([Err(empty("a")), Err(nested)]).unwrap_err();
        let expected = "2 problems:\n  - a: empty; expected a clip of at least one frame\n  - b: empty; expected a clip of at least one frame";
        assert_eq!(error.to_string(), expected);
        assert!(error.is_users_fault());
        let many = all::<()>((0..23).map(|i| Err(empty(&i.to_string())))).unwrap_err().to_string();
        assert!(many.starts_with("23 problems:") && many.ends_with("\n  - and 3 more"), "{many}");
        let machine = CaptureError::FfmpegMissing { program: "ffmpeg".into() };
        assert!(!all::<()>([Err(machine), Err(empty("a"))]).unwrap_err().is_users_fault());
    }
}
