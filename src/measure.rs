//! `loop3d measure`: what clips are like, without a scene.

mod clips;
mod report;
mod table;

use crate::failure::bad_input;
use crate::output::print;
use crate::progress::Progress;
use anyhow::{Context, Result};
use clips::Clips;
use loop3d_generator::metrics::{ClipMetrics, Curves, flow_measures, pose_errors, psnr_db, synchrony};
use loop3d_media::Clip;
use report::{ClipReport, Pair, Report, SetReport};
use std::path::{Path, PathBuf};

/// Measure clips: whether they close on themselves, how much they move, and whether views change together.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  loop3d measure fire/clip.mp4\n  loop3d measure garden --json\n  \
    loop3d measure generated --against filmed\n\n\
    Clips are video files, folders of frames, folders of clips, or a capture. `--against` adds PSNR for each pair of clips, and for two \
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
    /// resized to 720x720. Takes about half a second for a frame.
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
        let clip = set.add(path, work)?;
        let Some(other_path) = others.and_then(|others| others.paths.get(index)) else { continue };
        let other = against.add(other_path, work)?;
        let psnr =
            psnr_db(&clip, &other).with_context(|| format!("{} against {}", path.display(), other_path.display()))?;
        let psnr_db = psnr.is_finite().then_some(psnr);
        let (clip, against) = (clips::name(path), clips::name(other_path));
        pairs.push(Pair { clip, against, psnr_db, equal: psnr_db.is_none() });
    }
    let poses = ours.poses.as_ref().zip(others.and_then(|others| others.poses.as_ref()));
    let cameras = poses.map(|(ours, others)| pose_errors(ours, others)).transpose()?;
    let against = others.map(|_| against.report());
    Ok(Report { set: set.report(), against, pairs, cameras })
}

/// Clips that were measured so far.
#[derive(Default)]
struct Set {
    clips: Vec<ClipReport>,
    curves: Vec<Curves>,
}

impl Set {
    /// Measures a clip and hands it on.
    fn add(&mut self, path: &Path, work: &mut Work) -> Result<Clip> {
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
        work.done += 1;
        self.curves.push(Curves::of(&clip));
        self.clips.push(ClipReport { name, path: path.to_owned(), fps, metrics, flow });
        Ok(clip)
    }

    fn report(self) -> SetReport {
        // Clips of unequal length, or too few or short, have none.
        SetReport { clips: self.clips, synchrony: synchrony(&self.curves).ok() }
    }
}
