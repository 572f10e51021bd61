//! How long a fit will take, from sizes alone: work counted in visits of pixels, at speeds measured on two cores.

use crate::config::Level;
use crate::plan::{CaptureSizes, FitPlan, Stage};
use loop3d_scene::TILE;

/// Core-seconds for each visit of a pixel in one frame of the looping stage: campfire's 13 minutes at 640×360, 48 frames, where
/// nearly everything moves, on two cores (docs/EXPERIMENTS.md).
const LOOPING: f64 = 3.0e-7;
/// Core-seconds for each visit of a pixel in the static stage: the rest of campfire's.
const STATIC: f64 = 4.0e-6;
/// Fraction of campfire's time that a scene takes in which little moves: fountain's.
const LITTLE: f64 = 0.5;

/// Least and most seconds that a fit will take on `cores` cores of the processor.
pub fn estimate(sizes: &CaptureSizes, plan: &FitPlan, cores: usize) -> [f64; 2] {
    let pixels: f64 = plan.training.iter().map(|&view| sizes.views[view].pixels()).sum();
    let visits = |stage: Stage| -> f64 {
        let levels = plan.levels.iter().filter(|planned| planned.stage == stage);
        let of_level = |Level { side, epochs, .. }: Level| epochs as f64 * (side * side) as f64 / (TILE * TILE) as f64;
        levels.map(|planned| of_level(planned.level)).sum()
    };
    let looping = visits(Stage::Looping) * plan.frames as f64 * LOOPING;
    let most = pixels * (visits(Stage::Static) * STATIC + looping) / cores.max(1) as f64;
    [LITTLE * most, most]
}
