//! A whole fit, by stage.

use crate::capture::posed;
use crate::memory;
use anyhow::{Context, Result};
use clap::{Args, Command, FromArgMatches};
use loop3d_optimizer::checkpoint::Checkpoint;
use loop3d_optimizer::config::FitConfig;
use loop3d_optimizer::error::FitError;
use loop3d_optimizer::fit::{FitInput, FitObserver, fit};
use loop3d_scene::job::{Event, Observer, Unwatched};
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Instant;

/// A fit with the draft preset; settings that are not listed here are automatic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FitCase {
    /// The capture's folder.
    pub capture: PathBuf,
    /// Most rows of an image.
    pub height: u32,
    /// Views to fit to, evenly spread over the capture; all without it.
    pub views: Option<usize>,
    /// Frames of each clip, at most.
    pub clip_frames: usize,
    /// Length T of the loop; automatic without it.
    pub frames: Option<usize>,
    /// Where to write the scene.
    pub scene: Option<PathBuf>,
}

/// What one part of a fit took.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StageCost {
    /// The stage and its level, such as `static, 8/16`.
    pub name: String,
    /// Wall time.
    pub seconds: f64,
    /// Peak resident memory while it ran.
    pub peak_bytes: Option<u64>,
}

/// What a fit took.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FitCost {
    /// Width and height of the images.
    pub size: (u32, u32),
    /// Views fitted to.
    pub views: usize,
    /// Planes of the scene.
    pub planes: usize,
    /// Length T of the loop.
    pub frames: usize,
    /// Static and looping tiles of the scene.
    pub tiles: (usize, usize),
    /// In order.
    pub stages: Vec<StageCost>,
}

impl FitCost {
    /// Wall time of all stages but the decoding of the footage.
    pub fn fit_seconds(&self) -> f64 {
        self.stages.iter().filter(|stage| stage.name != LOADING).map(|stage| stage.seconds).sum()
    }

    /// The greatest peak of the stages.
    pub fn peak_bytes(&self) -> Option<u64> {
        self.stages.iter().filter_map(|stage| stage.peak_bytes).max()
    }
}

const LOADING: &str = "loading";
const WRITING: &str = "scene file";

/// Splits the time of a fit by the stage that its steps name. What comes before a stage's first step (shrinking the clips,
/// the plane sweep) is the stage's own; so is what comes after its last, up to the preview that ends it (culling).
struct Watch {
    stages: Vec<StageCost>,
    /// When the running stage began, and when it was last heard of.
    began: Instant,
    heard: Instant,
}

impl Watch {
    fn new() -> Self {
        memory::restart_peak();
        let now = Instant::now();
        Self { stages: vec![stage(LOADING)], began: now, heard: now }
    }

    /// All that was done up to now belongs to the running stage; what follows is another's.
    fn close(&mut self) {
        self.heard = Instant::now();
        if let Some(running) = self.stages.last_mut() {
            running.peak_bytes = memory::peak_bytes();
        }
        memory::restart_peak();
    }

    fn begin(&mut self, name: &str) {
        if let Some(last) = self.stages.last_mut() {
            last.seconds = (self.heard - self.began).as_secs_f64();
        }
        self.began = self.heard;
        self.stages.push(stage(name));
    }

    fn finish(mut self) -> Vec<StageCost> {
        self.close();
        if let Some(last) = self.stages.last_mut() {
            last.seconds = (self.heard - self.began).as_secs_f64();
        }
        self.stages
    }
}

fn stage(name: &str) -> StageCost {
    StageCost { name: name.into(), seconds: 0.0, peak_bytes: None }
}

impl Observer for Watch {
    fn event(&mut self, event: Event<'_>) -> ControlFlow<()> {
        match event {
            Event::Step { stage, .. } => {
                if self.stages.last().is_none_or(|running| running.name != stage) {
                    self.begin(stage);
                }
                self.heard = Instant::now();
            }
            Event::Note(_) => self.heard = Instant::now(),
            Event::Preview { .. } => self.close(),
        }
        ControlFlow::Continue(())
    }
}

impl FitObserver for Watch {
    fn save(&mut self, _: &Checkpoint) -> Result<(), FitError> {
        Ok(())
    }
}

/// Draft, and otherwise what the command line has without flags.
fn config(frames: Option<usize>) -> Result<FitConfig> {
    let command = FitConfig::augment_args(Command::new("fit"));
    let matches = command.try_get_matches_from(["fit", "--preset", "draft"])?;
    Ok(FitConfig { frames, ..FitConfig::from_arg_matches(&matches)? })
}

/// `count` of `all` indices, evenly spread from the first to the last.
fn spread(all: usize, count: usize) -> Vec<usize> {
    match count.min(all) {
        0 => Vec::new(),
        1 => vec![0],
        n => (0..n).map(|i| i * (all - 1) / (n - 1)).collect(),
    }
}

/// Fits here and now.
///
/// # Errors
/// Whatever is wrong with the capture or its settings; a scene file that cannot be written.
pub fn run(case: &FitCase) -> Result<FitCost> {
    let mut watch = Watch::new();
    let posed = posed(&case.capture, case.height)?;
    let all = posed.views.len();
    let mut capture = posed.load(&spread(all, case.views.unwrap_or(all)), &mut Unwatched)?;
    for clip in capture.views.iter_mut().map(|view| &mut view.clip) {
        clip.frames = clip.frames.min(case.clip_frames);
        clip.rgb.truncate(clip.frames * clip.width * clip.height * 3);
    }
    watch.close();
    let config = config(case.frames)?;
    let scene = fit(FitInput { capture: &capture, config: &config, held_out: &[] }, None, &mut watch)?;
    watch.begin(WRITING);
    if let Some(path) = &case.scene {
        loop3d_scene::save(&scene, path).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let first = &capture.views[0].camera;
    Ok(FitCost {
        size: (first.width, first.height),
        views: capture.views.len(),
        planes: scene.planes.count,
        frames: scene.frames,
        tiles: scene.tiles.counts(),
        stages: watch.finish(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread::sleep;
    use std::time::Duration;

    #[test]
    fn views_are_spread() {
        assert_eq!(spread(9, 3), [0, 4, 8]);
        assert_eq!(spread(9, 6), [0, 1, 3, 4, 6, 8]);
        assert_eq!(spread(4, 9), [0, 1, 2, 3]);
        assert_eq!(spread(4, 1), [0]);
    }

    #[test]
    fn time_belongs_to_the_stage_that_spends_it() {
        let rest = |ms| sleep(Duration::from_millis(ms));
        let step = |name: &'static str| Event::step(name, 0.0);
        let preview = || Event::Preview { number: 1, width: 0, height: 0, rgb: &[] };
        let mut watch = Watch::new();
        watch.close();
        rest(40); // The sweep, before the first step.
        assert!(watch.event(step("static")).is_continue());
        assert!(watch.event(step("static")).is_continue());
        rest(20); // Culling.
        assert!(watch.event(preview()).is_continue());
        rest(10);
        assert!(watch.event(step("looping")).is_continue());
        assert!(watch.event(preview()).is_continue());
        watch.begin(WRITING);
        let stages = watch.finish();
        let names: Vec<&str> = stages.iter().map(|s| &*s.name).collect();
        assert_eq!(names, [LOADING, "static", "looping", WRITING]);
        let seconds: Vec<f64> = stages.iter().map(|s| s.seconds).collect();
        assert!(seconds[1] >= 0.06 && seconds[2] >= 0.01, "{seconds:?}");
        assert!(seconds[0] < 0.04 && seconds[3] < 0.04, "{seconds:?}");
        let cost = FitCost { size: (4, 4), views: 2, planes: 2, frames: 1, tiles: (1, 0), stages };
        assert!((cost.fit_seconds() - seconds[1..].iter().sum::<f64>()).abs() < 1e-9);
    }
}
