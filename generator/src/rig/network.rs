//! Cameras as the published model takes them (generate-data.md §3): for each view and latent frame the top 3×4 of the pose
//! relative to the first view's at the same time, row by row, positions in units of 2 m.
//!
//! The pose is relative by the true inverse of the first view's matrix, not by its transpose: the files have six digits, so
//! their axes are not quite orthonormal, and the published code inverts them as they are.

use super::{Rig, RigError};
use glam::DAffine3;

/// Metres in the network's unit of length: the published code divides centimetres by 200.
const UNIT_M: f64 = 2.0;

/// The network's input, `[views, frames, 12]`.
#[derive(Clone, Debug, PartialEq)]
pub struct CameraInput {
    /// Number of views, V.
    pub views: usize,
    /// Number of latent frames, f.
    pub frames: usize,
    /// `V · f · 12` numbers.
    pub values: Vec<f32>,
}

impl Rig {
    /// The input for `frames` latent frames; static cameras repeat.
    ///
    /// # Errors
    /// The rig has no camera.
    pub fn network_input(&self, frames: usize) -> Result<CameraInput, RigError> {
        let poses: Vec<DAffine3> = self.cameras.iter().map(|camera| camera.world_from_camera).collect();
        network_input(&vec![poses; frames])
    }
}

/// The input of cameras that may move: for each latent frame (source frames 0, 4, 8, …) the poses of all views, in metres.
///
/// # Errors
/// There is no frame, a frame has no camera, or frames differ in the number of cameras.
pub fn network_input(frames: &[Vec<DAffine3>]) -> Result<CameraInput, RigError> {
    let views = frames.first().map_or(0, Vec::len);
    let mut values = Vec::with_capacity(views * frames.len() * 12);
    for view in 0..views {
        for (time, poses) in frames.iter().enumerate() {
            let (Some(first), Some(pose), true) = (poses.first(), poses.get(view), poses.len() == views) else {
                let found = format!("{} in latent frame {time}", poses.len());
                return Err(RigError::Option { option: "number of cameras", found, expected: views.to_string() });
            };
            let relative = first.inverse() * *pose;
            let t = relative.translation / UNIT_M;
            for row in 0..3 {
                let r = relative.matrix3.row(row);
                values.extend([r.x, r.y, r.z, t[row]].map(|value| value as f32));
            }
        }
    }
    if views == 0 { Err(RigError::Empty) } else { Ok(CameraInput { views, frames: frames.len(), values }) }
}
