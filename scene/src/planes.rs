//! The planes of a scene: fronto-parallel to the reference camera, evenly spaced in disparity.

use serde::{Deserialize, Serialize};

/// The most planes that a fit makes and the GPU renderer draws: `shaders/tiles.wgsl` keeps the maps of as many in one uniform
/// buffer.
pub const MAX_PLANES: usize = 256;

/// Plane 0 is the nearest. Depths are along the reference camera's z axis, in world units.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Planes {
    /// Depth of plane 0.
    pub near: f64,
    /// Depth of the last plane.
    pub far: f64,
    /// Number of planes, at least 2.
    pub count: usize,
}

impl Planes {
    /// Depth that paths look at and that a person's camera turns around (METHOD §1.6), with `close` = 0.9·near and `inf` = 5·far:
    /// `1 / (0.25/close + 0.75/inf)`.
    pub fn focus(&self) -> f64 {
        1.0 / (0.25 / (0.9 * self.near) + 0.75 / (5.0 * self.far))
    }

    /// Depth of `plane` (METHOD §2.1): `1 / (1/near − k·(1/near − 1/far)/(count − 1))`.
    pub fn depth(&self, plane: usize) -> f64 {
        let step = (1.0 / self.near - 1.0 / self.far) / (self.count - 1) as f64;
        1.0 / (1.0 / self.near - plane as f64 * step)
    }
}
