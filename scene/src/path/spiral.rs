//! The spiral of METHOD §1.6, in the frame of the reference camera.

use crate::{Camera, Scene};
use glam::DVec3;
use std::f64::consts::TAU;

const TURNS: f64 = 2.0;

/// The camera after the fraction `done` of the path, 0 to 1; both ends are the same.
///
/// The published formula, with NEAR and FAR the depths of the first and the last plane:
/// `rad = 0.8·max|t|` per axis over all views, `close = 0.9·NEAR`, `inf = 5·FAR`,
/// `focus = 1/(0.25/close + 0.75/inf)`, `zδ = 0.2·close`; the camera is at
/// `(cos θ·rx, −sin θ·ry, (cos(θ/2)·zδ)²·rz)` and looks at `(0, 0, focus)`.
pub(super) fn camera(scene: &Scene, width: u32, height: u32, done: f64) -> Camera {
    let world_from_reference = scene.reference.world_from_camera;
    let reference_from_world = world_from_reference.inverse();
    let poses = || scene.views.iter().map(|v| reference_from_world * v.camera.world_from_camera);
    let radius = 0.8 * poses().fold(DVec3::ZERO, |r, pose| r.max(pose.translation.abs()));
    let down = poses().map(|pose| pose.matrix3.y_axis).sum::<DVec3>().try_normalize().unwrap_or(DVec3::Y);

    let close = 0.9 * scene.planes.near;
    let focus = scene.planes.focus();
    let angle = TURNS * TAU * done;
    let dolly = (angle / 2.0).cos() * 0.2 * close;
    let position = DVec3::new(angle.cos() * radius.x, -angle.sin() * radius.y, dolly * dolly * radius.z);
    // Cameras that see the planes at all look roughly along z, so this direction exists; the reference's own pose
    // stands in for views that look straight along their common y axis.
    let pose = Camera::pose_looking_at(position, DVec3::Z * focus, -down).unwrap_or_default();
    Camera { world_from_camera: world_from_reference * pose, ..scene.reference.covering(width, height) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::random_scene;
    use crate::{Planes, SceneView};
    use glam::DAffine3;

    #[test]
    fn is_where_the_published_formula_says() {
        let mut scene = random_scene(1, 2, 1, 64, 36);
        scene.planes = Planes { near: 1.0, far: 20.0, count: 2 };
        let at = |x, y, z| SceneView {
            name: String::new(),
            camera: Camera { world_from_camera: DAffine3::from_translation(DVec3::new(x, y, z)), ..scene.reference },
            held_out: false,
        };
        scene.views = vec![at(-0.5, 0.1, 0.2), at(0.3, -0.25, 0.0)];
        // θ = π/2: radii 0.4, 0.2, 0.16; (cos 45°·0.2·0.9)² = 0.0162.
        let camera = camera(&scene, 64, 36, 0.125);
        assert!(camera.position().abs_diff_eq(DVec3::new(0.0, -0.2, 0.0162 * 0.16), 1e-12));
        let focus = 1.0 / (0.25 / 0.9 + 0.75 / 100.0);
        let seen = camera.project(DVec3::new(0.0, 0.0, focus)).unwrap();
        assert!(seen.abs_diff_eq(camera.center_px, 1e-9));
        assert!(camera.world_from_camera.matrix3.y_axis.y > 0.9);
    }

    #[test]
    fn one_view_keeps_the_camera_at_the_reference() {
        let mut scene = random_scene(1, 2, 1, 64, 36);
        scene.views.truncate(1);
        scene.views[0].camera = scene.reference;
        assert_eq!(camera(&scene, 64, 36, 0.3), scene.reference);
    }
}
