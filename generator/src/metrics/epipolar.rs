//! Epipolar residual: how well points that were matched between two views fit the cameras that were asked for, in pixels.
//!
//! Symmetric distance of a match (p, q): the larger of the distances of q to p's epipolar line and of p to q's. The residual is the
//! median over all matches. Matches are an input, whoever found them.

use super::error::{MetricError, at_least};
use glam::{DMat3, DVec2, DVec3};
use loop3d_scene::Camera;

/// One point in two views, in pixels (centres at halves).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Match {
    /// In the first view.
    pub first: DVec2,
    /// In the second.
    pub second: DVec2,
}

/// The median symmetric distance of matches to their epipolar lines, in pixels. 0 where the cameras are at one place, which
/// has no such lines.
///
/// # Errors
/// An empty list of matches.
pub fn epipolar_residual(first: &Camera, second: &Camera, matches: &[Match]) -> Result<f64, MetricError> {
    at_least("epipolar residual", "matches", matches.len(), 1)?;
    let second_from_first = second.world_from_camera.inverse() * first.world_from_camera;
    let t = second_from_first.translation;
    let cross = DMat3::from_cols(DVec3::new(0.0, t.z, -t.y), DVec3::new(-t.z, 0.0, t.x), DVec3::new(t.y, -t.x, 0.0));
    let (k_first, k_second) = (intrinsics(first).inverse(), intrinsics(second).inverse());
    // qᵀ·F·p = 0
    let fundamental = k_second.transpose() * cross * second_from_first.matrix3 * k_first;
    let distance = |point: DVec2, line: DVec3| {
        let length = line.truncate().length();
        if length > 0.0 { line.dot(point.extend(1.0)).abs() / length } else { 0.0 }
    };
    let symmetric = |m: &Match| {
        let in_second = distance(m.second, fundamental * m.first.extend(1.0));
        in_second.max(distance(m.first, fundamental.transpose() * m.second.extend(1.0)))
    };
    let mut distances: Vec<f64> = matches.iter().map(symmetric).collect();
    distances.sort_by(f64::total_cmp);
    let middle = distances.len() / 2;
    let upper = distances[middle];
    Ok(if distances.len() % 2 == 1 { upper } else { (distances[middle - 1] + upper) / 2.0 })
}

fn intrinsics(camera: &Camera) -> DMat3 {
    let (f, c) = (camera.focal_px, camera.center_px);
    DMat3::from_cols(DVec3::new(f.x, 0.0, 0.0), DVec3::new(0.0, f.y, 0.0), DVec3::new(c.x, c.y, 1.0))
}
