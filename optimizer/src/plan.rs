//! What a fit will do, worked out once from sizes alone: which views it fits to, how long the loop is, where the planes are,
//! and which levels it runs. The fit follows the plan; its memory, its duration and the doctor's report are read off it.

use crate::config::{FitConfig, Level, Schedule};
use crate::error::FitError;
use crate::layout::Layout;
use crate::training::training_views;
use loop3d_capture::{Capture, PosedCapture};
use loop3d_scene::Camera;

/// Longest loop that is chosen without `--frames`, in seconds.
const LOOP_SECONDS: f64 = 2.0;
/// Frames assumed for a video whose container does not say how many it has.
const UNKNOWN_FRAMES: usize = 600;

/// Sizes of a capture, before or after its pixels are loaded.
#[derive(Clone, Debug)]
pub struct CaptureSizes {
    /// All views, held-out ones included.
    pub views: Vec<ViewSizes>,
    /// Frames per second.
    pub fps: f64,
    /// Nearest depth, normalised.
    pub near: f64,
    /// Farthest depth, normalised.
    pub far: f64,
}

/// Sizes of one view.
#[derive(Clone, Copy, Debug)]
pub struct ViewSizes {
    /// The camera at the size that is fitted.
    pub camera: Camera,
    /// Frames of the clip.
    pub frames: usize,
}

impl ViewSizes {
    /// Pixels of an image.
    pub fn pixels(&self) -> f64 {
        f64::from(self.camera.width) * f64::from(self.camera.height)
    }

    /// Bytes of the whole clip: 8-bit RGB.
    pub fn clip_bytes(&self) -> f64 {
        self.pixels() * 3.0 * self.frames as f64
    }
}

impl From<&PosedCapture> for CaptureSizes {
    fn from(posed: &PosedCapture) -> Self {
        let view = |view: &loop3d_capture::PosedView| ViewSizes {
            camera: view.camera,
            frames: view.frames.unwrap_or(UNKNOWN_FRAMES),
        };
        Self { views: posed.views.iter().map(view).collect(), fps: posed.fps, near: posed.near, far: posed.far }
    }
}

impl From<&Capture> for CaptureSizes {
    fn from(capture: &Capture) -> Self {
        let view = |view: &loop3d_capture::View| ViewSizes { camera: view.camera, frames: view.clip.frames };
        Self { views: capture.views.iter().map(view).collect(), fps: capture.fps, near: capture.near, far: capture.far }
    }
}

/// The two stages of a fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// A multiplane image is fitted to the long exposures.
    Static,
    /// Looping tiles are fitted to the looping targets.
    Looping,
}

/// One level of a fit.
#[derive(Clone, Debug)]
pub struct PlannedLevel {
    /// The stage that it belongs to.
    pub stage: Stage,
    /// Its settings.
    pub level: Level,
    /// Its name for people, such as "looping, 4/16".
    pub name: String,
    /// Estimated fraction of the whole fit's work.
    pub fraction: f64,
}

/// A fit before it begins.
#[derive(Clone, Debug)]
pub struct FitPlan {
    /// Indices of the views that are fitted to, ascending.
    pub training: Vec<usize>,
    /// Index into `training` of the view whose clip initialises the loop.
    pub lead: usize,
    /// Length T of the loop.
    pub frames: usize,
    /// Reference camera and planes.
    pub layout: Layout,
    /// The preset's schedule.
    pub schedule: Schedule,
    /// All levels in order: static, then looping. A loop of one frame has no looping levels.
    pub levels: Vec<PlannedLevel>,
}

impl FitPlan {
    /// The plan of a fit to all views except those in `held_out`.
    ///
    /// # Errors
    /// Settings that make no sense, views that do not exist, fewer than two views left.
    pub fn new(sizes: &CaptureSizes, config: &FitConfig, held_out: &[usize]) -> Result<Self, FitError> {
        config.validate()?;
        Ok(Self::with_training(sizes, config, training_views(sizes.views.len(), config, held_out)?))
    }

    /// The plan of a fit to the views `training`, of which there must be at least one.
    pub fn with_training(sizes: &CaptureSizes, config: &FitConfig, training: Vec<usize>) -> Self {
        let views: Vec<&ViewSizes> = training.iter().map(|&view| &sizes.views[view]).collect();
        let cameras: Vec<Camera> = views.iter().map(|view| view.camera).collect();
        let shortest = views.iter().map(|view| view.frames).min().unwrap_or(1);
        let frames = loop_frames(config, sizes.fps, shortest);
        let central =
            (0..views.len()).min_by(|a, b| cameras[*a].position().length().total_cmp(&cameras[*b].position().length()));
        let lead = config.lead.and_then(|lead| training.iter().position(|view| *view == lead)).or(central).unwrap_or(0);
        let layout = Layout::new(&cameras, sizes.near, sizes.far, config);
        let schedule = config.preset.schedule(layout.reference.height, training.len());
        let levels = planned_levels(&schedule, frames, layout.planes.count);
        Self { training, lead, frames, layout, schedule, levels }
    }

    /// Fraction of all work that is done when `part` of level `index` is.
    pub fn done(&self, index: usize, part: f64) -> f64 {
        self.levels[..index].iter().map(|level| level.fraction).sum::<f64>() + self.levels[index].fraction * part
    }

    /// Whether level `index` is the first of the looping stage.
    pub fn is_first_looping(&self, index: usize) -> bool {
        self.levels.iter().position(|level| level.stage == Stage::Looping) == Some(index)
    }

    /// Whether level `index` is followed by another one of the static stage.
    pub fn static_level_follows(&self, index: usize) -> bool {
        self.levels.get(index + 1).is_some_and(|level| level.stage == Stage::Static)
    }
}

/// Length of the loop for clips of `shortest` frames: two seconds or half of the shortest clip, in whole chunks of eight.
fn loop_frames(config: &FitConfig, fps: f64, shortest: usize) -> usize {
    if shortest == 1 {
        return 1;
    }
    let auto = (fps * LOOP_SECONDS).min(shortest as f64 / 2.0) as usize;
    config.frames.unwrap_or(if auto >= 8 { auto / 8 * 8 } else { auto.max(2) })
}

fn planned_levels(schedule: &Schedule, frames: usize, planes: usize) -> Vec<PlannedLevel> {
    let static_levels = schedule.static_levels.iter().map(|level| (Stage::Static, *level));
    let looping_levels = schedule.looping_levels.iter().filter(|_| frames > 1).map(|level| (Stage::Looping, *level));
    let all: Vec<(Stage, Level)> = static_levels.chain(looping_levels).collect();
    // Measured on fountain: before culling a static step costs as much as `planes / 7.5` later ones, and a looping
    // step as much as `frames / 5`.
    let cost = |(index, (stage, level)): (usize, &(Stage, Level))| {
        let layers = match stage {
            Stage::Static if index == 0 => planes as f64 / 7.5,
            Stage::Static => 1.0,
            Stage::Looping => frames as f64 / 5.0,
        };
        (level.epochs * level.side * level.side) as f64 * layers
    };
    let total: f64 = all.iter().enumerate().map(cost).sum();
    let planned = |(index, entry): (usize, &(Stage, Level))| {
        let (stage, level) = *entry;
        let name = match stage {
            Stage::Static => format!("static, {}/16", level.side),
            Stage::Looping => format!("looping, {}/16", level.side),
        };
        PlannedLevel { stage, level, name, fraction: cost((index, entry)) / total }
    };
    all.iter().enumerate().map(planned).collect()
}
