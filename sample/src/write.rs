//! Writes the sample capture as an LLFF folder.

use crate::cameras::cameras;
use crate::config::{FOCAL, HELD_OUT, SampleConfig, first_frame, truth_frames};
use crate::error::SampleError;
use crate::garden::Garden;
use crate::hand;
use crate::render::{Sensor, Stage};
use glam::DVec2;
use loop3d_capture::{PosedScene, ScenePoint, Writer};
use loop3d_media::{Encoder, Encoding, Ffmpeg, Purpose};
use loop3d_scene::Camera;
use loop3d_scene::job::{Event, Observer, check};
use rayon::prelude::*;
use std::path::{Path, PathBuf};

/// What was written.
#[derive(Clone, Debug, PartialEq)]
pub struct SampleReport {
    /// The capture's folder: the one that was asked for, or below it.
    pub capture: PathBuf,
    /// Every file, in the order of writing.
    pub files: Vec<PathBuf>,
    /// Frames of all clips and of the truth.
    pub frames: usize,
    /// Fraction of the held-out view's pixels in which nothing moves.
    pub static_fraction: f64,
}

pub(crate) fn io_error(path: &Path, error: &std::io::Error) -> SampleError {
    SampleError::Io { path: path.to_owned(), message: error.to_string() }
}

/// First line of the README. It identifies an earlier sample, which may be overwritten.
pub(crate) const TITLE: &str = "loop3d sample capture";

fn readme(config: &SampleConfig, layout: Writer) -> String {
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

pub(crate) fn check_config(config: &SampleConfig) -> Result<(), SampleError> {
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

/// Folders of truth that samples may have beside the clips.
const TRUTH: [&str; 4] = ["truth", "depth", "ids", "tracks"];

/// Makes the folders; `capture` is `dir` or below it, `truth` are folders of truth. Truth of an earlier sample is removed.
pub(crate) fn prepare(dir: &Path, capture: &Path, layout: Writer, truth: &[PathBuf]) -> Result<(), SampleError> {
    let failed = |error: &std::io::Error| io_error(dir, error);
    std::fs::create_dir_all(dir).map_err(|e| failed(&e))?;
    let mut entries = std::fs::read_dir(dir).map_err(|e| failed(&e))?;
    if entries.next().is_some() {
        let ours = std::fs::read_to_string(dir.join("README.txt")).is_ok_and(|text| text.starts_with(TITLE));
        if !ours {
            return Err(SampleError::Occupied(dir.to_owned()));
        }
    }
    for old in TRUTH.map(|name| capture.join(name)) {
        match std::fs::remove_dir_all(&old) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(io_error(&old, &error)),
            _ => {}
        }
    }
    for folder in std::iter::once(&layout.clips(capture)).chain(truth) {
        std::fs::create_dir_all(folder).map_err(|e| io_error(folder, &e))?;
    }
    // An older sample's poses must not meet half of a new one's videos: poses are written last.
    for poses in Writer::all().flat_map(|writer| writer.files).map(|file| capture.join(file)) {
        match std::fs::remove_file(&poses) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(io_error(&poses, &error)),
            _ => {}
        }
    }
    Ok(())
}

/// Points on static surfaces, a grid of each view's pixels, and the views that see them: those in whose depth map nothing is nearer.
/// A depth that is not a number is of something else.
pub(crate) fn points(cameras: &[Camera], depths: &[Vec<f32>]) -> Vec<ScenePoint> {
    const APART: usize = 6;
    let mut points = Vec::new();
    for (camera, depths_here) in cameras.iter().zip(depths) {
        let width = camera.width as usize;
        for row in (APART / 2..camera.height as usize).step_by(APART) {
            for column in (APART / 2..width).step_by(APART) {
                let ray = camera.ray(DVec2::new(column as f64 + 0.5, row as f64 + 0.5));
                let depth = f64::from(depths_here[row * width + column]);
                if depth.is_nan() {
                    continue;
                }
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
                points.push(ScenePoint { position, seen_by: (0..cameras.len()).filter(sees).collect() });
            }
        }
    }
    points
}

/// Writes the sample capture to `dir` (made if missing) with the ffmpeg that is found. The observer hears the fraction that is done.
///
/// # Errors
/// Settings out of range; `dir` not writable, or holding something other than an earlier sample; ffmpeg missing or failing;
/// [`SampleError::Stopped`].
/// The file of poses is written last, so a folder that has one is whole.
pub fn write(
    dir: &Path,
    config: &SampleConfig,
    layout: Writer,
    observer: &mut dyn Observer,
) -> Result<SampleReport, SampleError> {
    write_with(&Ffmpeg::default(), dir, config, layout, observer)
}

/// [`write()`] with the programs of ffmpeg at a given place.
///
/// # Errors
/// As [`write()`].
pub fn write_with(
    ffmpeg: &Ffmpeg,
    dir: &Path,
    config: &SampleConfig,
    layout: Writer,
    observer: &mut dyn Observer,
) -> Result<SampleReport, SampleError> {
    check_config(config)?;
    ffmpeg.check()?;
    let capture = layout.capture(dir, FOCAL);
    prepare(dir, &capture, layout, &[capture.join("truth")])?;
    let put = |path: PathBuf, bytes: &[u8]| match std::fs::write(&path, bytes) {
        Ok(()) => Ok(path),
        Err(error) => Err(io_error(&path, &error)),
    };
    let mut files = vec![put(dir.join("README.txt"), readme(config, layout).as_bytes())?];
    let garden = Garden::new(config.seed);
    let (mut bounds, mut depths) = (Vec::new(), Vec::new());
    let mut static_fraction = 0.0;
    let cameras = cameras(config);
    let names: Vec<String> = (0..cameras.len()).map(|view| layout.clip_name(view, FOCAL)).collect();
    let encoding = Encoding { size: (config.width, config.height), fps: config.fps, purpose: Purpose::Footage };
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
            static_fraction = stage.static_fraction();
            let truth = capture.join("truth").join(format!("{view:04}.mp4"));
            jobs.push((truth, truth_frames(config), Sensor::ideal(), Vec::new()));
        }
        for (target, frames, sensor, walk) in jobs {
            let mut encoder = Encoder::start(ffmpeg, &target, &encoding)?;
            let first = first_frame(config, view);
            // A few frames at a time: all cores work, and few frames wait in memory.
            let indices: Vec<usize> = (first..first + frames).collect();
            for some in indices.chunks(2 * rayon::current_num_threads()) {
                let read = |&index: &usize| {
                    let seconds = (index as f64 / config.fps) as f32;
                    let turned = walk.get(index - first).map(|turn| hand::turned(camera, turn));
                    let frame = match turned {
                        Some(camera) => Stage::new(&garden, config, &camera).frame(seconds),
                        None => stage.frame(seconds),
                    };
                    sensor.read(&frame, index)
                };
                let frames: Vec<Vec<u8>> = some.par_iter().map(read).collect();
                for frame in &frames {
                    encoder.frame(frame)?;
                }
                done += some.len();
                let fraction = done as f64 / total as f64;
                check(observer.event(Event::step("tracing and encoding", fraction)), SampleError::Stopped)?;
            }
            encoder.finish()?;
            files.push(target);
        }
    }
    let scene = PosedScene { names, points: points(&cameras, &depths), cameras, bounds };
    files.extend(layout.write(&capture, &scene).map_err(|error| io_error(&capture, &error))?);
    Ok(SampleReport { capture, files, frames: total, static_fraction })
}
