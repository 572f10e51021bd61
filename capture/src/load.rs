//! Poses and clips on disk become a [`Capture`].
//!
//! In two steps, so that sizes are known (and memory can be estimated) before any pixel is decoded: [`load_poses`] reads
//! everything but the pixels, [`PosedCapture::load`] decodes the views that are wanted.

use crate::clip::Clip;
use crate::error::{CaptureError, Size};
use crate::layout::{self, Source};
use crate::normalisation::{Normalisation, normalise};
use crate::poses::Pose;
use crate::video::{Ffmpeg, Probe};
use crate::{Capture, View, npy, pictures};
use loop3d_scene::Camera;
use rayon::prelude::*;
use std::path::{Path, PathBuf};

/// The file of poses in a capture.
const POSES: &str = "poses_bounds.npy";

/// Frames per second of pictures, which do not say.
const PICTURES_FPS: f64 = 25.0;

/// How much to shrink while loading. Where both are given the smaller picture wins; pictures are never enlarged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoadOptions {
    /// Pictures of the poses' size divided by this (at least 1). `videos_<factor>/` is taken as it is where it exists;
    /// else the next larger pictures are shrunk. An error where all pictures are smaller.
    pub factor: Option<u32>,
    /// Pictures at most this many pixels high (at least 1), of the same shape.
    pub max_height: Option<u32>,
}

impl LoadOptions {
    fn check(&self) -> Result<(), CaptureError> {
        let positive = |option, value| match value {
            Some(found @ 0) => Err(CaptureError::BadOption { option, found, expected: "at least 1" }),
            _ => Ok(()),
        };
        positive("factor", self.factor)?;
        positive("max-height", self.max_height)
    }

    /// Size in the poses / size asked for, of the view that asks for most; 1 without options.
    fn largest_factor(&self, poses: &[Pose]) -> f64 {
        let by_factor = self.factor.map_or(1.0, f64::from);
        let lowest = poses.iter().map(|pose| pose.camera.height).min().unwrap_or(1);
        let by_height = self.max_height.map_or(1.0, |limit| f64::from(lowest) / f64::from(limit));
        by_factor.max(by_height)
    }

    /// Size to load a picture of `source` size in, whose pose is for pictures of `posed` size.
    fn target(&self, file: &Path, posed: Size, source: Size) -> Result<Size, CaptureError> {
        let mut target = source;
        if let Some(factor) = self.factor {
            let asked = divided(posed, factor);
            if source.0 + 1 < asked.0 || source.1 + 1 < asked.1 {
                return Err(CaptureError::TooSmall { file: file.to_owned(), found: source, expected: asked });
            }
            if !within_one(source, asked) {
                target = asked;
            }
        }
        Ok(match self.max_height {
            Some(limit) if limit < target.1 => {
                let width = f64::from(target.0) * f64::from(limit) / f64::from(target.1);
                (width.round().max(1.0) as u32, limit)
            }
            _ => target,
        })
    }
}

/// One view of a [`PosedCapture`].
#[derive(Clone, Debug)]
pub struct PosedView {
    /// Stem of the clip, folder or still.
    pub name: String,
    /// Normalised pose; width and height are those that the clip will be loaded in.
    pub camera: Camera,
    /// Where its frames are.
    pub source: Source,
    /// Size of the pictures on disk, (width, height).
    pub source_size: Size,
    /// Number of frames. Exact for pictures; for videos what the container says, `None` where it says nothing.
    pub frames: Option<usize>,
    /// What the container says, for videos.
    probe: Option<Probe>,
}

impl PosedView {
    /// Bytes of the clip once loaded, `frames · height · width · 3`; `None` where the number of frames is not known yet.
    pub fn clip_bytes(&self) -> Option<usize> {
        let frame = self.camera.width as usize * self.camera.height as usize * 3;
        self.frames?.checked_mul(frame)
    }

    /// Decodes the clip in the camera's size.
    fn read(&self, ffmpeg: &Ffmpeg) -> Result<Clip, CaptureError> {
        let target = (self.camera.width, self.camera.height);
        decode(&self.source, self.probe, self.source_size, target, ffmpeg)
    }
}

/// A capture without its pixels.
#[derive(Clone, Debug)]
pub struct PosedCapture {
    /// The directory.
    pub dir: PathBuf,
    /// Views, in the order of their poses.
    pub views: Vec<PosedView>,
    /// Frames per second of the first clip; 25 for pictures.
    pub fps: f64,
    /// Depth bounds of the scene in world units: nearest (1 after normalisation) and farthest.
    pub near: f64,
    /// See `near`.
    pub far: f64,
    /// The way between the poses on disk and the world.
    pub normalisation: Normalisation,
}

impl PosedCapture {
    /// Decodes the views of these `indices`; the capture has them in this order. `progress` is told how many of them are
    /// done, from 0.
    ///
    /// # Errors
    /// [`CaptureError::NoSuchView`], and what can be wrong with a clip.
    pub fn load(&self, indices: &[usize], progress: &mut dyn FnMut(usize, usize)) -> Result<Capture, CaptureError> {
        let ffmpeg = Ffmpeg::default();
        let view_at = |&index: &usize| {
            let missing = || CaptureError::NoSuchView { dir: self.dir.clone(), index, views: self.views.len() };
            self.views.get(index).ok_or_else(missing)
        };
        // All indices are checked before the first clip is decoded.
        let wanted: Vec<&PosedView> = indices.iter().map(view_at).collect::<Result<_, _>>()?;
        let mut views = Vec::with_capacity(wanted.len());
        progress(0, wanted.len());
        for view in &wanted {
            let clip = view.read(&ffmpeg)?;
            views.push(View { name: view.name.clone(), camera: view.camera, clip });
            progress(views.len(), wanted.len());
        }
        let Self { fps, near, far, normalisation, .. } = *self;
        Ok(Capture { views, fps, near, far, normalisation })
    }
}

/// Reads a capture with all its views. `progress` is told (views done, views), from 0.
///
/// `dir` holds `poses_bounds.npy` (LLFF, `[views, 17]` floats, spec §1.2) and one clip for each view; row *i* belongs to
/// the *i*-th clip by name. Clips are, best kind first: video files in `videos/` or `videos_<factor>/`; a folder of PNG
/// or JPEG frames for each view, in those, in `frames/` or `frames_<factor>/`; stills in `images/` or `images_<factor>/`; a
/// folder of frames for each view in `dir` itself. Of several factors the largest is taken whose pictures still hold every pixel that `options` ask
/// for. Sizes must be those of the poses divided by the folder's factor, within 1 pixel of rounding.
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
    let poses_file = dir.join(POSES);
    let mut poses = read_poses(&poses_file)?;
    let candidates = layout::candidates(dir)?;
    let folder = layout::choose(candidates, options.largest_factor(&poses))
        .ok_or_else(|| CaptureError::NoViews { dir: dir.to_owned() })?;
    if folder.clips.len() != poses.len() {
        let (poses, views) = (poses.len(), folder.clips.len());
        return Err(CaptureError::Count { poses_file, poses, folder: folder.folder, views });
    }
    if poses.len() < 2 {
        return Err(CaptureError::TooFewViews { file: poses_file, found: poses.len() });
    }
    let (normalisation, far) =
        normalise(&mut poses).map_err(|problem| CaptureError::NoAveragePose { file: poses_file.clone(), problem })?;
    let ffmpeg = Ffmpeg::default();
    let pairs: Vec<(&PathBuf, Pose)> = folder.clips.iter().zip(poses).collect();
    let views = pairs.into_par_iter().map(|(clip, pose)| pose_view(clip, &pose, folder.factor, options, &ffmpeg));
    // Collected first, so that of several faults the first view's is told.
    let views: Vec<(PosedView, f64)> = views.collect::<Vec<_>>().into_iter().collect::<Result<_, _>>()?;
    let fps = views.first().map_or(PICTURES_FPS, |view| view.1);
    let views = views.into_iter().map(|view| view.0).collect();
    Ok(PosedCapture { dir: dir.to_owned(), views, fps, near: 1.0, far, normalisation })
}

/// Reads one clip in its own size, and its frames per second (25 for pictures). `path` is a video, a folder of PNG or JPEG
/// frames, or one picture.
///
/// # Errors
/// See [`CaptureError`].
pub fn read_clip(path: &Path) -> Result<(Clip, f64), CaptureError> {
    read_to(path, |_| Ok(None))
}

/// Like [`read_clip`], shrunk to `width` × `height` by area average.
///
/// # Errors
/// [`CaptureError::TooSmall`] where that would enlarge it; [`CaptureError::Size`] where its shape is another by more than a
/// pixel of rounding; see [`CaptureError`].
pub fn read_clip_resized(path: &Path, width: u32, height: u32) -> Result<(Clip, f64), CaptureError> {
    let asked = (width, height);
    let check = |option, value| match value {
        0 => Err(CaptureError::BadOption { option, found: 0, expected: "at least 1" }),
        _ => Ok(()),
    };
    check("width", width)?;
    check("height", height)?;
    read_to(path, |found| {
        if found.0 < width || found.1 < height {
            return Err(CaptureError::TooSmall { file: path.to_owned(), found, expected: asked });
        }
        // One pixel of rounding in the smaller picture is `ratio` pixels in the larger.
        let ratio = f64::from(found.1) / f64::from(height);
        let fitting = (f64::from(width) * ratio, f64::from(found.1));
        if (f64::from(found.0) - fitting.0).abs() > ratio.max(1.0) * 1.5 {
            let expected = (fitting.0.round() as u32, found.1);
            let reason = format!("the shape of the {width}×{height} pictures to compare with");
            return Err(CaptureError::Size { file: path.to_owned(), found, expected, reason });
        }
        Ok(Some(asked))
    })
}

/// Reads a clip in the size that `target` gives for its own size (`None`: the same).
fn read_to(
    path: &Path,
    target: impl Fn(Size) -> Result<Option<Size>, CaptureError>,
) -> Result<(Clip, f64), CaptureError> {
    let ffmpeg = Ffmpeg::default();
    let source = Source::at(path)?;
    let (size, probe) = look(&source, &ffmpeg)?;
    let target = target(size)?.unwrap_or(size);
    let clip = decode(&source, probe, size, target, &ffmpeg)?;
    Ok((clip, probe.map_or(PICTURES_FPS, |probe| probe.fps)))
}

/// Size of the pictures of a source, from its header, and for videos what else the header says.
fn look(source: &Source, ffmpeg: &Ffmpeg) -> Result<(Size, Option<Probe>), CaptureError> {
    match source {
        Source::Video(file) => ffmpeg.probe(file).map(|probe| (probe.size, Some(probe))),
        Source::Still(file) => pictures::size(file).map(|size| (size, None)),
        Source::Frames { folder, files } => match files.first() {
            Some(file) => pictures::size(file).map(|size| (size, None)),
            None => Err(CaptureError::Empty { file: folder.clone() }),
        },
    }
}

fn decode(
    source: &Source,
    probe: Option<Probe>,
    size: Size,
    target: Size,
    ffmpeg: &Ffmpeg,
) -> Result<Clip, CaptureError> {
    let files = match source {
        Source::Video(file) => {
            let probe = probe.map_or_else(|| ffmpeg.probe(file), Ok)?;
            return ffmpeg.read(file, probe, target);
        }
        Source::Frames { files, .. } => files.as_slice(),
        Source::Still(file) => std::slice::from_ref(file),
    };
    let rgb = pictures::read(files, size, target)?;
    Ok(Clip { width: target.0 as usize, height: target.1 as usize, frames: files.len(), rgb })
}

fn read_poses(file: &Path) -> Result<Vec<Pose>, CaptureError> {
    let bytes = std::fs::read(file).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => CaptureError::NoPoses { file: file.to_owned() },
        _ => CaptureError::Io { file: file.to_owned(), source },
    })?;
    let rows = npy::rows(&bytes).map_err(|problem| CaptureError::BadNpy { file: file.to_owned(), problem })?;
    let pose = |(row, values)| {
        Pose::from_row(values).map_err(|problem| CaptureError::BadPose { file: file.to_owned(), row, problem })
    };
    rows.iter().enumerate().map(pose).collect()
}

/// The view of one clip and its normalised pose, and its frames per second.
fn pose_view(
    clip: &Path,
    pose: &Pose,
    factor: u32,
    options: &LoadOptions,
    ffmpeg: &Ffmpeg,
) -> Result<(PosedView, f64), CaptureError> {
    let source = Source::at(clip)?;
    let (found, probe) = look(&source, ffmpeg)?;
    let posed = (pose.camera.width, pose.camera.height);
    let expected = divided(posed, factor);
    if !within_one(found, expected) {
        let by = if factor == 1 { String::new() } else { format!(" divided by the folder's {factor}") };
        let reason = format!("the size in {POSES} ({}×{}){by}", posed.0, posed.1);
        return Err(CaptureError::Size { file: clip.to_owned(), found, expected, reason });
    }
    let (width, height) = options.target(clip, posed, found)?;
    let frames = match &source {
        Source::Video(_) => probe.and_then(|probe| probe.frames),
        Source::Frames { files, .. } => Some(files.len()),
        Source::Still(_) => Some(1),
    };
    let camera = pose.camera.resized(width, height);
    let fps = probe.map_or(PICTURES_FPS, |probe| probe.fps);
    Ok((PosedView { name: source.name(), camera, source, source_size: found, frames, probe }, fps))
}

/// `size / factor`, rounded, at least 1.
fn divided(size: Size, factor: u32) -> Size {
    let side = |side: u32| ((f64::from(side) / f64::from(factor)).round() as u32).max(1);
    (side(size.0), side(size.1))
}

fn within_one(a: Size, b: Size) -> bool {
    a.0.abs_diff(b.0) <= 1 && a.1.abs_diff(b.1) <= 1
}
