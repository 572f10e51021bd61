//! Cameras and clips of a capture as they are on disk: poses in its own frame and unit, no depths, no pixels.

use crate::clips;
use crate::error::CaptureError;
use crate::layouts::{self, LensOptions, checked, read_syncam_file};
use crate::raw::{Intrinsics, RawView, Side};
use glam::DAffine3;
use std::path::{Path, PathBuf};

/// One camera of a capture.
#[derive(Clone, Debug, PartialEq)]
pub struct PlacedCamera {
    /// What the layout calls it; `None` where poses have no names.
    pub name: Option<String>,
    /// OpenCV axes, in the capture's own frame and unit; metres and z up for SynCamVideo.
    pub world_from_camera: DAffine3,
    /// Focal length in image widths, where the layout determines it without a clip.
    pub focal: Option<f64>,
}

/// Reads where the cameras are: of a folder in any [`Layout`](crate::Layout), whose clips may be missing, or of one JSON file as
/// SynCamVideo has them (`camera_extrinsics.json`).
///
/// # Errors
/// Nothing is at `path`, no layout is in the folder, or its poses are damaged.
pub fn read_cameras(path: &Path) -> Result<Vec<PlacedCamera>, CaptureError> {
    let lens = LensOptions::default();
    let raw =
        if path.is_dir() { layouts::find(path, None)?.read(lens)? } else { checked(read_syncam_file(path, lens)?)? };
    Ok(raw.views.into_iter().map(placed).collect())
}

/// Reads where the cameras of a folder are and which clip each has, all of them, without looking into the clips.
///
/// # Errors
/// As [`read_cameras`]; a camera without a clip.
pub fn read_cameras_and_clips(dir: &Path) -> Result<Vec<(PlacedCamera, PathBuf)>, CaptureError> {
    let raw = layouts::find(dir, None)?.read(LensOptions::default())?;
    let clips = clips::assign(dir, &raw, 1.0)?.clips;
    Ok(raw.views.into_iter().map(placed).zip(clips).collect())
}

/// The clips in a folder, whatever its poses: videos, folders of frames or stills, whichever of them comes first in
/// `docs/CAPTURES.md`; nothing where there are none.
///
/// # Errors
/// The folder cannot be read.
pub fn clips_in(dir: &Path) -> Result<Vec<PathBuf>, CaptureError> {
    clips::any(dir)
}

fn placed(view: RawView) -> PlacedCamera {
    let focal = match view.intrinsics {
        Intrinsics::Pixels { size: Some((width, _)), focal_px, .. } => Some(focal_px.x / f64::from(width)),
        Intrinsics::Relative { focal, unit: Side::Width, .. } => Some(focal),
        Intrinsics::Pixels { size: None, .. } | Intrinsics::Relative { unit: Side::Longer, .. } => None,
    };
    PlacedCamera { name: view.name, world_from_camera: view.world_from_camera, focal }
}

#[cfg(test)]
mod tests {
    use super::*;
    use glam::DVec3;

    const CAMERAS: &str = r#"{"frame0": {"cam01": "[1 0 0 0] [-0 1 0 0] [0 -0 1 0] [100 50 -570 1] ",
        "cam02": "[1 0 0] [0 1 0] [0 0 1] [100 80 -570]"}}"#;

    #[test]
    fn a_file_alone_or_in_its_folder_gives_the_same_cameras() {
        let dir = tempfile::tempdir().unwrap();
        let scene = dir.path().join("f12_aperture5/scene1");
        let file = scene.join("cameras/camera_extrinsics.json");
        std::fs::create_dir_all(scene.join("cameras")).unwrap();
        std::fs::write(&file, CAMERAS).unwrap();
        let cameras = read_cameras(&file).unwrap();
        assert_eq!(read_cameras(&scene).unwrap(), cameras);
        assert_eq!(cameras[1].name.as_deref(), Some("cam02"));
        assert_eq!(cameras[1].world_from_camera.translation, DVec3::new(1.0, -0.8, -5.7));
        assert!((cameras[0].focal.unwrap() - 12.0 / 23.76).abs() < 1e-12);
    }

    #[test]
    fn cameras_come_with_their_clips_and_a_folder_without_cameras_has_clips_too() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("cameras")).unwrap();
        std::fs::create_dir_all(dir.path().join("videos")).unwrap();
        for name in ["cam02.mp4", "cam01.mp4", "other.mp4"] {
            std::fs::write(dir.path().join("videos").join(name), "x").unwrap();
        }
        assert_eq!(clips_in(dir.path()).unwrap().len(), 3);
        let file = dir.path().join("cameras/camera_extrinsics.json");
        std::fs::write(&file, CAMERAS).unwrap();
        let found = read_cameras_and_clips(dir.path()).unwrap();
        for ((camera, clip), name) in found.iter().zip(["cam01", "cam02"]) {
            assert_eq!((camera.name.as_deref(), clip.file_stem().unwrap().to_str()), (Some(name), Some(name)));
        }
        std::fs::remove_file(dir.path().join("videos/cam02.mp4")).unwrap();
        assert!(matches!(read_cameras_and_clips(dir.path()), Err(CaptureError::NoClipForPose { .. })));
    }

    #[test]
    fn what_is_not_a_rotation_or_not_there_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("rig.json");
        assert!(matches!(read_cameras(&file), Err(CaptureError::Io { .. })));
        std::fs::write(&file, CAMERAS.replace("[0 1 0]", "[0 2 0]")).unwrap();
        let error = read_cameras(&file).unwrap_err().to_string();
        assert!(error.contains("camera cam02") && error.contains("not a rotation"), "{error}");
    }
}
