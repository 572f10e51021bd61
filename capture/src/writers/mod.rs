//! Writes poses in the layouts that are read: for the sample capture and for what `prepare` makes.

mod colmap;
mod nerfstudio;
mod realitycapture;
mod syncam;

use crate::sample::npy;
use glam::DVec3;
use loop3d_scene::Camera;
use std::io;
use std::path::{Path, PathBuf};

pub(crate) use colmap::text as colmap_text;

/// A point on a surface of the scene.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Point {
    /// In the frame of the poses.
    pub position: DVec3,
    /// Indices of the views that see it.
    pub seen_by: Vec<usize>,
}

/// Pinhole cameras and what is known of the scene.
#[derive(Clone, Debug)]
pub(crate) struct Posed {
    /// Names of the views' clips without extension.
    pub names: Vec<String>,
    /// OpenCV axes, in one frame.
    pub cameras: Vec<Camera>,
    /// Nearest and farthest depth of each view.
    pub bounds: Vec<[f64; 2]>,
    pub points: Vec<Point>,
}

/// A way to write poses and clips.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WrittenLayout {
    /// `poses_bounds.npy`, clips in `videos/`.
    #[default]
    Llff,
    /// The same with clips beside it, as N3DV has them.
    N3dv,
    /// A binary model in `sparse/0`.
    Colmap,
    /// A text model in `sparse/0`.
    ColmapText,
    /// `transforms.json` and `sparse_pc.ply`.
    Nerfstudio,
    /// `cameras/Hemi36_4m_0.json`, the lens in the cameras' names.
    SyncamV1,
    /// `cameras/camera_extrinsics.json`, the lens in the name of a folder above.
    SyncamV2,
    /// `cameras.csv`.
    Realitycapture,
}

impl WrittenLayout {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Llff,
        Self::N3dv,
        Self::Colmap,
        Self::ColmapText,
        Self::Nerfstudio,
        Self::SyncamV1,
        Self::SyncamV2,
        Self::Realitycapture,
    ];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Llff => "llff",
            Self::N3dv => "n3dv",
            Self::Colmap => "colmap",
            Self::ColmapText => "colmap-text",
            Self::Nerfstudio => "nerfstudio",
            Self::SyncamV1 => "syncam-v1",
            Self::SyncamV2 => "syncam-v2",
            Self::Realitycapture => "realitycapture",
        }
    }

    /// The capture's folder under `dir`, for a lens of `focal` picture widths.
    pub(crate) fn capture(self, dir: &Path, focal: f64) -> PathBuf {
        match self {
            Self::SyncamV2 => dir.join(format!("f{}_aperture5", syncam::focal_mm(focal))).join("scene1"),
            _ => dir.to_owned(),
        }
    }

    /// The folder of clips under the capture's.
    pub(crate) fn clips(self, capture: &Path) -> PathBuf {
        if self == Self::N3dv { capture.to_owned() } else { capture.join("videos") }
    }

    /// The name of a view's clip without extension.
    pub(crate) fn clip_name(self, index: usize, focal: f64) -> String {
        match self {
            Self::N3dv => format!("cam{index:02}"),
            Self::SyncamV1 => format!("C_{:02}_{}mm", index + 1, syncam::focal_mm(focal)),
            Self::SyncamV2 => format!("cam{:02}", index + 1),
            _ => format!("{index:04}"),
        }
    }

    /// Files that tell the layout, which an older sample may have left in the capture's folder.
    pub(crate) const SIGNS: [&str; 11] = [
        "poses_bounds.npy",
        "transforms.json",
        "sparse_pc.ply",
        "cameras.csv",
        "cameras/Hemi36_4m_0.json",
        "cameras/camera_extrinsics.json",
        "sparse/0/cameras.bin",
        "sparse/0/images.bin",
        "sparse/0/cameras.txt",
        "sparse/0/images.txt",
        "sparse/0/points3D.bin",
    ];

    /// Writes the poses into the capture's folder and returns the files.
    pub(crate) fn write(self, capture: &Path, posed: &Posed) -> io::Result<Vec<PathBuf>> {
        let files: Vec<(&str, Vec<u8>)> = match self {
            Self::Llff | Self::N3dv => {
                let rows = posed.cameras.iter().zip(&posed.bounds);
                let rows: Vec<_> = rows.map(|(camera, bounds)| crate::sample::llff_row(camera, *bounds)).collect();
                vec![("poses_bounds.npy", npy::matrix(&rows))]
            }
            Self::Colmap => colmap::binary(posed),
            Self::ColmapText => colmap::text(posed),
            Self::Nerfstudio => nerfstudio::files(posed),
            Self::SyncamV1 => vec![("cameras/Hemi36_4m_0.json", syncam::first(posed))],
            Self::SyncamV2 => vec![("cameras/camera_extrinsics.json", syncam::second(posed))],
            Self::Realitycapture => vec![("cameras.csv", realitycapture::table(posed))],
        };
        put(capture, files)
    }
}

/// Writes files under a folder, which is made if missing.
pub(crate) fn put(folder: &Path, files: Vec<(&str, Vec<u8>)>) -> io::Result<Vec<PathBuf>> {
    let put = |(name, bytes): (&str, Vec<u8>)| {
        let path = folder.join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(&path, bytes)?;
        Ok(path)
    };
    files.into_iter().map(put).collect()
}

impl std::fmt::Display for WrittenLayout {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for WrittenLayout {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|layout| layout.name() == name);
        found.ok_or_else(|| format!("'{name}' is no layout; expected {}", Self::ALL.map(Self::name).join(", ")))
    }
}

#[cfg(test)]
mod tests;
