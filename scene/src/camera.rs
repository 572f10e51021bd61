//! A pinhole camera. OpenCV axes (x right, y down, z forward), pixel-corner origin: the centre of
//! pixel (column i, row j) is (i + ½, j + ½).

use glam::{DAffine3, DMat3, DVec2, DVec3};
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
    /// The same camera with images of `width` × `height` pixels: focal lengths and the principal
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

impl Camera {
    /// The same camera with images of any size and no stretching: they are filled, and what does not fit the new shape is
    /// cropped evenly on both sides.
    pub fn covering(&self, width: u32, height: u32) -> Self {
        let old = DVec2::new(f64::from(self.width), f64::from(self.height));
        let new = DVec2::new(f64::from(width), f64::from(height));
        let scale = (new / old).max_element();
        let center_px = self.center_px * scale + (new - old * scale) / 2.0;
        Self { width, height, focal_px: self.focal_px * scale, center_px, ..*self }
    }

    /// The pose of a camera at `position` that looks at `target`, with the image's upper edge towards `up` (world
    /// axes). `None` where that gives no direction: the target at the position, or `up` along the line of sight.
    pub fn pose_looking_at(position: DVec3, target: DVec3, up: DVec3) -> Option<DAffine3> {
        let z = (target - position).try_normalize()?;
        let x = (-up).try_normalize()?.cross(z);
        // Nearly parallel directions would give an axis of rounding noise.
        let x = if x.length() > 1e-9 { x.normalize() } else { return None };
        Some(DAffine3::from_mat3_translation(DMat3::from_cols(x, z.cross(x), z), position))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::reference;

    #[test]
    fn covering_keeps_pixels_square_and_crops_evenly() {
        let camera = reference(640, 360);
        assert_eq!(camera.covering(1280, 720), camera.resized(1280, 720));
        let square = camera.covering(360, 360);
        assert_eq!((square.focal_px, square.center_px), (camera.focal_px, DVec2::splat(180.0)));
        let wide = camera.covering(1280, 360);
        assert_eq!((wide.focal_px, wide.center_px), (2.0 * camera.focal_px, DVec2::new(640.0, 180.0)));
    }

    #[test]
    fn a_camera_that_looks_at_a_point_has_it_in_the_middle_and_up_is_up() {
        let mut camera = reference(640, 360);
        let (position, target) = (DVec3::new(1.0, -2.0, 0.5), DVec3::new(0.0, 1.0, 4.0));
        let up = DVec3::NEG_Y;
        camera.world_from_camera = Camera::pose_looking_at(position, target, up).unwrap();
        assert!(camera.project(target).unwrap().abs_diff_eq(DVec2::new(320.0, 180.0), 1e-9));
        let above = camera.project(target + 0.1 * up).unwrap();
        assert!((above.x - 320.0).abs() < 1e-9 && above.y < 179.0);
        assert!((camera.world_from_camera.matrix3.determinant() - 1.0).abs() < 1e-12);
        assert_eq!(Camera::pose_looking_at(position, position, up), None);
        assert_eq!(Camera::pose_looking_at(position, position + up, up), None);
        let ahead = Camera::pose_looking_at(DVec3::ZERO, DVec3::Z, DVec3::NEG_Y).unwrap();
        assert_eq!(ahead, DAffine3::IDENTITY);
    }
}
