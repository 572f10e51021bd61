//! A hand that holds the camera: it stays where it is and turns the camera a little from frame to frame.

use crate::config::{FOCAL, SampleConfig};
use crate::noise::Noise;
use glam::{DMat3, DVec2};
use loop3d_scene::Camera;

/// Farthest that the centre of the image is off the first frame's, in pixels.
pub const SHIFT_PX: f64 = 6.0;
/// Most that the image is turned, in degrees.
pub const TURN_DEGREES: f64 = 0.5;
/// Longest step from frame to frame, in pixels and degrees.
const STEP: (f64, f64) = (2.5, 0.2);

/// A random walk: for each frame of a view's clip the turn from its camera's axes to those of the first frame.
pub fn walk(config: &SampleConfig, view: usize) -> Vec<DMat3> {
    let noise = Noise::new(config.seed).salted(60);
    let (mut shift, mut turn) = (DVec2::ZERO, 0.0f64);
    let step = |frame: usize| {
        if frame > 0 {
            let even = |k: i32| 2.0 * f64::from(noise.uniform(view as i32, frame as i32, k)) - 1.0;
            shift = (shift + STEP.0 * DVec2::new(even(0), even(1))).clamp_length_max(SHIFT_PX);
            turn = (turn + STEP.1 * even(2)).clamp(-TURN_DEGREES, TURN_DEGREES);
        }
        let angles = shift / (FOCAL * f64::from(config.width));
        DMat3::from_rotation_y(angles.x) * DMat3::from_rotation_x(-angles.y) * DMat3::from_rotation_z(turn.to_radians())
    };
    (0..config.frames).map(step).collect()
}

/// A camera turned by one step of a [`walk`].
pub fn turned(camera: &Camera, turn: &DMat3) -> Camera {
    let mut turned = *camera;
    turned.world_from_camera.matrix3 *= *turn;
    turned
}
