//! Writes the sample capture as an LLFF folder.

use super::cameras::cameras;
use super::garden::Garden;
use super::hand;
use super::render::{Sensor, Stage, first_frame, truth_frames};
use super::video::{Encoder, probe};
use super::{FOCAL, HELD_OUT, SampleConfig};
use crate::writers::{Point, Posed, WrittenLayout};
use glam::DVec2;
use loop3d_scene::Camera;
use rayon::prelude::*;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// What was written.
#[derive(Clone, Debug, PartialEq)]
pub struct SampleReport {
    /// The capture's folder: the one that was asked for, or below it.
    pub capture: PathBuf,
    /// Every file, in the order of writing.
    pub files: Vec<PathBuf>,
    /// Frames of all clips and of the truth.
    pub frames: usize,
    /// Share of the held-out view's pixels in which nothing moves.
    pub still_share: f64,
}

/// Why the sample could not be written.
#[derive(Debug, Error)]
pub enum SampleError {
    /// A setting that gives no sample.
    #[error("sample settings: {0}")]
    Config(String),
    /// The folder holds something else.
    #[error(
        "{}: found a folder that is not empty and holds no earlier sample; expected a new or empty folder", .0.display()
    )]
    Occupied(PathBuf),
    /// A file or folder that could not be written.
    #[error("{}: cannot write: {message}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        message: String,
    },
    /// A video that could not be written.
    #[error(transparent)]
    File(#[from] loop3d_scene::FileError),
    /// No ffmpeg program.
    #[error(
        "cannot run ffmpeg as `{}` ({reason}); it writes videos. Install it (Debian or Ubuntu: `apt install ffmpeg`, \
         macOS: `brew install ffmpeg`, Windows: `winget install ffmpeg`) and see that it is on the PATH", program.display()
    )]
    FfmpegMissing {
        /// What was tried.
        program: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// ffmpeg ran and failed.
    #[error("{}: ffmpeg failed: {message}", target.display())]
    Ffmpeg {
        /// The video.
        target: PathBuf,
        /// What ffmpeg said.
        message: String,
    },
}

pub(super) fn io_error(path: &Path, error: &std::io::Error) -> SampleError {
    SampleError::Io { path: path.to_owned(), message: error.to_string() }
}

/// First line of the README: it tells an earlier sample, which may be overwritten, from anything else.
const TITLE: &str = "loop3d sample capture";

fn readme(config: &SampleConfig, layout: WrittenLayout) -> String {
    let SampleConfig { width, height, frames, fps, seed, shaky } = config;
    let hands = if *shaky { "Filmed from hands that shake: `loop3d prepare` steadies the clips.\n" } else { "" };
    let (all, first) = (truth_frames(config), first_frame(config, HELD_OUT));
    format!(
        "{TITLE}\n\
         \n\
         A courtyard garden at dusk: a fountain, fires, grass and leaves in the wind. It is procedural (seed {seed}): traced from\n\
         textured surfaces at true depths, so that the truth is known. Written by `loop3d sample --layout {layout}`; below is what\n\
         the layout llff has, the others have the same clips under names of their own, and other files of poses.\n{hands}\
         \n\
         videos/0000.mp4 ... 0008.mp4   {width}x{height}, {fps} fps, {frames} frames each. Every view shows its own stretch of time: view k\n\
         \x20                              begins at frame k * {all}, no two overlap. Sensor noise of sigma 1/255, exposures that differ by\n\
         \x20                              up to 1.5 %.\n\
         poses_bounds.npy               LLFF: 9 rows of 17 float64: 3x5 row-major [down, right, backwards, position,\n\
         \x20                              (height, width, focal)], nearest and farthest true depth.\n\
         truth/0004.mp4                 View 4, {all} frames from frame {first} on, without noise and at exposure 1. View 4 is the held-out\n\
         \x20                              view: fit with the other eight, evaluate there.\n\
         \n\
         Try it:  loop3d fit --views THIS_FOLDER --hold-out 4 --preset draft\n"
    )
}

fn check(config: &SampleConfig) -> Result<(), SampleError> {
    let bad = |message: String| Err(SampleError::Config(message));
    if config.width < 32 || config.height < 18 || !config.width.is_multiple_of(2) || !config.height.is_multiple_of(2) {
        let (w, h) = (config.width, config.height);
        return bad(format!("found {w}x{h} pixels, expected even numbers of at least 32x18"));
    }
    if config.width > 4096 || config.height > 4096 {
        return bad(format!("found {}x{} pixels, expected at most 4096x4096", config.width, config.height));
    }
    if config.frames < 2 {
        return bad(format!("found {} frames, expected at least 2", config.frames));
    }
    if !(1.0..=240.0).contains(&config.fps) {
        return bad(format!("found {} fps, expected 1 to 240", config.fps));
    }
    Ok(())
}

/// Makes the folders; `capture` is `dir` or below it.
fn prepare(dir: &Path, capture: &Path, layout: WrittenLayout) -> Result<(), SampleError> {
    let failed = |error: &std::io::Error| io_error(dir, error);
    std::fs::create_dir_all(dir).map_err(|e| failed(&e))?;
    let mut entries = std::fs::read_dir(dir).map_err(|e| failed(&e))?;
    if entries.next().is_some() {
        let ours = std::fs::read_to_string(dir.join("README.txt")).is_ok_and(|text| text.starts_with(TITLE));
        if !ours {
            return Err(SampleError::Occupied(dir.to_owned()));
        }
    }
    for folder in [layout.clips(capture), capture.join("truth")] {
        std::fs::create_dir_all(&folder).map_err(|e| io_error(&folder, &e))?;
    }
    // An older sample's poses must not meet half of a new one's videos: poses are written last.
    for poses in WrittenLayout::SIGNS.map(|sign| capture.join(sign)) {
        match std::fs::remove_file(&poses) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(io_error(&poses, &error)),
            _ => {}
        }
    }
    Ok(())
}

/// Points on what stands still, a grid of each view's pixels, and the views that see them: those in whose depth map nothing is nearer.
fn points(cameras: &[Camera], depths: &[Vec<f32>]) -> Vec<Point> {
    const APART: usize = 6;
    let mut points = Vec::new();
    for (camera, depths_here) in cameras.iter().zip(depths) {
        let width = camera.width as usize;
        for row in (APART / 2..camera.height as usize).step_by(APART) {
            for column in (APART / 2..width).step_by(APART) {
                let ray = camera.ray(DVec2::new(column as f64 + 0.5, row as f64 + 0.5));
                let depth = f64::from(depths_here[row * width + column]);
                let position = camera.position() + ray * depth;
                let sees = |&view: &usize| {
                    let other = &cameras[view];
                    other.project(position).is_some_and(|pixel| {
                        let (x, y) = (pixel.x.floor(), pixel.y.floor());
                        let inside = x >= 0.0 && y >= 0.0 && x < f64::from(other.width) && y < f64::from(other.height);
                        let there = other.world_from_camera.inverse().transform_point3(position).z;
                        inside && f64::from(depths[view][y as usize * width + x as usize]) > 0.98 * there
                    })
                };
                points.push(Point { position, seen_by: (0..cameras.len()).filter(sees).collect() });
            }
        }
    }
    points
}

/// Writes the sample capture to `dir` (made if missing) with the ffmpeg on the PATH. `progress` hears the share that is done, 0 to 1.
///
/// # Errors
/// Settings out of range; `dir` not writable, or taken by something else than an earlier sample; ffmpeg missing or failing.
/// The file of poses is written last, so a folder that has one is whole.
pub fn write(
    dir: &Path,
    config: &SampleConfig,
    layout: WrittenLayout,
    progress: &mut dyn FnMut(f32),
) -> Result<SampleReport, SampleError> {
    write_with(Path::new("ffmpeg"), dir, config, layout, progress)
}

/// [`write()`] with the ffmpeg program at a given place.
///
/// # Errors
/// As [`write()`].
pub fn write_with(
    ffmpeg: &Path,
    dir: &Path,
    config: &SampleConfig,
    layout: WrittenLayout,
    progress: &mut dyn FnMut(f32),
) -> Result<SampleReport, SampleError> {
    check(config)?;
    probe(ffmpeg)?;
    let capture = layout.capture(dir, FOCAL);
    prepare(dir, &capture, layout)?;
    let put = |path: PathBuf, bytes: &[u8]| match std::fs::write(&path, bytes) {
        Ok(()) => Ok(path),
        Err(error) => Err(io_error(&path, &error)),
    };
    let mut files = vec![put(dir.join("README.txt"), readme(config, layout).as_bytes())?];
    let garden = Garden::new(config.seed);
    let (mut bounds, mut depths) = (Vec::new(), Vec::new());
    let mut still_share = 0.0;
    let cameras = cameras(config);
    let names: Vec<String> = (0..cameras.len()).map(|view| layout.clip_name(view, FOCAL)).collect();
    let total = cameras.len() * config.frames + truth_frames(config);
    let mut done = 0;
    for (view, camera) in cameras.iter().enumerate() {
        let stage = Stage::new(&garden, config, camera);
        bounds.push(stage.bounds);
        depths.push(stage.depths());
        let clip = layout.clips(&capture).join(format!("{}.mp4", names[view]));
        let walk = if config.shaky { hand::walk(config, view) } else { Vec::new() };
        let mut jobs = vec![(clip, config.frames, Sensor::of_view(config.seed, view), walk)];
        if view == HELD_OUT {
            still_share = stage.still_share();
            let truth = capture.join("truth").join(format!("{view:04}.mp4"));
            jobs.push((truth, truth_frames(config), Sensor::ideal(), Vec::new()));
        }
        for (target, frames, sensor, walk) in jobs {
            let mut encoder = Encoder::start(ffmpeg, &target, [config.width, config.height], config.fps)?;
            let first = first_frame(config, view);
            // A few frames at a time: all cores work, and few frames wait in memory.
            let indices: Vec<usize> = (first..first + frames).collect();
            for some in indices.chunks(2 * rayon::current_num_threads()) {
                let read = |&index: &usize| {
                    let seconds = (index as f64 / config.fps) as f32;
                    let turned = walk.get(index - first).map(|turn| hand::turned(camera, turn));
                    let picture = match turned {
                        Some(camera) => Stage::new(&garden, config, &camera).frame(seconds),
                        None => stage.frame(seconds),
                    };
                    sensor.read(&picture, index)
                };
                let pictures: Vec<Vec<u8>> = some.par_iter().map(read).collect();
                for picture in &pictures {
                    encoder = encoder.frame(picture)?;
                }
                done += some.len();
                progress(done as f32 / total as f32);
            }
            encoder.finish()?;
            files.push(target);
        }
    }
    let posed = Posed { names, points: points(&cameras, &depths), cameras, bounds };
    files.extend(layout.write(&capture, &posed).map_err(|error| io_error(&capture, &error))?);
    Ok(SampleReport { capture, files, frames: total, still_share })
}
