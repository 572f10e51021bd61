//! What can go wrong while reading a capture, sorted by who can mend it.

use loop3d_media::MediaError;
use loop3d_scene::{Blame, Fault};
use std::path::PathBuf;

/// Why a capture could not be read. Every message names the file, what was found and what was expected.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    // What was asked for.
    /// The directory does not exist, or is a file.
    #[error("{}: {}; expected a capture, a folder with poses and clips", dir.display(), if dir.exists() { "is a file" } else { "no such directory" })]
    NoDirectory {
        /// The directory asked for.
        dir: PathBuf,
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
    #[error("{dir}: no camera poses found; looked for {looked_for}; found {found}; `loop3d prepare` estimates poses")]
    NoLayout {
        /// The capture.
        dir: PathBuf,
        /// The signs of the layouts that were tried.
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
    /// A pose names a view that no clip belongs to.
    #[error("{poses_file}: {place}: no clip for {name}; expected {expected}")]
    NoClipForPose {
        /// The file of poses.
        poses_file: PathBuf,
        /// Row, line or entry.
        place: String,
        /// What the pose calls its view.
        name: String,
        /// Where it was looked for, and what is there.
        expected: String,
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
    /// The choice of cameras leaves fewer views than a 3D scene needs.
    #[error("{dir}: --cameras leaves {} of {views} views ({}); expected at least 2: name more cameras", left.len(), left.join(", "))]
    TooFewCameras {
        /// The capture.
        dir: PathBuf,
        /// Names of the views that are left.
        left: Vec<String>,
        /// Views there are.
        views: usize,
    },
    /// Nothing says how near and far the scene is.
    #[error("{dir}: the poses give no depth bounds, and none could be estimated from the images: {problem}")]
    NoDepth {
        /// The capture.
        dir: PathBuf,
        /// What was found and what was expected.
        problem: String,
    },
    /// `poses_bounds.npy` is not an array of `[views, 17]` floats.
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
        "{dir}: no views found; expected videos/ or videos_<factor>/ with mp4, mov, mkv, webm, m4v, avi, mts or 3gp files, one folder of PNG \
         or JPEG frames for each view, or images/ or images_<factor>/ with one still image for each view"
    )]
    NoViews {
        /// The capture.
        dir: PathBuf,
    },
    /// A lens distorts so much that no straight image is left.
    #[error("{file}: {place}: lens distortion too strong to undistort; check the coefficients")]
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
    /// A clip cannot be read, or does not fit what was asked for.
    #[error(transparent)]
    Media(#[from] MediaError),

    /// Several things are wrong: each is reported, so that all can be fixed before the next run.
    #[error("{} problems:{}", faults.len(), list(faults))]
    Several {
        /// At least 2, none of them `Several`.
        faults: Vec<CaptureError>,
    },

    // The machine.
    /// The operating system refused.
    #[error("{file}: {source}")]
    Io {
        /// File, folder or program.
        file: PathBuf,
        /// What the system reported.
        source: std::io::Error,
    },
    /// The observer asked to stop.
    #[error("stopped")]
    Stopped,
}

impl Blame for CaptureError {
    fn fault(&self) -> Fault {
        match self {
            Self::Media(error) => error.fault(),
            // All must be mended; the machine before the input, the input before the arguments.
            Self::Several { faults } => faults.iter().map(Self::fault).max().unwrap_or(Fault::Input),
            Self::Io { .. } => Fault::Machine,
            Self::Stopped => Fault::Moment,
            Self::BadOption { .. }
            | Self::NoSuchView { .. }
            | Self::NoSuchCamera { .. }
            | Self::TooFewCameras { .. } => Fault::Usage,
            Self::NoDirectory { .. }
            | Self::NoLayout { .. }
            | Self::Bad { .. }
            | Self::NoClipForPose { .. }
            | Self::NoDepth { .. }
            | Self::BadNpy { .. }
            | Self::NoAveragePose { .. }
            | Self::TooFewViews { .. }
            | Self::NoViews { .. }
            | Self::Lens { .. }
            | Self::Count { .. } => Fault::Input,
        }
    }
}

impl CaptureError {
    /// The faults in it: itself, or all of [`CaptureError::Several`].
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

    /// One error for all of these, each reported once; `None` where there are none.
    pub(crate) fn of(faults: impl IntoIterator<Item = Self>) -> Option<Self> {
        let mut seen: Vec<String> = Vec::new();
        let mut each: Vec<Self> = Vec::new();
        for fault in faults.into_iter().flat_map(Self::faults) {
            let message = fault.to_string();
            if !seen.contains(&message) {
                seen.push(message);
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
        MediaError::Empty { file: file.into() }.into()
    }

    #[test]
    fn all_faults_are_reported_once_each() {
        assert_eq!(all([Ok(1), Ok(2)]).unwrap(), [1, 2]);
        assert_eq!(all([Ok(1), Err(empty("a"))]).unwrap_err().to_string(), empty("a").to_string());
        let nested = CaptureError::Several { faults: vec![empty("b"), empty("a")] };
        let error = all::<()>([Err(empty("a")), Err(nested)]).unwrap_err();
        let expected = "2 problems:\n  - a: empty; expected a clip of at least one frame\n  - b: empty; expected a clip of at least one frame";
        assert_eq!(error.to_string(), expected);
        assert_eq!(error.fault(), Fault::Input);
        let many = all::<()>((0..23).map(|i| Err(empty(&i.to_string())))).unwrap_err().to_string();
        assert!(many.starts_with("23 problems:") && many.ends_with("\n  - and 3 more"), "{many}");
        let machine = MediaError::FfmpegMissing { program: "ffmpeg".into() }.into();
        assert_eq!(all::<()>([Err(machine), Err(empty("a"))]).unwrap_err().fault(), Fault::Machine);
    }
}
