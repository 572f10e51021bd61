//! Poses and clips on disk become a [`Capture`].
//!
//! In two steps, so that sizes are known (and memory can be estimated) before any pixel is decoded: [`load_poses`] reads
//! everything but the pixels, [`PosedCapture::load`] decodes the views that are wanted. Only where no layout tells depths does
//! the first step look at a picture of each view.

use crate::clip::Clip;
use crate::clips::{self, Source};
use crate::error::{CaptureError, Size, all};
use crate::exposure::{LongExposure, long_exposure};
use crate::hdr::Transfer;
use crate::layouts::{self, Layout, LensTold};
use crate::lens::Lens;
use crate::normalisation::{Normalisation, normalise};
use crate::options::{LoadOptions, divided, within_one};
use crate::poses::Pose;
use crate::raw::{RawCapture, RawView};
use crate::shaping::Shaping;
use crate::single::{check_shape, decode, look};
use crate::sweep::{self, GreyView};
use crate::timing::{self, PICTURES_FPS, Timing};
use crate::undistort::Undistortion;
use crate::video::{Ffmpeg, Probe};
use crate::{Capture, View, bounds, selection};
use loop3d_scene::Camera;
use rayon::prelude::*;
use std::path::{Path, PathBuf};

/// One view of a [`PosedCapture`].
#[derive(Clone, Debug)]
pub struct PosedView {
    /// Stem of the clip, folder or still.
    pub name: String,
    /// Normalised pose of a pinhole; width and height are those that the clip will be loaded in.
    pub camera: Camera,
    /// Where its frames are.
    pub source: Source,
    /// Size of the pictures on disk, (width, height).
    pub source_size: Size,
    /// Number of frames that will be loaded. Exact for pictures; for videos what the container says, `None` where it says
    /// nothing.
    pub frames: Option<usize>,
    /// What the container says, for videos.
    probe: Option<Probe>,
    /// For lenses that bend.
    undistortion: Option<Undistortion>,
    timing: Timing,
}

impl PosedView {
    /// Bytes of the clip once loaded, `frames · height · width · 3`; `None` where the number of frames is not known yet.
    pub fn clip_bytes(&self) -> Option<usize> {
        let frame = self.camera.width as usize * self.camera.height as usize * 3;
        self.frames?.checked_mul(frame)
    }

    /// Whether its video has a high dynamic range (PQ or HLG): frames are tone-mapped while they are read.
    pub fn is_hdr(&self) -> bool {
        self.probe.is_some_and(|probe| probe.transfer != Transfer::Ordinary)
    }

    /// Frames per second on disk; `None` for pictures.
    pub fn source_fps(&self) -> Option<f64> {
        self.probe.map(|probe| probe.fps)
    }

    /// Decodes the clip in the camera's size.
    ///
    /// # Errors
    /// What can be wrong with a clip.
    pub fn read(&self) -> Result<Clip, CaptureError> {
        self.read_at((self.camera.width, self.camera.height), self.timing)
    }

    /// Decodes the clip, shrunk to `width` × `height` by area average: the size that a scene was fitted in, say.
    ///
    /// # Errors
    /// [`CaptureError::TooSmall`] where that would enlarge it; [`CaptureError::Size`] where its shape is another by more than
    /// a pixel of rounding; what can be wrong with a clip.
    pub fn read_resized(&self, width: u32, height: u32) -> Result<Clip, CaptureError> {
        check_shape(self.source.path(), self.straight_size(), (width, height))?;
        self.read_at((width, height), self.timing)
    }

    /// Size of the pictures on disk once they are straight.
    fn straight_size(&self) -> Size {
        self.undistortion.map_or(self.source_size, |undistortion| {
            let camera = undistortion.camera();
            (camera.width, camera.height)
        })
    }

    fn read_at(&self, target: Size, timing: Timing) -> Result<Clip, CaptureError> {
        let shaping = Shaping::new(self.undistortion.as_ref(), self.source_size, target);
        decode(&self.source, self.probe, &shaping, timing, &Ffmpeg::default())
    }

    /// A small grey picture, the mean over the first [`sweep::FRAMES`]: what moves fades, and views that were filmed at different
    /// times are alike.
    fn grey(&self) -> Result<GreyView, CaptureError> {
        let (width, height) = self.straight_size();
        let small = sweep::WIDTH.min(width);
        let high = (f64::from(height) * f64::from(small) / f64::from(width)).round().max(1.0) as u32;
        let clip = self.read_at((small, high), Timing { at_most: Some(sweep::FRAMES), ..self.timing })?;
        let mean = long_exposure(&clip, LongExposure::Mean);
        let grey = mean.as_chunks::<3>().0.iter().map(|rgb| rgb.iter().sum::<f32>() / 3.0).collect();
        Ok(GreyView { camera: self.camera.resized(small, high), grey })
    }
}

/// A capture without its pixels.
#[derive(Clone, Debug)]
pub struct PosedCapture {
    /// The directory.
    pub dir: PathBuf,
    /// How its poses are written.
    pub layout: Layout,
    /// Views, in the order of their poses.
    pub views: Vec<PosedView>,
    /// Frames per second of the clips; 25 for pictures.
    pub fps: f64,
    /// Depth bounds of the scene in world units: nearest (1 after normalisation) and farthest.
    pub near: f64,
    /// See `near`.
    pub far: f64,
    /// The way between the poses on disk and the world.
    pub normalisation: Normalisation,
    /// What a person should know: choices that nobody asked for, clips left out.
    pub notes: Vec<String>,
}

impl PosedCapture {
    /// Decodes the views of these `indices`; the capture has them in this order. `progress` is told how many of them are
    /// done, from 0.
    ///
    /// # Errors
    /// [`CaptureError::NoSuchView`], and what can be wrong with a clip.
    pub fn load(&self, indices: &[usize], progress: &mut dyn FnMut(usize, usize)) -> Result<Capture, CaptureError> {
        let view_at = |&index: &usize| {
            let missing = || CaptureError::NoSuchView { dir: self.dir.clone(), index, views: self.views.len() };
            self.views.get(index).ok_or_else(missing)
        };
        // All indices are checked before the first clip is decoded.
        let wanted: Vec<&PosedView> = indices.iter().map(view_at).collect::<Result<_, _>>()?;
        let mut views = Vec::with_capacity(wanted.len());
        let mut faults = Vec::new();
        progress(0, wanted.len());
        for (done, view) in wanted.iter().enumerate() {
            match view.read() {
                Ok(clip) if faults.is_empty() => {
                    views.push(View { name: view.name.clone(), camera: view.camera, clip });
                }
                Ok(_) => {}
                // The others are still looked through, without being kept.
                Err(fault) => {
                    views.clear();
                    faults.push(fault);
                }
            }
            progress(done + 1, wanted.len());
        }
        if let Some(fault) = CaptureError::of(faults) {
            return Err(fault);
        }
        let Self { fps, near, far, normalisation, .. } = *self;
        Ok(Capture { views, fps, near, far, normalisation })
    }
}

/// Reads a capture with all its views. `progress` is told (views done, views), from 0.
///
/// `dir` holds camera poses in one of the [`Layout`]s and a clip for each of them: `docs/CAPTURES.md` shows all. Clips are, best
/// kind first: video files in `videos/` or `videos_<factor>/`; a folder of PNG or JPEG frames for each view, in those, in `frames/`
/// or `frames_<factor>/`; stills in `images/` or `images_<factor>/`; what lies in `dir` itself. Of several factors the largest is
/// taken whose pictures still hold every pixel that `options` ask for. Sizes must be those of the poses divided by the folder's
/// factor, within 1 pixel of rounding. Pictures of lenses that bend are straightened and cut to what was seen.
///
/// # Errors
/// See [`CaptureError`].
pub fn load(
    dir: &Path,
    options: &LoadOptions,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Capture, CaptureError> {
    let posed = load_poses(dir, options)?;
    let all: Vec<usize> = (0..posed.views.len()).collect();
    posed.load(&all, progress)
}

/// Like [`load()`], but decodes only the views of these `indices`. All poses are read and normalised: cameras are those
/// that [`load()`] gives.
///
/// # Errors
/// See [`CaptureError`].
pub fn load_only(
    dir: &Path,
    options: &LoadOptions,
    indices: &[usize],
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Capture, CaptureError> {
    load_poses(dir, options)?.load(indices, progress)
}

/// Reads everything of a capture but the pixels; headers of all clips are read and sizes checked.
///
/// # Errors
/// See [`CaptureError`].
pub fn load_poses(dir: &Path, options: &LoadOptions) -> Result<PosedCapture, CaptureError> {
    options.check()?;
    if !dir.is_dir() {
        return Err(CaptureError::NoDirectory { dir: dir.to_owned() });
    }
    let found = layouts::find(dir, options.layout)?;
    let told = LensTold { focal_mm: options.focal_mm, sensor_mm: options.sensor_mm };
    // What is wrong with the clips is told together with what is wrong with the poses.
    let mut raw = found.read(told).map_err(|poses| with_clips(dir, poses))?;
    let assignment = select_and_assign(dir, options, &mut raw, found.layout())?;
    let file = &raw.file;
    if raw.views.len() < 2 {
        return Err(CaptureError::TooFewViews { file: file.clone(), found: raw.views.len() });
    }
    let ffmpeg = Ffmpeg::default();
    let pairs: Vec<(&PathBuf, &RawView)> = assignment.clips.iter().zip(&raw.views).collect();
    let views =
        pairs.into_par_iter().map(|(clip, view)| pose_view(clip, view, file, assignment.factor, options, &ffmpeg));
    let mut views: Vec<PosedView> = all(views.collect::<Vec<_>>())?;
    tell_apart(&mut views, &raw);
    let fps = settle_rates(&mut views, options, &mut raw.notes)?;
    let bright: Vec<&str> = views.iter().filter(|view| view.is_hdr()).map(|view| view.name.as_str()).collect();
    if !bright.is_empty() {
        raw.notes.push(format!(
            "{} HDR clip(s) are brought to the range of ordinary pictures: {}; film without HDR for truer colours",
            bright.len(),
            bright.join(", ")
        ));
    }
    let bounds = depth_bounds(dir, &raw, &views)?;
    let poses = views.iter().zip(bounds).map(|(view, [near, far])| Pose { camera: view.camera, near, far });
    let mut poses: Vec<Pose> = poses.collect();
    let (normalisation, far) =
        normalise(&mut poses).map_err(|problem| CaptureError::NoAveragePose { file: file.clone(), problem })?;
    for (view, pose) in views.iter_mut().zip(poses) {
        view.camera = pose.camera;
    }
    let (dir, layout) = (dir.to_owned(), found.layout());
    Ok(PosedCapture { dir, layout, views, fps, near: 1.0, far, normalisation, notes: raw.notes })
}

/// `fault`, and what is wrong with the headers of the clips in `dir`.
fn with_clips(dir: &Path, fault: CaptureError) -> CaptureError {
    let ffmpeg = Ffmpeg::default();
    let look_at = |clip: &PathBuf| Source::at(clip).and_then(|source| look(&source, &ffmpeg)).err();
    let clips = clips::any(dir).unwrap_or_default();
    let faults: Vec<CaptureError> = clips.par_iter().filter_map(look_at).collect();
    fault.with(faults)
}

/// Leaves the views in `raw` that are wanted, and finds their clips.
fn select_and_assign(
    dir: &Path,
    options: &LoadOptions,
    raw: &mut RawCapture,
    layout: Layout,
) -> Result<clips::Assignment, CaptureError> {
    let assign = |raw: &RawCapture| clips::assign(dir, raw, options.largest_factor(&raw.views));
    let keep = |raw: &mut RawCapture, picked: &[usize]| {
        raw.views = picked.iter().map(|&index| raw.views[index].clone()).collect();
    };
    let names: Option<Vec<String>> = raw.views.iter().map(|view| view.name.clone()).collect();
    match names {
        // Poses without names are named by their clips.
        None => {
            let mut assignment = assign(raw)?;
            if !options.cameras.is_empty() {
                let names = assignment
                    .clips
                    .iter()
                    .map(|clip| clip.file_name().unwrap_or_default().to_string_lossy().into_owned());
                let picked = selection::named(dir, &names.collect::<Vec<_>>(), &options.cameras)?;
                keep(raw, &picked);
                assignment.clips = picked.iter().map(|&index| assignment.clips[index].clone()).collect();
            }
            Ok(assignment)
        }
        Some(names) if !options.cameras.is_empty() => {
            let picked = selection::named(dir, &names, &options.cameras)?;
            keep(raw, &picked);
            assign(raw)
        }
        Some(_) => {
            let mut chosen = false;
            if layout == Layout::Syncam {
                let (middle, group) = selection::narrow(&raw.views);
                if group.len() < raw.views.len() {
                    raw.notes.push(selection::narrow_note(&raw.views, middle, &group));
                    keep(raw, &group);
                    chosen = true;
                }
            }
            let assignment = assign(raw)?;
            if !assignment.unused.is_empty() && !chosen {
                raw.notes.push(format!(
                    "{} clip(s) without a pose in {} are left out: {}",
                    assignment.unused.len(),
                    raw.file.display(),
                    assignment.unused.join(", ")
                ));
            }
            Ok(assignment)
        }
    }
}

/// The view of one clip and its pose, which is not normalised yet.
fn pose_view(
    clip: &Path,
    raw: &RawView,
    poses_file: &Path,
    factor: u32,
    options: &LoadOptions,
    ffmpeg: &Ffmpeg,
) -> Result<PosedView, CaptureError> {
    let source = Source::at(clip)?;
    let (found, probe) = look(&source, ffmpeg)?;
    let posed = raw.intrinsics.size().unwrap_or((found.0.saturating_mul(factor), found.1.saturating_mul(factor)));
    let expected = divided(posed, factor);
    if !within_one(found, expected) {
        let by = if factor == 1 { String::new() } else { format!(" divided by the folder's {factor}") };
        let name = poses_file.file_name().unwrap_or_default().to_string_lossy();
        let reason = format!("the size in {name} ({}×{}){by}", posed.0, posed.1);
        return Err(CaptureError::Size { file: clip.to_owned(), found, expected, reason });
    }
    let seen = raw.intrinsics.camera(found, raw.world_from_camera);
    let undistortion = if raw.lens == Lens::Pinhole {
        None
    } else {
        let lens = || CaptureError::Lens { file: poses_file.to_owned(), place: raw.place.clone() };
        Some(Undistortion::new(raw.lens, seen).ok_or_else(lens)?)
    };
    let straight = undistortion.map_or(seen, |undistortion| undistortion.camera());
    let (width, height) = options.target(clip, posed, found, (straight.width, straight.height))?;
    let timing = Timing { start: options.start, end: options.end, ..Timing::default() };
    Ok(PosedView {
        name: source.name(),
        camera: straight.resized(width, height),
        source,
        source_size: found,
        frames: None,
        probe,
        undistortion,
        timing,
    })
}

/// Views whose clips share a stem, `left/0001.png` and `right/0001.png`, get the layout's longer names.
fn tell_apart(views: &mut [PosedView], raw: &RawCapture) {
    let stems: Vec<String> = views.iter().map(|view| view.name.clone()).collect();
    for (view, raw) in views.iter_mut().zip(&raw.views) {
        if stems.iter().filter(|stem| **stem == view.name).count() > 1 {
            view.name = raw.name.clone().unwrap_or_else(|| view.name.clone());
        }
    }
}

/// Brings all views to one rate, works out how many frames each will have, and returns the rate.
fn settle_rates(views: &mut [PosedView], options: &LoadOptions, notes: &mut Vec<String>) -> Result<f64, CaptureError> {
    let rates = || views.iter().filter_map(|view| Some((view.probe?.fps, view.source.path())));
    let lowest = rates().map(|(rate, _)| rate).fold(f64::INFINITY, f64::min);
    let highest = rates().map(|(rate, _)| rate).fold(0.0, f64::max);
    let first = rates().next().map_or(PICTURES_FPS, |(rate, _)| rate);
    let fps = match options.fps {
        Some(fps) => {
            if let Some((rate, file)) = rates().find(|&(rate, _)| rate < fps && !timing::same(rate, fps)) {
                let problem = format!("{rate:.3} frames a second; expected at least {fps}, the --fps asked for");
                return Err(CaptureError::Time { file: file.to_owned(), problem });
            }
            fps
        }
        None if highest > 0.0 && !timing::same(lowest, highest) => {
            notes.push(format!(
                "the clips have {lowest:.3} to {highest:.3} frames a second; all are brought to {lowest:.3} (--fps takes another rate)"
            ));
            lowest
        }
        None => first,
    };
    for view in views {
        let file = view.source.path().to_owned();
        view.frames = match &mut view.source {
            Source::Video(_) => {
                let Some(probe) = view.probe else { continue };
                view.timing.fps = Some(fps).filter(|&fps| !timing::same(fps, probe.fps));
                view.timing.probe(&file, probe)?.frames
            }
            Source::Frames { files, .. } => {
                let wanted = view.timing.pictures(&file, files.len(), fps)?;
                *files = files[wanted].to_vec();
                Some(files.len())
            }
            Source::Still(_) => Some(1),
        };
    }
    Ok(fps)
}

/// Nearest and farthest depth of each view: as its layout says, else from the points it sees, else as any view's say, else from a
/// sweep over the pictures.
fn depth_bounds(dir: &Path, raw: &RawCapture, views: &[PosedView]) -> Result<Vec<[f64; 2]>, CaptureError> {
    let told = |(raw_view, view): (&RawView, &PosedView)| {
        raw_view.bounds.or_else(|| bounds::of_points(&view.camera, &raw.points))
    };
    let told: Vec<Option<[f64; 2]>> = raw.views.iter().zip(views).map(told).collect();
    let known = || told.iter().flatten();
    let all = if known().next().is_some() {
        known().fold([f64::INFINITY, 0.0], |[near, far], bounds| [near.min(bounds[0]), far.max(bounds[1])])
    } else {
        let greys = views.iter().map(PosedView::grey).collect::<Result<Vec<_>, _>>()?;
        sweep::bounds(&greys).map_err(|problem| CaptureError::NoDepth { dir: dir.to_owned(), problem })?
    };
    Ok(told.iter().map(|bounds| bounds.unwrap_or(all)).collect())
}
