//! How a view fits the first view of its capture: points that both see, and the cameras that those points ask for.

use super::{Features, PoseErrors, epipolar_residual, pose_errors, relative_pose};
use glam::DAffine3;
use loop3d_scene::Camera;
use serde::Serialize;

/// A view against the first view at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ViewMetrics {
    /// Matched points (Mat.Pix.).
    pub matches: usize,
    /// Median distance of the matches from their epipolar lines under the given cameras, in pixels; `None` without cameras or matches.
    pub epipolar_px: Option<f64>,
    /// RotErr and TransErr: the pose that the matches ask for against the given one, in the cameras' units. `None` where the cameras are
    /// unknown or too few matches agree.
    pub pose: Option<PoseErrors>,
}

impl ViewMetrics {
    /// Compares two views; `cameras` are the first's and the second's.
    #[must_use]
    pub fn of(first: &Features, second: &Features, cameras: Option<[&Camera; 2]>) -> Self {
        let matches = first.matches(second);
        let epipolar_px = cameras.and_then(|[a, b]| epipolar_residual(a, b, &matches).ok());
        let pose = cameras.and_then(|[a, b]| {
            let found = relative_pose(a, b, &matches)?;
            let wanted = a.world_from_camera.inverse() * b.world_from_camera;
            pose_errors(&[DAffine3::IDENTITY, found.pose], &[DAffine3::IDENTITY, wanted]).ok()
        });
        Self { matches: matches.len(), epipolar_px, pose }
    }
}
