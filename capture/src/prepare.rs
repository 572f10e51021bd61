//! Raw clips become a capture: cut, checked for shake, steadied, posed by COLMAP, undistorted. What is done stays in `.prepare/`
//! of the output, and a second run continues from there.

mod colmap;
mod error;
mod journal;
mod output;
mod steadied;
mod stills;
mod takes;
mod warp;

use crate::clips::key;
use crate::error::CaptureError;
use crate::layouts::{self, COLMAP, LensOptions};
use crate::raw::{RawCapture, RawView};
use crate::steady::{Follower, Motion};
pub use colmap::Colmap;
pub use error::PrepareError;
use error::tell;
use glam::DMat3;
use journal::{Journal, fingerprint};
use loop3d_scene::job::Observer;
use std::path::{Path, PathBuf};
pub use steadied::Steadied;
use takes::{LOOKING, PosedTake, Take};

/// The folder of what is done, in the output.
const WORK: &str = ".prepare";

/// What to prepare.
#[derive(Clone, Debug)]
pub struct PrepareOptions {
    /// A folder of clips, of folders of frames or of stills; or one long video.
    pub raw: PathBuf,
    /// The capture to write.
    pub output: PathBuf,
    /// A folder with poses of the clips in any [`Layout`](crate::Layout); `None`: COLMAP finds them.
    pub poses: Option<PathBuf>,
    /// How COLMAP is run.
    pub colmap: Colmap,
}

/// One view of what was prepared.
#[derive(Clone, Debug, PartialEq)]
pub struct PreparedView {
    /// Name of its clip.
    pub name: String,
    /// How far its image moved before it was steadied, in pixels; `None` where too much of it changes to tell.
    pub motion_px: Option<f64>,
    /// Whether it was steadied.
    pub steadied: bool,
    /// How far near and far things moved against each other, in pixels; `None` where there are too few features to say.
    pub parallax_px: Option<f64>,
}

/// What was prepared.
#[derive(Clone, Debug, PartialEq)]
pub struct Prepared {
    /// Views of the capture.
    pub views: Vec<PreparedView>,
    /// Views for which no pose was found: they are left out.
    pub left_out: Vec<String>,
    /// Steps that an earlier run had done.
    pub reused: usize,
}

/// Prepares footage. The observer hears each step, and the fraction of it that is done.
///
/// # Errors
/// See [`PrepareError`]. What is done by then is kept.
pub fn prepare(options: &PrepareOptions, observer: &mut dyn Observer) -> Result<Prepared, PrepareError> {
    let PrepareOptions { raw, output, poses, colmap } = options;
    let work = output.join(WORK);
    begin(output, &work)?;
    let mut journal = Journal::open(&work);
    tell(observer, LOOKING, 0.0)?;
    let takes = takes::find(raw, observer)?;
    let of_raw = fingerprint(raw);
    let mut reused = 0;

    let mut motions = Vec::with_capacity(takes.len());
    for (index, take) in takes.iter().enumerate() {
        let file = work.join(format!("{}.motion.json", take.name));
        let (step, input) = (format!("motion {}", take.name), format!("{of_raw} {:?}", take.frames));
        let known =
            journal.is_done(&step, &input, std::slice::from_ref(&file)).then(|| stills::read_motion(&file, take.size));
        let motion = if let Some(motion) = known.flatten() {
            reused += 1;
            motion
        } else {
            let fraction = |done: f64| (index as f64 + done) / takes.len() as f64;
            let motion = follow(take, &mut |done| tell(observer, "watching for shake", fraction(done)))?;
            stills::write_motion(&file, &motion)?;
            journal.done(&step, &input)?;
            motion
        };
        motions.push(motion);
    }
    let travels = takes.iter().zip(&motions).filter(|(_, motion)| motion.travels());
    let parallax = |(take, motion): (&Take, &Motion)| Some(format!("{} ({:.1} px)", take.name, motion.parallax_px?));
    let travels: Vec<String> = travels.filter_map(parallax).collect();
    if !travels.is_empty() {
        return Err(PrepareError::Travels { clips: travels.join(", ") });
    }
    let motions: Vec<Motion> = motions.into_iter().map(settled).collect();

    let raw_capture = match poses {
        Some(dir) => layouts::find(dir, None)?.read(LensOptions::default())?,
        None => {
            let folder = work.join("stills");
            let files: Vec<PathBuf> = takes.iter().map(|take| folder.join(format!("{}.png", take.name))).collect();
            if journal.is_done("stills", &of_raw, &files) {
                reused += 1;
            } else {
                for (index, (take, (motion, file))) in takes.iter().zip(motions.iter().zip(&files)).enumerate() {
                    tell(observer, "making stills", index as f64 / takes.len() as f64)?;
                    stills::write(take, motion, file)?;
                }
                journal.done("stills", &of_raw)?;
            }
            let sparse = work.join("sparse");
            let input = format!("{of_raw} {}", colmap.fingerprint());
            let model = work.join("model");
            if journal.is_done("colmap", &input, std::slice::from_ref(&model)) {
                reused += 1;
            } else {
                let largest = colmap.run(&folder, &work, observer)?;
                let name = largest.strip_prefix(&sparse).unwrap_or(&largest).to_string_lossy().into_owned();
                std::fs::write(&model, name).map_err(|source| PrepareError::Io { file: model.clone(), source })?;
                journal.done("colmap", &input)?;
            }
            let name =
                std::fs::read_to_string(&model).map_err(|source| PrepareError::Io { file: model.clone(), source })?;
            layouts::find(&sparse.join(name.trim()), Some(COLMAP))?.read(LensOptions::default())?
        }
    };
    let (posed, left_out) = match_takes(&takes, &motions, &raw_capture)?;
    let views: Vec<PreparedView> = posed.iter().map(|(take, motion, _)| view(take, motion)).collect();
    let of_poses = poses.as_ref().map_or_else(|| fingerprint(&work.join("sparse")), |dir| fingerprint(dir));
    reused += output::write(output, &posed, &raw_capture, &mut journal, &format!("{of_raw} {of_poses}"), observer)?;
    Ok(Prepared { views, left_out, reused })
}

fn view(take: &Take, motion: &Motion) -> PreparedView {
    let steadied = motion.is_known() && !motion.is_still();
    let motion_px = motion.is_known().then_some(motion.largest_px);
    PreparedView { name: take.name.clone(), motion_px, steadied, parallax_px: motion.parallax_px }
}

/// Makes the output folder, which must be new, empty or one of ours.
fn begin(output: &Path, work: &Path) -> Result<(), PrepareError> {
    let taken = std::fs::read_dir(output).is_ok_and(|mut entries| entries.next().is_some());
    if taken && !work.is_dir() {
        return Err(PrepareError::Occupied(output.to_owned()));
    }
    std::fs::create_dir_all(work).map_err(|source| PrepareError::Io { file: work.to_owned(), source })
}

/// A clip that does not shake, or whose motion is unknown, is left unchanged.
fn settled(motion: Motion) -> Motion {
    if motion.is_still() || !motion.is_known() {
        let still = vec![DMat3::IDENTITY; motion.from_first.len()];
        return Motion { from_first: still, ..motion };
    }
    motion
}

/// Follows all frames of a take.
fn follow(take: &Take, progress: &mut dyn FnMut(f64) -> Result<(), PrepareError>) -> Result<Motion, PrepareError> {
    if take.count() == Some(1) {
        return Ok(Motion::none(take.size));
    }
    let mut follower: Option<Follower> = None;
    let mut lost = None;
    let count = take.count().unwrap_or(1).max(1) as f64;
    take.each(&mut |index, frame| {
        match &mut follower {
            None => follower = Some(Follower::new(frame, take.size)),
            Some(follower) => {
                if lost.is_none() && !follower.push(frame) {
                    lost = Some(index);
                }
            }
        }
        progress((index as f64 / count).min(1.0))
    })?;
    if let Some(frame) = lost {
        return Err(PrepareError::Lost { clip: take.name.clone(), frame });
    }
    Ok(follower.map_or(Motion::none(take.size), Follower::finish))
}

/// The pose of each take, by name, or by order where poses have none; and the names of those without.
fn match_takes<'a>(
    takes: &'a [Take],
    motions: &'a [Motion],
    raw: &RawCapture,
) -> Result<(Vec<PosedTake<'a>>, Vec<String>), PrepareError> {
    let (mut posed, mut left_out) = (Vec::new(), Vec::new());
    let by_order = raw.views.iter().all(|view| view.name.is_none());
    if by_order && raw.views.len() != takes.len() {
        let (poses, views) = (raw.views.len(), takes.len());
        let folder = takes.first().and_then(|take| take.source.path().parent()).unwrap_or(Path::new(".")).to_owned();
        return Err(CaptureError::Count { poses_file: raw.file.clone(), poses, folder, views }.into());
    }
    for (index, (take, motion)) in takes.iter().zip(motions).enumerate() {
        let stem = |name: &str| key(name).rsplit('/').next().unwrap_or_default().to_owned();
        let is_its = |view: &&RawView| view.name.as_deref().is_some_and(|name| stem(name) == stem(&take.name));
        let found = if by_order { raw.views.get(index) } else { raw.views.iter().find(is_its) };
        match found {
            Some(view) => posed.push((take, motion, view.clone())),
            None => left_out.push(take.name.clone()),
        }
    }
    if posed.len() < 2 {
        return Err(CaptureError::TooFewViews { file: raw.file.clone(), found: posed.len() }.into());
    }
    Ok((posed, left_out))
}
