//! A pinhole camera. OpenCV axes (x right, y down, z forward), pixel-corner origin: the centre of
//! pixel (column i, row j) is (i + ½, j + ½).

use glam::{DAffine3, DVec2, DVec3};
use serde::{Deserialize, Serialize};

/// A pinhole camera with its pose. No lens distortion.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Camera {
    /// Image width in pixels.
    pub width: u32,
    /// Image height in pixels.
    pub height: u32,
    /// Focal length in pixels, horizontal and vertical.
    pub focal_px: DVec2,
    /// Principal point in pixels.
    pub center_px: DVec2,
    /// Pose: takes a point in camera axes to the world.
    pub world_from_camera: DAffine3,
}

impl Camera {
    /// The same camera with pictures of `width` × `height` pixels: focal lengths and the principal
    /// point scale by the exact size ratios.
    pub fn resized(&self, width: u32, height: u32) -> Self {
        let scale = DVec2::new(f64::from(width) / f64::from(self.width), f64::from(height) / f64::from(self.height));
        Self { width, height, focal_px: self.focal_px * scale, center_px: self.center_px * scale, ..*self }
    }

    /// Centre of projection in the world.
    pub fn position(&self) -> DVec3 {
        self.world_from_camera.translation
    }

    /// Pixel of a point in the world, or `None` at or behind the camera plane.
    pub fn project(&self, point_in_world: DVec3) -> Option<DVec2> {
        let p = self.world_from_camera.inverse().transform_point3(point_in_world);
        (p.z > 0.0).then(|| p.truncate() / p.z * self.focal_px + self.center_px)
    }

    /// Direction in the world (not normalised: z = 1 in camera axes) of the ray through `pixel`.
    pub fn ray(&self, pixel: DVec2) -> DVec3 {
        let d = (pixel - self.center_px) / self.focal_px;
        self.world_from_camera.transform_vector3(d.extend(1.0))
    }
}
