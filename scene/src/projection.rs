//! Where the ray through a pixel of any camera meets each plane, in pixels of the reference camera.
//!
//! A plane is a homography of the image (METHOD §2.6, D3), but the planes are parallel to each other, so the
//! work splits: let `r = R·K⁻¹·(x, y, 1)` be the pixel's ray and `c` the camera's centre, both in the axes of the
//! reference camera. The *slopes* `a = r_x/r_z`, `b = r_y/r_z` belong to the pixel alone, and on the plane at depth d
//! the ray is at `c + (d − c_z)·(a, b, 1)`, which the reference camera sees at
//!
//! ```text
//! x_ref = (fx·c_x/d + cx) + fx·(1 − c_z/d)·a        y_ref = (fy·c_y/d + cy) + fy·(1 − c_z/d)·b
//! ```
//!
//! so a pixel costs one division, and each of its planes two multiply-adds.

use crate::{Camera, Planes};
use glam::{DMat3, DVec2, DVec3};
use std::ops::Range;

/// The map of one plane: `x_ref = offset + scale·slope`, for x and y.
#[derive(Clone, Copy, Debug)]
struct PlaneMap {
    offset: DVec2,
    scale: DVec2,
}

/// Projects pixels of one camera onto the planes of a scene. See the module's formula.
#[derive(Clone, Debug)]
pub struct PlaneProjector {
    /// Takes (x, y, 1) of a pixel to its ray in reference axes.
    ray_from_pixel: DMat3,
    maps: Vec<PlaneMap>,
    first: usize,
}

impl PlaneProjector {
    /// The projector of `target`'s pixels onto `planes`, which are given in the frame of `reference`.
    pub fn new(reference: &Camera, planes: &Planes, target: &Camera) -> Self {
        let reference_from_target = reference.world_from_camera.inverse() * target.world_from_camera;
        let inverse_focal = target.focal_px.recip();
        let camera_from_pixel = DMat3::from_cols(
            DVec3::new(inverse_focal.x, 0.0, 0.0),
            DVec3::new(0.0, inverse_focal.y, 0.0),
            (-target.center_px * inverse_focal).extend(1.0),
        );
        let c = reference_from_target.translation;
        let maps = (0..planes.count).map(|k| {
            let depth = planes.depth(k);
            PlaneMap {
                offset: reference.focal_px * c.truncate() / depth + reference.center_px,
                scale: reference.focal_px * (1.0 - c.z / depth),
            }
        });
        let first = (0..planes.count).find(|&k| planes.depth(k) > c.z).unwrap_or(planes.count);
        Self { ray_from_pixel: reference_from_target.matrix3 * camera_from_pixel, maps: maps.collect(), first }
    }

    /// The planes in front of the camera, nearest first; the planes before this range lie behind its centre.
    #[inline]
    pub fn planes(&self) -> Range<usize> {
        self.first..self.maps.len()
    }

    /// Slopes (a, b) of the ray through the point (x, y) of the image (the centre of pixel (i, j) is (i + ½, j + ½)),
    /// or `None` where the ray runs away from the planes or along them.
    #[inline]
    pub fn pixel_slopes(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        let ray = self.ray_from_pixel.x_axis * x + (self.ray_from_pixel.y_axis * y + self.ray_from_pixel.z_axis);
        if ray.z <= 0.0 {
            return None;
        }
        let inverse = 1.0 / ray.z;
        Some((ray.x * inverse, ray.y * inverse))
    }

    /// Where a ray of slopes (a, b) meets plane `k`, in pixels of the reference camera. Meaningful for `k` in
    /// [`planes`](Self::planes) only.
    #[inline]
    pub fn on_plane(&self, k: usize, a: f64, b: f64) -> (f64, f64) {
        let PlaneMap { offset, scale } = self.maps[k];
        (offset.x + scale.x * a, offset.y + scale.y * b)
    }

    /// Takes (x, y, 1) of a pixel to its ray (r_x, r_y, r_z) in reference axes, whose slopes are r_x/r_z and r_y/r_z. For
    /// renderers that project themselves.
    pub fn ray_from_pixel(&self) -> DMat3 {
        self.ray_from_pixel
    }

    /// Offset and scale of plane `k`: `x_ref = offset + scale·slope`, for x and y.
    pub fn plane_map(&self, k: usize) -> (DVec2, DVec2) {
        let PlaneMap { offset, scale } = self.maps[k];
        (offset, scale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Random, camera_near, reference};
    use glam::DQuat;

    const PLANES: Planes = Planes { near: 0.9, far: 26.674, count: 32 };

    #[test]
    fn depth_of_plane_4_is_that_of_the_published_scene() {
        // METHOD §2.1.
        assert!((PLANES.depth(4) - 1.0282).abs() < 5e-5, "{}", PLANES.depth(4));
        assert!((PLANES.depth(0) - 0.9).abs() < 1e-12);
        assert!((PLANES.depth(31) - 26.674).abs() < 1e-9);
    }

    #[test]
    fn agrees_with_the_homography_of_each_plane() {
        let mut random = Random::new(1);
        for _ in 0..20 {
            let mut reference = reference(640, 360);
            reference.world_from_camera = camera_near(&mut random, &reference, 1.0, 0.5).world_from_camera;
            let target = camera_near(&mut random, &reference, 0.2, 0.15);
            let projector = PlaneProjector::new(&reference, &PLANES, &target);
            let intrinsics = |c: &Camera| {
                DMat3::from_cols(
                    DVec3::X * c.focal_px.x,
                    DVec3::Y * c.focal_px.y,
                    DVec3::new(c.center_px.x, c.center_px.y, 1.0),
                )
            };
            let relative = target.world_from_camera.inverse() * reference.world_from_camera;
            assert_eq!(projector.planes(), 0..32);
            for k in [0, 4, 17, 31] {
                // Hom = K·(R + t·nᵀ/d)·K_ref⁻¹ with n = (0, 0, 1): t/d is added to the third column (METHOD §2.6).
                let mut plane = relative.matrix3;
                plane.z_axis += relative.translation / PLANES.depth(k);
                let reference_from_target = (intrinsics(&target) * plane * intrinsics(&reference).inverse()).inverse();
                for (x, y) in [(0.5, 0.5), (639.5, 0.5), (320.0, 180.0), (17.25, 333.75)] {
                    let (a, b) = projector.pixel_slopes(x, y).unwrap();
                    let found = projector.on_plane(k, a, b);
                    let p = reference_from_target * DVec3::new(x, y, 1.0);
                    assert!((found.0 - p.x / p.z).abs() < 1e-7 && (found.1 - p.y / p.z).abs() < 1e-7);
                }
            }
        }
    }

    #[test]
    fn agrees_with_points_projected_in_both_cameras() {
        let mut random = Random::new(2);
        let reference = reference(640, 360);
        for _ in 0..50 {
            let target = camera_near(&mut random, &reference, 0.3, 0.2);
            let projector = PlaneProjector::new(&reference, &PLANES, &target);
            let k = random.below(32);
            let d = PLANES.depth(k);
            let point = DVec3::new(random.between(-0.5, 0.5) * d, random.between(-0.3, 0.3) * d, d);
            let (seen, expected) = (target.project(point).unwrap(), reference.project(point).unwrap());
            let (a, b) = projector.pixel_slopes(seen.x, seen.y).unwrap();
            let found = projector.on_plane(k, a, b);
            assert!((found.0 - expected.x).abs() < 1e-8 && (found.1 - expected.y).abs() < 1e-8);
        }
    }

    #[test]
    fn the_reference_camera_sees_its_own_pixels() {
        let mut reference = reference(640, 360);
        reference.world_from_camera.matrix3 = DMat3::from_quat(DQuat::from_rotation_y(0.4));
        let projector = PlaneProjector::new(&reference, &PLANES, &reference);
        let (a, b) = projector.pixel_slopes(123.5, 77.5).unwrap();
        for k in 0..32 {
            let (x, y) = projector.on_plane(k, a, b);
            assert!((x - 123.5).abs() < 1e-9 && (y - 77.5).abs() < 1e-9);
        }
    }

    #[test]
    fn planes_behind_the_camera_and_rays_away_from_planes_are_left_out() {
        let reference = reference(640, 360);
        let mut target = reference;
        target.world_from_camera.translation.z = 1.0; // planes 0..=3 are nearer than 1: depth of 4 is 1.0282
        assert_eq!(PlaneProjector::new(&reference, &PLANES, &target).planes(), 4..32);
        target.world_from_camera.translation.z = 30.0;
        assert!(PlaneProjector::new(&reference, &PLANES, &target).planes().is_empty());
        target.world_from_camera.matrix3 = DMat3::from_rotation_y(std::f64::consts::PI);
        assert_eq!(PlaneProjector::new(&reference, &PLANES, &target).pixel_slopes(320.0, 180.0), None);
    }
}
