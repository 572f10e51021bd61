//! LLFF's `poses_bounds.npy`, with N3DV's and VideoLoop3D's arrangements of clips: row *i* belongs to the *i*-th clip by name.

use crate::error::{CaptureError, all};
use crate::lens::Lens;
use crate::npy;
use crate::poses::Pose;
use crate::raw::{Intrinsics, RawCapture, RawView};
use std::path::Path;

/// The file of poses in a capture.
pub(crate) const POSES: &str = "poses_bounds.npy";

/// Reads the file.
pub(crate) fn read(file: &Path) -> Result<RawCapture, CaptureError> {
    let bytes = std::fs::read(file).map_err(|source| CaptureError::Io { file: file.to_owned(), source })?;
    let rows = npy::rows(&bytes).map_err(|problem| CaptureError::BadNpy { file: file.to_owned(), problem })?;
    let view = |(row, values)| {
        let bad = |problem| CaptureError::Bad { file: file.to_owned(), place: format!("row {row}"), problem };
        let Pose { camera, near, far } = Pose::from_row(values).map_err(bad)?;
        Ok(RawView {
            name: None,
            place: format!("row {row}"),
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
