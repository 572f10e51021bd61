//! How alike two scenes look.

use loop3d_scene::{CameraPath, Film, Scene, Shot, render};
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

/// Places to compare from: every camera of the capture, and eight of the spiral around them, each at its own moment of the
/// loop, so that all of it is seen. Some moments lie between frames.
pub fn shots(scene: &Scene) -> Vec<Shot> {
    let [width, height] = [scene.reference.width, scene.reference.height];
    let film = |frames| Film { width, height, fps: scene.fps, frames: Some(frames), start: 0.0 };
    // A valid scene has a spiral and its own views: there is nothing to report.
    let mut shots = CameraPath::Spiral.shots(scene, &film(8)).unwrap_or_default();
    for view in 0..scene.views.len() {
        shots.extend(CameraPath::View(view).shots(scene, &film(1)).unwrap_or_default());
    }
    let count = shots.len() as f64;
    for (index, shot) in shots.iter_mut().enumerate() {
        // Steps of the golden ratio spread any number of shots evenly over the loop; to halves of frames.
        let part = (index as f64 * 0.618_033_988_75 + 0.5 / count).fract();
        shot.time = (2.0 * part * scene.frames as f64).floor() / 2.0;
    }
    shots
}

/// Renders both scenes at each shot.
pub fn compare(master: &Scene, other: &Scene, shots: &[Shot]) -> Likeness {
    let psnr = |shot: &Shot| {
        let [a, b] = [master, other].map(|scene| render(scene, &shot.camera, shot.time).to_rgb8());
        let squares: u64 = a.iter().zip(&b).map(|(&a, &b)| u64::from(a.abs_diff(b)).pow(2)).sum();
        // Equal pictures would have no end.
        let mse = (squares as f64 / a.len().max(1) as f64).max(1e-4);
        10.0 * (255.0 * 255.0 / mse).log10()
    };
    let shots_db: Vec<f64> = shots.iter().map(psnr).collect();
    let mean_db = shots_db.iter().sum::<f64>() / shots_db.len().max(1) as f64;
    Likeness { mean_db, worst_db: shots_db.iter().copied().fold(f64::INFINITY, f64::min), shots_db }
}
