//! What the doctor found, for programs; [`super::words`] is the text for people.

use crate::loading::describe;
use loop3d_capture::{CaptureError, ClipHealth, PosedCapture, Spread};
use loop3d_optimizer::config::FitConfig;
use loop3d_optimizer::passers::Passage;
use loop3d_optimizer::plan::{CaptureSizes, FitPlan};
use loop3d_optimizer::{duration, memory, training};
use loop3d_scene::Fault;
use serde::Serialize;
use std::ops::Range;
use std::path::Path;

/// What the doctor knows about a capture.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The folder.
    pub capture: String,
    /// Layout of its poses; `None` if they cannot be read.
    pub layout: Option<String>,
    pub fps: Option<f64>,
    pub views: Vec<ViewReport>,
    pub cameras: Option<Cameras>,
    pub fit: Option<Fit>,
    /// Choices made automatically, and views that are left out.
    pub notes: Vec<String>,
    pub problems: Vec<Problem>,
}

/// One view.
#[derive(Debug, Serialize)]
pub struct ViewReport {
    pub name: String,
    /// Size that it is fitted at, in pixels.
    pub size: [u32; 2],
    /// Size on disk.
    pub source_size: [u32; 2],
    /// Frames per second on disk; `None` for images.
    pub source_fps: Option<f64>,
    pub frames: Option<usize>,
    pub motion_px: Option<f64>,
    pub parallax_px: Option<f64>,
    /// Brightness relative to the median of all views: 1 is equal.
    pub exposure: Option<f64>,
    /// Fraction of values that are white.
    pub white: Option<f64>,
    /// Fraction of the image that can loop.
    pub loopable: Option<f64>,
    /// Detail relative to the median of all views.
    pub sharpness: Option<f64>,
    /// What passes once.
    pub passages: Vec<PassageReport>,
}

/// Something that passes once.
#[derive(Debug, Serialize)]
pub struct PassageReport {
    /// From when to when it is seen, in seconds of the clip.
    pub seconds: [f64; 2],
    /// Which part of the picture's width it crosses, 0 (left) to 1.
    pub across: [f64; 2],
    /// Which part of the picture's height it crosses, 0 (top) to 1.
    pub down: [f64; 2],
    /// The same in words.
    #[serde(skip)]
    pub words: String,
}

impl PassageReport {
    /// A passage in a clip of this rate.
    pub fn new(passage: &Passage, fps: f64) -> Self {
        let (frames, ends) = (&passage.frames, |range: &Range<f64>| [range.start, range.end]);
        Self {
            seconds: [frames.start as f64 / fps, frames.end as f64 / fps],
            across: ends(&passage.across),
            down: ends(&passage.down),
            words: describe(passage, fps),
        }
    }
}

/// Positions of the cameras.
#[derive(Debug, Serialize)]
pub struct Cameras {
    /// Right, down, forward of the average camera, in nearest depths of the scene.
    pub positions: Vec<[f64; 3]>,
    /// Angle of each to the average view, in degrees.
    pub angles: Vec<f64>,
    /// Extent in the three directions.
    pub spread: [f64; 3],
    /// Farthest depth of the scene relative to the nearest.
    pub far: f64,
    #[serde(skip)]
    pub map: String,
}

/// What to expect of a fit.
#[derive(Debug, Serialize)]
pub struct Fit {
    /// Number of planes that suits the cameras.
    pub planes: usize,
    /// Parallax from plane to plane at the outermost camera, in pixels.
    pub plane_step_px: f64,
    /// Parallax between the nearest and the farthest depth at the outermost camera, in pixels.
    pub parallax_px: f64,
    pub memory_bytes: u64,
    /// Free bytes; `None` if the system does not report them.
    pub free_bytes: Option<u64>,
    /// Shortest and longest time on this machine's CPU, in seconds.
    pub seconds: [f64; 2],
    pub cores: usize,
}

/// One thing that is wrong.
#[derive(Debug, Serialize)]
pub struct Problem {
    /// Whether it prevents a fit.
    pub stops: bool,
    /// What was found and what was expected.
    pub what: String,
    /// What to do.
    pub remedy: String,
    /// Who can mend it, which decides the exit code.
    #[serde(skip)]
    pub fault: Fault,
}

impl Report {
    /// The report of a capture whose poses can be read, without its problems.
    pub fn new(posed: &PosedCapture, healths: &[Result<ClipHealth, CaptureError>], config: &FitConfig) -> Self {
        let of = |read: &dyn Fn(&ClipHealth) -> f64| middle(healths.iter().flatten().map(read).collect());
        let (light, sharp) = (of(&brightness), of(&|health| health.sharpness));
        let view = |(view, health): (&loop3d_capture::PosedView, &Result<ClipHealth, CaptureError>)| {
            let health = health.as_ref().ok();
            ViewReport {
                name: view.name.clone(),
                size: [view.camera.width, view.camera.height],
                source_size: [view.source_size.0, view.source_size.1],
                source_fps: view.source_fps(),
                frames: health.map(|health| health.frames).or(view.frames),
                motion_px: health.and_then(|health| health.motion_px),
                parallax_px: health.and_then(|health| health.parallax_px),
                exposure: health.map(|health| brightness(health) / light.max(1e-6)),
                white: health.map(|health| health.white),
                loopable: health.map(|health| health.loopable),
                sharpness: health.map(|health| health.sharpness / sharp.max(1e-9)),
                passages: Vec::new(),
            }
        };
        let views = posed.views.iter().zip(healths).map(view).collect();
        let spread = Spread::of(posed);
        let cameras = Cameras {
            map: spread.map(),
            positions: spread.positions,
            angles: spread.angles,
            spread: spread.size,
            far: posed.far,
        };
        Self {
            capture: posed.dir.display().to_string(),
            layout: Some(posed.layout.to_string()),
            fps: Some(posed.fps),
            views,
            cameras: Some(cameras),
            fit: Some(fit(posed, config)),
            notes: posed.notes.clone(),
            problems: Vec::new(),
        }
    }

    /// The report of a capture that cannot be read.
    pub fn of_unreadable(dir: &Path, problems: Vec<Problem>) -> Self {
        let capture = dir.display().to_string();
        Self { capture, layout: None, fps: None, views: vec![], cameras: None, fit: None, notes: vec![], problems }
    }
}

fn brightness(health: &ClipHealth) -> f64 {
    health.mean.iter().sum::<f64>() / 3.0
}

/// The median; 0 if there are no values.
fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

fn fit(posed: &PosedCapture, config: &FitConfig) -> Fit {
    let (sizes, views) = (CaptureSizes::from(posed), posed.views.len());
    let all = training::training_views(views, config, &[]).unwrap_or_else(|_| (0..views).collect());
    let plan = FitPlan::with_training(&sizes, config, all);
    let planes = plan.layout.planes;
    let reach = posed.views.iter().map(|view| view.camera.position().truncate().length()).fold(0.0, f64::max);
    let focal_px = posed.views.iter().map(|view| view.camera.focal_px.max_element()).fold(0.0, f64::max);
    let parallax = |near: f64, far: f64| reach * focal_px * (1.0 / near - 1.0 / far);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let free_bytes = memory::available();
    Fit {
        planes: planes.count,
        plane_step_px: parallax(planes.near, planes.far) / (planes.count - 1) as f64,
        parallax_px: parallax(posed.near, posed.far),
        memory_bytes: memory::estimate(&sizes, &plan),
        free_bytes,
        seconds: duration::estimate(&sizes, &plan, cores),
        cores,
    }
}
