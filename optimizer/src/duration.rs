//! How long a fit will take, from sizes alone: work counted in visits of pixels, and speeds seen on two cores.

use crate::config::{FitConfig, Level};
use crate::fit::loop_frames;
use loop3d_capture::{PosedCapture, PosedView};
use loop3d_scene::TILE;

/// Core-seconds for each visit of a pixel in one frame of the looping stage: campfire's 13 minutes at 640×360, 48 frames, where
/// nearly everything moves, on two cores (docs/BENCHMARKS.md).
const LOOPING: f64 = 3.0e-7;
/// Core-seconds for each visit of a pixel in the static stage: the rest of campfire's.
const STILL: f64 = 4.0e-6;
/// Share of campfire's time that a scene takes in which little moves: fountain's.
const LITTLE: f64 = 0.5;

/// Least and most seconds that a fit of the views `training` (indices into `posed`) will take on `cores` cores of the processor.
pub fn estimate(posed: &PosedCapture, training: &[usize], config: &FitConfig, cores: usize) -> [f64; 2] {
    let views: Vec<&PosedView> = training.iter().filter_map(|&index| posed.views.get(index)).collect();
    let pixels: f64 = views.iter().map(|v| f64::from(v.camera.width) * f64::from(v.camera.height)).sum();
    let shortest = views.iter().map(|v| v.frames.unwrap_or(usize::MAX)).min().unwrap_or(1);
    let frames = loop_frames(config, posed.fps, shortest) as f64;
    let height = views.first().map_or(1, |v| v.camera.height);
    let schedule = config.preset.schedule(height, training.len());
    let visits = |levels: &[Level]| -> f64 {
        levels.iter().map(|level| level.epochs as f64 * (level.side * level.side) as f64 / (TILE * TILE) as f64).sum()
    };
    let looping = if frames > 1.0 { visits(&schedule.looping) * frames * LOOPING } else { 0.0 };
    let most = pixels * (visits(&schedule.still) * STILL + looping) / cores.max(1) as f64;
    [LITTLE * most, most]
}
