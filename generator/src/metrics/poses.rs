//! RotErr and TransErr: estimated camera poses against the wanted ones.
//!
//! All poses are taken relative to the first camera. RotErr = mean arccos((tr(R_est·R_gtᵀ) − 1) / 2), radians. TransErr =
//! mean ‖s·t_est − t_gt‖, where the one scale s for all cameras is that of least squares, because an estimate from images has no
//! scale. The first camera is left out of both means.

use super::error::{MetricError, at_least, equal};
use glam::{DAffine3, DVec3};
use serde::Serialize;

/// How far estimated poses are off.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PoseErrors {
    /// RotErr, radians.
    pub rotation: f64,
    /// TransErr, in units of the wanted poses.
    pub translation: f64,
    /// What the estimated positions were multiplied with; at least 0.
    pub scale: f64,
}

/// Compares poses `world_from_camera`, each list in its own world.
///
/// # Errors
/// Fewer than two cameras, or lists of unequal length.
pub fn pose_errors(estimated: &[DAffine3], wanted: &[DAffine3]) -> Result<PoseErrors, MetricError> {
    at_least("RotErr", "cameras", wanted.len(), 2)?;
    equal("RotErr", "number of estimated cameras", &estimated.len(), &wanted.len())?;
    let relative = |poses: &[DAffine3]| -> Vec<DAffine3> {
        let first = poses[0].inverse();
        poses[1..].iter().map(|pose| first * *pose).collect()
    };
    let (estimated, wanted) = (relative(estimated), relative(wanted));
    let pairs = || estimated.iter().zip(&wanted);
    let n = wanted.len() as f64;
    let angle = |(a, b): (&DAffine3, &DAffine3)| {
        let turn = a.matrix3 * b.matrix3.transpose();
        let cos = (turn.x_axis.x + turn.y_axis.y + turn.z_axis.z - 1.0) / 2.0;
        // The same angle as arccos gives, without its rounding near 0.
        let skew =
            DVec3::new(turn.y_axis.z - turn.z_axis.y, turn.z_axis.x - turn.x_axis.z, turn.x_axis.y - turn.y_axis.x);
        (skew.length() / 2.0).atan2(cos)
    };
    let along: f64 = pairs().map(|(a, b)| a.translation.dot(b.translation)).sum();
    let square: f64 = estimated.iter().map(|a| a.translation.length_squared()).sum();
    let scale = if square > 0.0 { (along / square).max(0.0) } else { 0.0 };
    let rotation = pairs().map(angle).sum::<f64>() / n;
    let translation = pairs().map(|(a, b)| (scale * a.translation).distance(b.translation)).sum::<f64>() / n;
    Ok(PoseErrors { rotation, translation, scale })
}
