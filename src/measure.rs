//! `loop3d measure`: what clips are like, without a scene.

mod clips;
mod report;
mod table;

use crate::failure::bad_input;
use crate::output::print;
use crate::progress::Progress;
use anyhow::{Context, Result};
use clips::Clips;
use glam::DAffine3;
use loop3d_generator::metrics::{
    ClipMetrics, Curves, Features, ViewMetrics, flow_measures, pose_errors, psnr_db, synchrony,
};
use loop3d_media::Clip;
use loop3d_scene::Camera;
use report::{ClipReport, Pair, Report, SetReport, ViewReport};
use std::path::PathBuf;

/// Measure clips: whether they close on themselves, how much they move, and whether views belong together.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  loop3d measure fire/clip.mp4\n  loop3d measure garden --json\n  \
    loop3d measure generated --against filmed\n\n\
    Clips are video files, folders of frames, folders of clips, or a capture. --against adds PSNR for each pair of clips, and for two \
    captures the errors of camera poses: RotErr is the mean angle, TransErr the mean distance after one common scaling, both relative \
    to the first camera. docs/GENERATE.md explains every figure.")]
pub struct MeasureArgs {
    /// The clips.
    #[arg(required = true, value_name = "CLIPS")]
    clips: Vec<PathBuf>,
    /// Clips to compare with: as many, in the same order.
    #[arg(long, value_name = "CLIPS", num_args = 1..)]
    against: Vec<PathBuf>,
    /// Also measure optical flow: OFS (mean motion in pixels) and MAWE (how much of a frame the motion does not explain), of frames
    /// resized to 720x720. Slow: about half a second for a frame.
    #[arg(long)]
    flow: bool,
    /// Shrink the frames to at most this height.
    #[arg(long, value_name = "PIXELS", value_parser = clap::value_parser!(u32).range(8..))]
    max_height: Option<u32>,
    /// Print JSON for programs.
    #[arg(long)]
    json: bool,
    /// Print errors and figures only.
    #[arg(long)]
    quiet: bool,
}

impl MeasureArgs {
    /// Prints the figures to standard output.
    ///
    /// # Errors
    /// Clips that do not exist, cannot be read, or do not fit those that they are compared with.
    pub fn run(&self) -> Result<()> {
        let ours = Clips::find(&self.clips)?;
        let others = if self.against.is_empty() { None } else { Some(Clips::find(&self.against)?) };
        if let Some(others) = others.as_ref().filter(|others| others.paths.len() != ours.paths.len()) {
            let (found, expected) = (others.paths.len(), ours.paths.len());
            return Err(bad_input(format!("--against: found {found} clips; expected {expected}, one for each clip")));
        }
        let total = ours.paths.len() + others.as_ref().map_or(0, |others| others.paths.len());
        let progress = Progress::start_share("measuring", self.quiet);
        let mut work = Work { progress, done: 0, total, flow: self.flow, max_height: self.max_height };
        let report = measure(&ours, others.as_ref(), &mut work)?;
        drop(work);
        print(&if self.json { serde_json::to_string_pretty(&report)? } else { table::of(&report) })
    }
}

/// How clips are measured, and how many are.
struct Work {
    progress: Progress,
    done: usize,
    total: usize,
    flow: bool,
    max_height: Option<u32>,
}

/// Measures all clips, one (or one pair) at a time in memory.
fn measure(ours: &Clips, others: Option<&Clips>, work: &mut Work) -> Result<Report> {
    let (mut set, mut against) = (Set::default(), Set::default());
    let mut pairs = Vec::new();
    for (index, path) in ours.paths.iter().enumerate() {
        let clip = set.add(ours, index, work)?;
        let Some((others, other_path)) = others.and_then(|others| Some((others, others.paths.get(index)?))) else {
            continue;
        };
        let other = against.add(others, index, work)?;
        let psnr =
            psnr_db(&clip, &other).with_context(|| format!("{} against {}", path.display(), other_path.display()))?;
        let psnr_db = psnr.is_finite().then_some(psnr);
        let (clip, against) = (clips::name(path), clips::name(other_path));
        pairs.push(Pair { clip, against, psnr_db, equal: psnr_db.is_none() });
    }
    let poses = |clips: &Clips| -> Option<Vec<DAffine3>> {
        let cameras = clips.cameras.as_ref()?.iter();
        Some(cameras.map(|camera| camera.world_from_camera).collect())
    };
    let cameras =
        poses(ours).zip(others.and_then(poses)).map(|(ours, others)| pose_errors(&ours, &others)).transpose()?;
    let against = others.map(|_| against.report());
    Ok(Report { set: set.report(), against, pairs, cameras })
}

/// Clips that were measured so far.
#[derive(Default)]
struct Set {
    clips: Vec<ClipReport>,
    curves: Vec<Curves>,
    /// Of the first clip, once there is one.
    first: Option<(Features, Option<Camera>)>,
    views: Vec<ViewReport>,
}

impl Set {
    /// Measures a clip and hands it on.
    fn add(&mut self, clips: &Clips, index: usize, work: &mut Work) -> Result<Clip> {
        let path = clips.paths[index].as_path();
        let name = clips::name(path);
        let (done, total) = (work.done as f64, work.total as f64);
        work.progress.share(done / total, &name);
        let (clip, fps) = clips::read(path, work.max_height)?;
        let metrics = ClipMetrics::of(&clip).with_context(|| path.display().to_string())?;
        let flow = if work.flow && clip.frames > 1 {
            Some(flow_measures(&clip, &mut |part| work.progress.share((done + part) / total, &name))?)
        } else {
            None
        };
        if clips.paths.len() > 1 {
            let camera = clips.cameras.as_ref().and_then(|cameras| clips::pinhole(cameras.get(index)?, &clip));
            self.see(&name, Features::of(clip.frame(0), clip.width, clip.height), camera);
        }
        work.done += 1;
        self.curves.push(Curves::of(&clip));
        self.clips.push(ClipReport { name, path: path.to_owned(), fps, metrics, flow });
        Ok(clip)
    }

    /// Compares a view with the first, or keeps it as the first.
    fn see(&mut self, name: &str, features: Features, camera: Option<Camera>) {
        let Some((first, first_camera)) = &self.first else {
            self.first = Some((features, camera));
            return;
        };
        let cameras = first_camera.as_ref().zip(camera.as_ref()).map(|(first, second)| [first, second]);
        let metrics = ViewMetrics::of(first, &features, cameras);
        self.views.push(ViewReport { name: name.to_owned(), metrics });
    }

    fn report(self) -> SetReport {
        // Clips of unequal length, or too few or short, have none.
        SetReport { clips: self.clips, synchrony: synchrony(&self.curves).ok(), views: self.views }
    }
}
