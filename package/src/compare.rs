//! How similar two scenes look.

use glam::{DAffine3, DQuat};
use loop3d_scene::{Camera, CameraPath, Scene, Shot, VideoSpec, render};
use serde::Serialize;

/// PSNR of rendered views, in dB over RGB of 8 bits.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Likeness {
    /// Mean over the shots.
    pub mean_db: f64,
    /// The worst shot.
    pub worst_db: f64,
    /// Each shot.
    pub shots_db: Vec<f64>,
}

/// The shots that decide how a scene is coded: every camera of the capture and eight of the spiral around them, each at its own moment of
/// the loop, so that all of it is seen.
pub(crate) fn known_shots(scene: &Scene) -> Vec<Shot> {
    let views = scene.views.iter().map(|view| view.camera);
    at_moments(scene, spiral(scene, 0).chain(views).collect(), 0)
}

/// The shots at which a package is compared: not the cameras that decided how it is coded but ones between them, at other moments. Half-way
/// from each captured view to the next, and half-way along the spiral.
pub fn shots(scene: &Scene) -> Vec<Shot> {
    let between = scene.views.windows(2).map(|pair| between(&pair[0].camera, &pair[1].camera));
    at_moments(scene, spiral(scene, 1).chain(between).collect(), SPIRAL + scene.views.len())
}

/// Cameras of the spiral that decide.
const SPIRAL: usize = 8;

/// Every second camera of the spiral, from the first or the second.
fn spiral(scene: &Scene, first: usize) -> impl Iterator<Item = Camera> {
    let [width, height] = [scene.reference.width, scene.reference.height];
    let spec = VideoSpec { width, height, fps: scene.fps, frames: Some(2 * SPIRAL), start: 0.0 };
    // A valid scene has a spiral: there is nothing to report.
    let shots = CameraPath::Spiral.shots(scene, &spec).unwrap_or_default();
    shots.into_iter().skip(first).step_by(2).map(|shot| shot.camera)
}

/// The camera half-way.
fn between(a: &Camera, b: &Camera) -> Camera {
    let turn = |camera: &Camera| DQuat::from_mat3(&camera.world_from_camera.matrix3);
    let turned = turn(a).slerp(turn(b), 0.5);
    let position = a.position().midpoint(b.position());
    Camera {
        focal_px: a.focal_px.midpoint(b.focal_px),
        center_px: a.center_px.midpoint(b.center_px),
        world_from_camera: DAffine3::from_rotation_translation(turned, position),
        ..*a
    }
}

/// Each camera at its own moment: the moments after the first `before` of one sequence. Some lie between frames.
fn at_moments(scene: &Scene, cameras: Vec<Camera>, before: usize) -> Vec<Shot> {
    let shot = |(index, camera)| {
        // Steps of the golden ratio spread any number of moments evenly over the loop; to halves of frames.
        let part = ((index + before) as f64 * 0.618_033_988_75 + 0.03).fract();
        Shot { camera, time: (2.0 * part * scene.frames as f64).floor() / 2.0 }
    };
    cameras.into_iter().enumerate().map(shot).collect()
}

/// Renders both scenes at each shot.
pub fn compare(master: &Scene, other: &Scene, shots: &[Shot]) -> Likeness {
    let psnr = |shot: &Shot| {
        let [a, b] = [master, other].map(|scene| render(scene, &shot.camera, shot.time).to_rgb8());
        let squares: u64 = a.iter().zip(&b).map(|(&a, &b)| u64::from(a.abs_diff(b)).pow(2)).sum();
        // Equal images would have an infinite PSNR.
        let mse = (squares as f64 / a.len().max(1) as f64).max(1e-4);
        10.0 * (255.0 * 255.0 / mse).log10()
    };
    let shots_db: Vec<f64> = shots.iter().map(psnr).collect();
    let mean_db = shots_db.iter().sum::<f64>() / shots_db.len().max(1) as f64;
    Likeness { mean_db, worst_db: shots_db.iter().copied().fold(f64::INFINITY, f64::min), shots_db }
}

#[cfg(test)]
mod tests {
    use super::*;
    use loop3d_scene::{Planes, SceneView, TileTable};

    #[test]
    fn what_is_compared_was_not_known() {
        let reference = Camera {
            width: 32,
            height: 16,
            focal_px: [30.0, 30.0].into(),
            center_px: [16.0, 8.0].into(),
            world_from_camera: DAffine3::IDENTITY,
        };
        let view = |x: f64, turn: f64| SceneView {
            name: String::new(),
            camera: Camera {
                world_from_camera: DAffine3::from_rotation_translation(
                    DQuat::from_rotation_y(turn),
                    [x, 0.1, 0.0].into(),
                ),
                ..reference
            },
            held_out: false,
        };
        let scene = Scene {
            reference,
            planes: Planes { near: 1.0, far: 4.0, count: 2 },
            tiles: TileTable::empty(2, 1, 1, [0, 0]),
            fps: 25.0,
            frames: 48,
            static_texels: Vec::new(),
            looping_texels: Vec::new(),
            views: vec![view(-0.2, 0.1), view(0.0, 0.0), view(0.4, -0.2)],
            fit: serde_json::Value::Null,
        };
        let (known, others) = (known_shots(&scene), shots(&scene));
        assert_eq!((known.len(), others.len()), (8 + 3, 8 + 2));
        for shot in &others {
            let far = |other: &Shot| shot.camera.position().distance(other.camera.position()) > 0.01;
            assert!(known.iter().all(|other| far(other) && other.time != shot.time), "{shot:?}");
            assert!(shot.camera.position().x.abs() <= 0.4 && (0.0..48.0).contains(&shot.time));
        }
        let middle = others[9].camera;
        assert!(middle.position().abs_diff_eq([0.2, 0.1, 0.0].into(), 1e-12));
        let ahead = middle.world_from_camera.matrix3.z_axis;
        assert!((ahead.x - (-0.1f64).sin()).abs() < 1e-9, "{ahead}");
    }
}
