//! Poses and clips on disk become a [`Capture`].
//!
//! In two steps, so that sizes are known (and memory can be estimated) before any pixel is decoded: [`load_poses`] reads
//! everything but the pixels, [`PosedCapture::load`] decodes the views that are wanted. Only where the layout gives no depths
//! does the first step look at an image of each view.

use crate::clips;
use crate::error::{CaptureError, all};
use crate::exposure::{LongExposure, long_exposure};
use crate::layouts::{self, Layout, LensOptions};
use crate::lens::Lens;
use crate::normalisation::{Normalisation, normalise};
use crate::options::{LoadOptions, divided, within_one};
use crate::poses::Pose;
use crate::raw::{RawCapture, RawView};
use crate::shaping::Shaping;
use crate::sweep::{self, GreyView};
use crate::undistort::Undistortion;
use crate::{bounds, plausible, selection};
use loop3d_media::{Clip, Ffmpeg, IMAGES_FPS, MediaError, Probe, Size, Source, Timing, Transfer, check_shape, timing};
use loop3d_scene::Camera;
use loop3d_scene::job::{Event, Observer, check};
use rayon::prelude::*;
use std::path::{Path, PathBuf};

/// One camera and its clip.
#[derive(Clone, Debug)]
pub struct View {
    /// Stem of the clip, folder or still that it was read from.
    pub name: String,
    /// In the normalised world (METHOD §1.3): the average pose of all views is the identity, the nearest bound is 1.
    pub camera: Camera,
    /// Its frames, of the camera's size.
    pub clip: Clip,
}

/// All views of one scene, in the order of their poses.
#[derive(Clone, Debug)]
pub struct Capture {
    /// Views, in the order of their poses.
    pub views: Vec<View>,
    /// Frames per second of the clips; 25 for stills.
    pub fps: f64,
    /// Depth bounds of the scene in world units: nearest (1 after normalisation) and farthest.
    pub near: f64,
    /// See `near`.
    pub far: f64,
    /// The way between the poses on disk and this world; the default where there were none on disk.
    pub normalisation: Normalisation,
}

/// One view of a [`PosedCapture`].
#[derive(Clone, Debug)]
pub struct PosedView {
    /// Stem of the clip, folder or still.
    pub name: String,
    /// Normalised pose of a pinhole; width and height are those that the clip will be loaded in.
    pub camera: Camera,
    /// Where its frames are.
    pub source: Source,
    /// Size of the frames on disk, (width, height).
    pub source_size: Size,
    /// Number of frames that will be loaded. Exact for images; for videos what the container says, `None` where it says
    /// nothing.
    pub frames: Option<usize>,
    /// What the container says, for videos.
    probe: Option<Probe>,
    /// For lenses with distortion.
    undistortion: Option<Undistortion>,
    timing: Timing,
}

impl PosedView {
    /// Whether its video has a high dynamic range (PQ or HLG): frames are tone-mapped while they are read.
    pub fn is_hdr(&self) -> bool {
        self.probe.is_some_and(|probe| probe.transfer != Transfer::Ordinary)
    }

    /// Frames per second on disk; `None` for images.
    pub fn source_fps(&self) -> Option<f64> {
        self.probe.map(|probe| probe.fps)
    }

    /// Decodes the clip in the camera's size.
    ///
    /// # Errors
    /// What can be wrong with a clip.
    pub fn read(&self) -> Result<Clip, CaptureError> {
        Ok(self.read_at((self.camera.width, self.camera.height), self.timing)?)
    }

    /// Decodes the clip, shrunk to `width` × `height` by area average, such as the size that a scene was fitted in.
    ///
    /// # Errors
    /// [`MediaError::TooSmall`] where that would enlarge it; [`MediaError::Size`] where its shape differs by more than a pixel
    /// of rounding; what can be wrong with a clip.
    pub fn read_resized(&self, width: u32, height: u32) -> Result<Clip, CaptureError> {
        check_shape(self.source.path(), self.straight_size(), (width, height))?;
        Ok(self.read_at((width, height), self.timing)?)
    }

    /// Size of the frames on disk once they are undistorted.
    fn straight_size(&self) -> Size {
        self.undistortion.map_or(self.source_size, |undistortion| {
            let camera = undistortion.camera();
            (camera.width, camera.height)
        })
    }

    fn read_at(&self, target: Size, timing: Timing) -> Result<Clip, MediaError> {
        let shaping = Shaping::new(self.undistortion.as_ref(), self.source_size, target);
        self.source.decode(self.probe, &shaping, timing, &Ffmpeg::default())
    }

    /// A small grey image, the mean over the first [`sweep::FRAMES`]: what moves fades, so that views filmed at different times
    /// look alike.
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
    /// Frames per second of the clips; 25 for images.
    pub fps: f64,
    /// Depth bounds of the scene in world units: nearest (1 after normalisation) and farthest.
    pub near: f64,
    /// See `near`.
    pub far: f64,
    /// The way between the poses on disk and the world.
    pub normalisation: Normalisation,
    /// What a person should know: choices made by default, clips left out.
    pub notes: Vec<String>,
}

impl PosedCapture {
    /// Decodes the views of these `indices`; the capture has them in this order. The observer hears the fraction that is done.
    ///
    /// # Errors
    /// [`CaptureError::NoSuchView`], [`CaptureError::Stopped`], and what can be wrong with a clip.
    pub fn load(&self, indices: &[usize], observer: &mut dyn Observer) -> Result<Capture, CaptureError> {
        let view_at = |&index: &usize| {
            let missing = || CaptureError::NoSuchView { dir: self.dir.clone(), index, views: self.views.len() };
            self.views.get(index).ok_or_else(missing)
        };
        // All indices are checked before the first clip is decoded.
        let wanted: Vec<&PosedView> = indices.iter().map(view_at).collect::<Result<_, _>>()?;
        let mut views = Vec::with_capacity(wanted.len());
        let mut faults = Vec::new();
        let mut tell = |done: usize| {
            let fraction = done as f64 / wanted.len().max(1) as f64;
            check(observer.event(Event::step("loading", fraction)), CaptureError::Stopped)
        };
        tell(0)?;
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
            tell(done + 1)?;
        }
        if let Some(fault) = CaptureError::of(faults) {
            return Err(fault);
        }
        let Self { fps, near, far, normalisation, .. } = *self;
        Ok(Capture { views, fps, near, far, normalisation })
    }
}

/// Reads a capture with all its views. The observer hears the fraction that is done.
///
/// `dir` holds camera poses in one of the [`Layout`]s and a clip for each of them: `docs/CAPTURES.md` shows all. Clips are, best
/// kind first: video files in `videos/` or `videos_<factor>/`; a folder of PNG or JPEG frames for each view, in those, in `frames/`
/// or `frames_<factor>/`; stills in `images/` or `images_<factor>/`; what is in `dir` itself. Of several factors the largest is
/// taken whose frames still hold every pixel that `options` ask for. Sizes must be those of the poses divided by the folder's
/// factor, within 1 pixel of rounding. Frames of lenses with distortion are undistorted and cropped to what was seen.
///
/// # Errors
/// See [`CaptureError`].
pub fn load(dir: &Path, options: &LoadOptions, observer: &mut dyn Observer) -> Result<Capture, CaptureError> {
    let posed = load_poses(dir, options)?;
    let all: Vec<usize> = (0..posed.views.len()).collect();
    posed.load(&all, observer)
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
    let lens = LensOptions { focal_mm: options.focal_mm, sensor_mm: options.sensor_mm };
    // What is wrong with the clips is reported together with what is wrong with the poses.
    let mut raw = found.read(lens).map_err(|poses| with_clips(dir, poses))?;
    let posed = raw.views.len();
    let assignment = select_and_assign(dir, options, &mut raw, found.layout)?;
    let file = &raw.file.clone();
    if posed >= 2 && raw.views.len() < 2 {
        let name = |clip: &PathBuf| clip.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let left = assignment.clips.iter().map(name).collect();
        return Err(CaptureError::TooFewCameras { dir: dir.to_owned(), left, views: posed });
    }
    if posed < 2 {
        return Err(CaptureError::TooFewViews { file: file.clone(), found: posed });
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
            "{} HDR clip(s) are tone-mapped to standard range: {}; film without HDR for truer colours",
            bright.len(),
            bright.join(", ")
        ));
    }
    let bounds = depth_bounds(dir, &mut raw, &views)?;
    plausible::check_spread(&raw, &bounds)?;
    let poses = views.iter().zip(bounds).map(|(view, [near, far])| Pose { camera: view.camera, near, far });
    let mut poses: Vec<Pose> = poses.collect();
    let (normalisation, far) =
        normalise(&mut poses).map_err(|problem| CaptureError::NoAveragePose { file: file.clone(), problem })?;
    for (view, pose) in views.iter_mut().zip(poses) {
        view.camera = pose.camera;
    }
    let (dir, layout) = (dir.to_owned(), found.layout);
    Ok(PosedCapture { dir, layout, views, fps, near: 1.0, far, normalisation, notes: raw.notes })
}

/// `fault`, and what is wrong with the headers of the clips in `dir`.
fn with_clips(dir: &Path, fault: CaptureError) -> CaptureError {
    let ffmpeg = Ffmpeg::default();
    let look_at = |clip: &PathBuf| Source::at(clip).and_then(|source| source.look(&ffmpeg)).err();
    let clips = clips::any(dir).unwrap_or_default();
    let faults: Vec<MediaError> = clips.par_iter().filter_map(look_at).collect();
    fault.with(faults.into_iter().map(CaptureError::from).collect())
}

/// Keeps the views in `raw` that are wanted, and finds their clips.
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
            if layout.surrounds {
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
                    "leaving out {} clip(s) without a pose in {}: {}",
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
    let (found, probe) = source.look(ffmpeg)?;
    let posed = raw.intrinsics.size().unwrap_or((found.0.saturating_mul(factor), found.1.saturating_mul(factor)));
    let expected = divided(posed, factor);
    if !within_one(found, expected) {
        let by = if factor == 1 { String::new() } else { format!(" divided by the folder's {factor}") };
        let name = poses_file.file_name().unwrap_or_default().to_string_lossy();
        let reason = format!("the size in {name} ({}×{}){by}", posed.0, posed.1);
        return Err(MediaError::Size { file: clip.to_owned(), found, expected, reason }.into());
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

/// Brings all views to one rate, computes how many frames each will have, and returns the rate.
fn settle_rates(views: &mut [PosedView], options: &LoadOptions, notes: &mut Vec<String>) -> Result<f64, CaptureError> {
    let rates = || views.iter().filter_map(|view| Some((view.probe?.fps, view.source.path())));
    let lowest = rates().map(|(rate, _)| rate).fold(f64::INFINITY, f64::min);
    let highest = rates().map(|(rate, _)| rate).fold(0.0, f64::max);
    let first = rates().next().map_or(IMAGES_FPS, |(rate, _)| rate);
    let uneven: Vec<&str> = views
        .iter()
        .filter(|view| view.probe.is_some_and(|probe| probe.varies))
        .map(|view| view.name.as_str())
        .collect();
    if !uneven.is_empty() {
        notes.push(format!("{}: frames come unevenly, and are taken by their time stamps", uneven.join(", ")));
    }
    let woven: Vec<&str> = views
        .iter()
        .filter(|view| view.probe.is_some_and(|probe| probe.interlaced))
        .map(|view| view.name.as_str())
        .collect();
    if !woven.is_empty() {
        notes.push(format!("{}: interlaced; a frame is made of each pair of fields", woven.join(", ")));
    }
    let fps = match options.fps {
        Some(fps) => {
            if let Some((rate, file)) = rates().find(|&(rate, _)| rate < fps && !timing::same(rate, fps)) {
                let problem = format!("{rate:.3} frames per second; expected at least {fps}, the --fps asked for");
                return Err(MediaError::Time { file: file.to_owned(), problem }.into());
            }
            fps
        }
        None if highest > 0.0 && !timing::same(lowest, highest) => {
            notes.push(format!(
                "the clips have {lowest:.3} to {highest:.3} frames per second; all are brought to {lowest:.3} (override with --fps)"
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
                let wanted = view.timing.images(&file, files.len(), fps)?;
                *files = files[wanted].to_vec();
                Some(files.len())
            }
            Source::Still(_) => Some(1),
        };
    }
    Ok(fps)
}

/// Nearest and farthest depth of each view: as its layout says, else from the points it sees, else as any view's say, else from a
/// plane sweep over the images.
fn depth_bounds(dir: &Path, raw: &mut RawCapture, views: &[PosedView]) -> Result<Vec<[f64; 2]>, CaptureError> {
    let mut lone = 0;
    let own = |(raw_view, view): (&RawView, &PosedView)| {
        let of_points = || {
            let bounds = bounds::of_points(&view.camera, &raw.points)?;
            lone += bounds.lone;
            Some(bounds.range)
        };
        raw_view.bounds.or_else(of_points)
    };
    let mut known: Vec<Option<[f64; 2]>> = raw.views.iter().zip(views).map(own).collect();
    if lone > 0 {
        raw.notes.push(bounds::lone_note(lone));
    }
    plausible::forget_slips(&raw.views, &mut known, &mut raw.notes);
    let all_known = || known.iter().flatten();
    let all = if all_known().next().is_some() {
        all_known().fold([f64::INFINITY, 0.0], |[near, far], bounds| [near.min(bounds[0]), far.max(bounds[1])])
    } else {
        let greys = views.iter().map(PosedView::grey).collect::<Result<Vec<_>, _>>()?;
        sweep::bounds(&greys).map_err(|problem| CaptureError::NoDepth { dir: dir.to_owned(), problem })?
    };
    Ok(known.iter().map(|bounds| bounds.unwrap_or(all)).collect())
}
