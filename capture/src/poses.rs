//! Poses with depth bounds, and the check that axes are a rotation.

use glam::DMat3;
use loop3d_scene::Camera;

/// How far RᵀR may be from the identity in any element, and the determinant from 1. Poses written as `f4` stay within
/// 1e-6 and hand-rounded ones (three decimals) within 2e-3; a scaled, sheared or mirrored matrix is far outside.
const ROTATION_TOLERANCE: f64 = 2e-3;

/// A camera and the depth bounds of what it sees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pose {
    pub camera: Camera,
    pub near: f64,
    pub far: f64,
}

/// Checks that a matrix is a rotation. The error says what was found and what was expected.
pub(crate) fn check_rotation(rotation: &DMat3) -> Result<(), String> {
    let gram = rotation.transpose() * *rotation;
    let error = (gram - DMat3::IDENTITY).to_cols_array().iter().fold(0.0, |worst: f64, e| worst.max(e.abs()));
    let determinant = rotation.determinant();
    // NaN fails the second test; `f64::max` above skips it.
    if error <= ROTATION_TOLERANCE && (determinant - 1.0).abs() <= ROTATION_TOLERANCE {
        return Ok(());
    }
    Err(format!(
        "a matrix that is not a rotation: determinant {determinant:.4}, RᵀR off the identity by {error:.4}; expected 1 and 0 \
         (within {ROTATION_TOLERANCE}); check the axis convention of the exporter, or export the poses again"
    ))
}
