//! Writes the sample capture as an LLFF folder.

use super::cameras::{cameras, llff_row};
use super::garden::Garden;
use super::render::{Sensor, Stage, first_frame, truth_frames};
use super::video::{Encoder, probe};
use super::{HELD_OUT, SampleConfig, npy};
use rayon::prelude::*;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// What was written.
#[derive(Clone, Debug, PartialEq)]
pub struct SampleReport {
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
        "cannot run ffmpeg as `{}` ({reason}); it writes the sample's videos. Install it (Debian or Ubuntu: `apt install ffmpeg`, \
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

fn readme(config: &SampleConfig) -> String {
    let SampleConfig { width, height, frames, fps, seed } = config;
    let (all, first) = (truth_frames(config), first_frame(config, HELD_OUT));
    format!(
        "{TITLE}\n\
         \n\
         A courtyard garden at dusk: a fountain, fires, grass and leaves in the wind. It is procedural (seed {seed}): traced from\n\
         textured surfaces at true depths, so that the truth is known. Written by `loop3d sample`.\n\
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

fn prepare(dir: &Path) -> Result<(), SampleError> {
    let failed = |error: &std::io::Error| io_error(dir, error);
    std::fs::create_dir_all(dir).map_err(|e| failed(&e))?;
    let mut entries = std::fs::read_dir(dir).map_err(|e| failed(&e))?;
    if entries.next().is_some() {
        let ours = std::fs::read_to_string(dir.join("README.txt")).is_ok_and(|text| text.starts_with(TITLE));
        if !ours {
            return Err(SampleError::Occupied(dir.to_owned()));
        }
    }
    for folder in [dir.join("videos"), dir.join("truth")] {
        std::fs::create_dir_all(&folder).map_err(|e| io_error(&folder, &e))?;
    }
    // An older sample's poses must not meet half of a new one's videos: poses are written last.
    let poses = dir.join("poses_bounds.npy");
    match std::fs::remove_file(&poses) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(io_error(&poses, &error)),
        _ => Ok(()),
    }
}

/// Writes the sample capture to `dir` (made if missing) with the ffmpeg on the PATH. `progress` hears the share that is done, 0 to 1.
///
/// # Errors
/// Settings out of range; `dir` not writable, or taken by something else than an earlier sample; ffmpeg missing or failing.
/// `poses_bounds.npy` is written last, so a folder that has one is whole.
pub fn write(dir: &Path, config: &SampleConfig, progress: &mut dyn FnMut(f32)) -> Result<SampleReport, SampleError> {
    write_with(Path::new("ffmpeg"), dir, config, progress)
}

/// [`write()`] with the ffmpeg program at a given place.
///
/// # Errors
/// As [`write()`].
pub fn write_with(
    ffmpeg: &Path,
    dir: &Path,
    config: &SampleConfig,
    progress: &mut dyn FnMut(f32),
) -> Result<SampleReport, SampleError> {
    check(config)?;
    probe(ffmpeg)?;
    prepare(dir)?;
    let put = |path: PathBuf, bytes: &[u8]| match std::fs::write(&path, bytes) {
        Ok(()) => Ok(path),
        Err(error) => Err(io_error(&path, &error)),
    };
    let mut files = vec![put(dir.join("README.txt"), readme(config).as_bytes())?];
    let garden = Garden::new(config.seed);
    let mut rows = Vec::new();
    let mut still_share = 0.0;
    let cameras = cameras(config);
    let total = cameras.len() * config.frames + truth_frames(config);
    let mut done = 0;
    for (view, camera) in cameras.iter().enumerate() {
        let stage = Stage::new(&garden, config, camera);
        rows.push(llff_row(camera, stage.bounds));
        let mut jobs = vec![("videos", config.frames, Sensor::of_view(config.seed, view))];
        if view == HELD_OUT {
            still_share = stage.still_share();
            jobs.push(("truth", truth_frames(config), Sensor::ideal()));
        }
        for (folder, frames, sensor) in jobs {
            let target = dir.join(folder).join(format!("{view:04}.mp4"));
            let mut encoder = Encoder::start(ffmpeg, &target, [config.width, config.height], config.fps)?;
            let first = first_frame(config, view);
            // A few frames at a time: all cores work, and few frames wait in memory.
            let indices: Vec<usize> = (first..first + frames).collect();
            for some in indices.chunks(2 * rayon::current_num_threads()) {
                let read = |&index: &usize| sensor.read(&stage.frame((index as f64 / config.fps) as f32), index);
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
    files.push(put(dir.join("poses_bounds.npy"), &npy::matrix(&rows))?);
    Ok(SampleReport { files, frames: total, still_share })
}
