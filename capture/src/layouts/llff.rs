//! LLFF's `poses_bounds.npy`, with N3DV's and VideoLoop3D's arrangements of clips: row *i* belongs to the *i*-th clip by name.

mod npy;
mod row;

pub use npy::{NpyArray, read_npy};

use super::layout::{Layout, LensOptions, PosedScene, Writer, here, number};
use crate::error::{CaptureError, all};
use crate::lens::Lens;
use crate::poses::Pose;
use crate::raw::{Intrinsics, RawCapture, RawView};
use std::path::{Path, PathBuf};

/// The file of poses in a capture.
const POSES: &str = "poses_bounds.npy";

/// Found by its file.
pub(super) const LAYOUT: Layout =
    Layout { name: "llff", sign: POSES, find, read, surrounds: false, writers: &[WRITER, N3DV] };

/// Clips in `videos/`.
pub(super) const WRITER: Writer =
    Writer { name: "llff", capture: here, clips: "videos", clip_name: number, files: &[POSES], contents };

/// Clips beside the poses.
const N3DV: Writer = Writer { name: "n3dv", clips: "", clip_name: |index, _| format!("cam{index:02}"), ..WRITER };

fn find(dir: &Path) -> Option<PathBuf> {
    Some(dir.join(POSES)).filter(|file| file.is_file())
}

fn read(file: &Path, _: LensOptions) -> Result<RawCapture, CaptureError> {
    let bytes = std::fs::read(file).map_err(|source| CaptureError::Io { file: file.to_owned(), source })?;
    let rows = npy::rows(&bytes).map_err(|problem| CaptureError::BadNpy { file: file.to_owned(), problem })?;
    let view = |(index, values)| {
        let bad = |problem| CaptureError::Bad { file: file.to_owned(), place: format!("row {index}"), problem };
        let Pose { camera, near, far } = row::read(values).map_err(bad)?;
        Ok(RawView {
            name: None,
            place: format!("row {index}"),
            world_from_camera: camera.world_from_camera,
            intrinsics: Intrinsics::Pixels {
                size: Some((camera.width, camera.height)),
                focal_px: camera.focal_px,
                center_px: Some(camera.center_px),
            },
            lens: Lens::Pinhole,
            bounds: Some([near, far]),
        })
    };
    let views = all(rows.iter().enumerate().map(view))?;
    Ok(RawCapture { file: file.to_owned(), views, points: Vec::new(), notes: Vec::new() })
}

fn contents(scene: &PosedScene) -> Vec<Vec<u8>> {
    let rows: Vec<_> =
        scene.cameras.iter().zip(&scene.bounds).map(|(camera, &bounds)| row::write(camera, bounds)).collect();
    vec![npy::matrix(&rows)]
}
