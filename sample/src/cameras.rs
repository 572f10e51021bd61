//! Nine cameras on a jittered 3×3 grid, turned to one focus.

use crate::config::{FOCAL, SampleConfig, VIEWS};
use crate::noise::Noise;
use glam::{DAffine3, DMat3, DVec2, DVec3, Vec3};
use loop3d_scene::Camera;

/// About where the middle camera is: at eye height over the ground.
pub const MIDDLE: Vec3 = Vec3::new(0.0, -1.3, 0.0);
/// The point that all cameras turn to, partly.
const FOCUS: DVec3 = DVec3::new(0.0, -0.74, 4.8);
/// Half the size of the grid: horizontally, vertically.
const HALF_GRID: DVec2 = DVec2::new(0.16, 0.09);

/// The cameras, in rows from the top left; view 4 is the middle one.
pub fn cameras(config: &SampleConfig) -> Vec<Camera> {
    let noise = Noise::new(config.seed).salted(50);
    let size = DVec2::new(f64::from(config.width), f64::from(config.height));
    (0..VIEWS)
        .map(|view| {
            let jitter = |k: i32| 2.0 * f64::from(noise.uniform(view as i32, k, 0)) - 1.0;
            let grid = DVec2::new((view % 3) as f64 - 1.0, (view / 3) as f64 - 1.0) * HALF_GRID;
            let offset = DVec3::new(grid.x + 0.02 * jitter(0), grid.y + 0.012 * jitter(1), 0.025 * jitter(2));
            let position = MIDDLE.as_dvec3() + offset;
            // Cameras in hands do not aim at exactly the same point.
            let aim = FOCUS + offset * 0.35 + DVec3::new(0.03 * jitter(3), 0.02 * jitter(4), 0.0);
            let z = (aim - position).normalize();
            let x = DVec3::Y.cross(z).normalize();
            let y = z.cross(x);
            Camera {
                width: config.width,
                height: config.height,
                focal_px: DVec2::splat(FOCAL * size.x),
                center_px: size * 0.5,
                world_from_camera: DAffine3::from_mat3_translation(DMat3::from_cols(x, y, z), position),
            }
        })
        .collect()
}
