//! The point that cameras look at: the one nearest to all lines of sight, in the sense of least squares.
//!
//! Σᵢ (I − fᵢfᵢᵀ)(p − cᵢ) = 0 with positions c and unit directions f. Parallel lines leave p free along them, so a weak pull
//! holds it at the given distance in front of the reference.

use super::RigCamera;
use glam::{DMat3, DVec3};

/// Weight of the pull: lines of sight that differ by a tenth of a degree (weight 3e-6 a camera) overrule it.
const PULL: f64 = 1e-8;

/// The common point of `cameras`, or the point `distance` metres in front of the first where all look the same way. `None` for no cameras.
pub(super) fn of(cameras: &[RigCamera], distance: f64) -> Option<DVec3> {
    let first = cameras.first()?.world_from_camera;
    let ahead = first.translation + distance * first.matrix3.z_axis.normalize();
    let (mut sum, mut pulled) = (DMat3::from_diagonal(DVec3::splat(PULL)), DVec3::ZERO);
    for camera in cameras {
        let forward = camera.world_from_camera.matrix3.z_axis.normalize();
        let across = DMat3::IDENTITY - DMat3::from_cols(forward * forward.x, forward * forward.y, forward * forward.z);
        sum += across;
        // Relative to the prior, so that worlds far from the origin lose no digits.
        pulled += across * (camera.world_from_camera.translation - ahead);
    }
    Some(ahead + sum.inverse() * pulled)
}
