//! Exact 3-D tracks: where material points are in every frame, and which views see them.

use super::dice::Dice;
use super::ids;
use super::rig::Standpoint;
use super::scene::Scene;
use super::view::probe;
use glam::{DVec2, DVec3};
use loop3d_scene::Camera;

/// A point may be this far off the surface that a ray meets, of its depth, and still be on that surface.
const SAME_SURFACE: f64 = 4e-3;

/// A point of the scene through a clip.
#[derive(Clone, Debug, PartialEq)]
pub struct Track {
    /// Its place in the world in each frame, in metres.
    pub positions: Vec<DVec3>,
    /// The frames in which it exists. A drop that has landed is gone, and stays where it was.
    pub lifetime: usize,
    /// Whether it moves.
    pub moving: bool,
}

/// What a view sees of a track in one frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sighting {
    /// In pixels; the centre of the first is (½, ½).
    pub pixel: DVec2,
    /// Along the camera's axis.
    pub depth_m: f64,
    /// Whether it exists, is inside of the image and on the surface that is seen there: nothing is before it, and the ray does not
    /// miss it at an edge or hole.
    pub visible: bool,
}

/// `count` points through a clip of `frames`: the first half on what moves, as far as it is material (flames, smoke, clouds and
/// waves are not), the others on still surfaces that the middle camera of `standpoint` sees.
#[must_use]
pub fn tracks(scene: &Scene, standpoint: &Standpoint, count: usize, frames: usize, seed: u64) -> Vec<Track> {
    let dice = &mut Dice::new(seed, 0, 4);
    let out = scene.world_from_stage();
    let mut tracks = Vec::with_capacity(count);
    for _ in 0..count / 2 {
        let choice = [dice.within(0.0, 1.0), dice.within(0.0, 1.0), dice.within(0.0, 1.0)];
        let Some(moving) = scene.moving.iter().find(|moving| moving.point(choice, 0.0).is_some()) else { break };
        let phase = |frame: usize| frame as f32 / frames as f32;
        let same = |frame: &usize| moving.lives(choice, phase(*frame)) == moving.lives(choice, 0.0);
        let lifetime = (0..frames).take_while(same).count();
        let at = |frame: usize| {
            let last = frame.min(lifetime.saturating_sub(1));
            moving.point(choice, phase(last)).map(|point| out * point.as_dvec3())
        };
        if let Some(positions) = (0..frames).map(at).collect() {
            tracks.push(Track { positions, lifetime, moving: true });
        }
    }
    // Wide enough that all views see about the same.
    let camera = standpoint.camera(256, 256);
    for _ in 0..50 * count {
        if tracks.len() >= count {
            break;
        }
        let pixel = DVec2::new(256.0 * dice.unit(), 256.0 * dice.unit());
        let (depth, id) = probe(scene, &camera, pixel, 0.0);
        if !matches!(id, ids::SKY | ids::MOVING) {
            let point = camera.position() + camera.ray(pixel) * f64::from(depth);
            tracks.push(Track { positions: vec![point; frames], lifetime: frames, moving: false });
        }
    }
    tracks
}

impl Track {
    /// What a camera sees of it in a frame. `None` where it is behind the camera.
    #[must_use]
    pub fn seen(&self, scene: &Scene, camera: &Camera, frame: usize) -> Option<Sighting> {
        let point = self.positions[frame];
        let pixel = camera.project(point)?;
        let depth_m = camera.world_from_camera.inverse().transform_point3(point).z;
        let inside =
            pixel.x >= 0.0 && pixel.y >= 0.0 && pixel.x < f64::from(camera.width) && pixel.y < f64::from(camera.height);
        let phase = frame as f32 / self.positions.len() as f32;
        let visible = frame < self.lifetime
            && inside
            && (f64::from(probe(scene, camera, pixel, phase).0) / depth_m - 1.0).abs() < SAME_SURFACE;
        Some(Sighting { pixel, depth_m, visible })
    }
}
