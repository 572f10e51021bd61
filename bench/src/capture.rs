//! The capture that everything is measured on.

use anyhow::{Context, Result};
use loop3d_capture::{LoadOptions, PosedCapture, Writer, load_poses};
use loop3d_sample::{SampleConfig, write};
use loop3d_scene::job::Unwatched;
use std::path::{Path, PathBuf};

/// Frames of a clip that are used at most: those of the looping target.
pub const FRAMES: usize = 100;
/// Most rows of an image: those of the published scenes.
pub const HEIGHT: u32 = 360;

/// The folder of the capture: the given one, or the sample in `folder`, made on the first run.
///
/// # Errors
/// Those of writing the sample.
pub fn prepare(given: Option<&Path>, folder: &Path) -> Result<PathBuf> {
    if let Some(dir) = given {
        return Ok(dir.to_owned());
    }
    let dir = folder.join("sample");
    // Written last.
    if !dir.join("poses_bounds.npy").exists() {
        eprintln!("making the sample capture in {}", dir.display());
        write(&dir, &SampleConfig { frames: FRAMES, ..SampleConfig::default() }, Writer::default(), &mut Unwatched)?;
    }
    Ok(dir)
}

/// The poses, and sizes of at most `height` rows.
///
/// # Errors
/// Whatever is wrong with the capture.
pub fn posed(dir: &Path, height: u32) -> Result<PosedCapture> {
    let options = LoadOptions { max_height: Some(height), ..LoadOptions::default() };
    load_poses(dir, &options).with_context(|| format!("the capture {}", dir.display()))
}
