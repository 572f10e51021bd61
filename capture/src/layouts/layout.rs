//! One row of the table of layouts, and one way of writing.

use crate::error::CaptureError;
use crate::raw::RawCapture;
use glam::DVec3;
use loop3d_scene::Camera;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// How poses are written on disk: one row of [`Layout::ALL`]. `docs/CAPTURES.md` shows each as a tree.
#[derive(Clone, Copy)]
pub struct Layout {
    /// The name on the command line.
    pub name: &'static str,
    /// What is looked for in a folder, in words.
    pub sign: &'static str,
    /// What `read` takes, the file of poses or its folder, where a folder has this layout.
    pub(crate) find: fn(&Path) -> Option<PathBuf>,
    /// Reads the poses.
    pub(crate) read: fn(&Path, LensOptions) -> Result<RawCapture, CaptureError>,
    /// Whether its captures surround the scene, so that only a narrow group of views is taken unless others are asked for.
    pub(crate) surrounds: bool,
    /// The ways in which it is written.
    pub writers: &'static [Writer],
}

/// The lens as given by the caller, where the layout does not name it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct LensOptions {
    pub focal_mm: Option<f64>,
    pub sensor_mm: Option<f64>,
}

impl PartialEq for Layout {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Layout {}

impl fmt::Debug for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Layout({})", self.name)
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// A point on a surface of the scene.
#[derive(Clone, Debug, PartialEq)]
pub struct ScenePoint {
    /// In the frame of the poses.
    pub position: DVec3,
    /// Indices of the views that see it.
    pub seen_by: Vec<usize>,
}

/// Pinhole cameras and what is known about the scene: what a [`Writer`] writes.
#[derive(Clone, Debug, PartialEq)]
pub struct PosedScene {
    /// Names of the views' clips, without extension.
    pub names: Vec<String>,
    /// One for each name. OpenCV axes, all in one frame.
    pub cameras: Vec<Camera>,
    /// Nearest and farthest depth of each view.
    pub bounds: Vec<[f64; 2]>,
    /// May be empty.
    pub points: Vec<ScenePoint>,
}

/// One way in which a layout is written: names of folders and clips, and files of poses.
#[derive(Clone, Copy)]
pub struct Writer {
    /// The name on the command line.
    pub name: &'static str,
    /// The capture's folder under a folder, for a lens of `focal` image widths.
    pub(crate) capture: fn(&Path, f64) -> PathBuf,
    /// The folder of clips in the capture's; empty where they are in the capture's own.
    pub(crate) clips: &'static str,
    /// The name of a view's clip without extension, for a lens of `focal` image widths.
    pub(crate) clip_name: fn(usize, f64) -> String,
    /// The files that are written, relative to the capture's folder. The file that identifies the layout comes last, so that a folder that has it is complete.
    pub files: &'static [&'static str],
    /// Their bytes, in the same order.
    pub(crate) contents: fn(&PosedScene) -> Vec<Vec<u8>>,
}

/// The usual place of a capture: the folder itself.
pub(super) fn here(dir: &Path, _focal: f64) -> PathBuf {
    dir.to_owned()
}

/// The usual name of a clip: four digits.
pub(super) fn number(index: usize, _focal: f64) -> String {
    format!("{index:04}")
}

impl Writer {
    /// The capture's folder under `dir`, for a lens of `focal` image widths.
    pub fn capture(&self, dir: &Path, focal: f64) -> PathBuf {
        (self.capture)(dir, focal)
    }

    /// The folder of clips, for a capture's folder.
    pub fn clips(&self, capture: &Path) -> PathBuf {
        if self.clips.is_empty() { capture.to_owned() } else { capture.join(self.clips) }
    }

    /// The name of a view's clip without extension, for a lens of `focal` image widths.
    pub fn clip_name(&self, index: usize, focal: f64) -> String {
        (self.clip_name)(index, focal)
    }

    /// Writes the poses into the capture's folder, made where it is missing, and returns the files.
    ///
    /// # Errors
    /// A file or folder cannot be written.
    pub fn write(&self, capture: &Path, scene: &PosedScene) -> io::Result<Vec<PathBuf>> {
        let put = |(name, bytes): (&&str, Vec<u8>)| {
            let path = capture.join(name);
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent)?;
            }
            std::fs::write(&path, bytes)?;
            Ok(path)
        };
        self.files.iter().zip((self.contents)(scene)).map(put).collect()
    }
}

impl PartialEq for Writer {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Writer {}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Writer({})", self.name)
    }
}

impl fmt::Display for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
