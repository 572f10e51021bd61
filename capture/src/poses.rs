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

/// Divides out the scale of a matrix that is a rotation but for it, and returns it; `None` where it is a rotation already, or
/// nothing of the kind.
pub(crate) fn divide_scale(matrix: &mut DMat3) -> Option<f64> {
    let scale = matrix.determinant().cbrt();
    if check_rotation(matrix).is_ok() || !(scale.is_finite() && scale > 0.0) {
        return None;
    }
    let rotation = *matrix * scale.recip();
    check_rotation(&rotation).ok()?;
    *matrix = rotation;
    Some(scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_uniform_scale_is_divided_out() {
        let turn = DMat3::from_rotation_y(0.3) * DMat3::from_rotation_x(0.2);
        let mut scaled = turn * 2.5;
        assert!((divide_scale(&mut scaled).unwrap() - 2.5).abs() < 1e-12);
        assert!(scaled.abs_diff_eq(turn, 1e-12));
        for other in
            [turn, turn * -1.0, DMat3::ZERO, turn * DMat3::from_diagonal([1.0, 2.0, 1.0].into()), turn * f64::NAN]
        {
            let mut matrix = other;
            assert_eq!(divide_scale(&mut matrix), None);
            assert!(matrix == other || other.is_nan());
        }
    }
}
