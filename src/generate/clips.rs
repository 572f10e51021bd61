//! Clips of a generation on disk, each with what it is like, and the cameras' depth bounds.

use super::record::ViewRecord;
use super::target::Target;
use anyhow::{Context, Result};
use loop3d_capture::Writer;
use loop3d_generator::metrics::ClipMetrics;
use loop3d_generator::rig::{Rig, RigFiles};
use loop3d_media::{Clip, Encoder, Encoding, Ffmpeg, Purpose, Size};
use std::fs;

/// Encodes the clip of a view.
///
/// # Errors
/// ffmpeg fails, or the file cannot be read again.
pub fn write(target: &Target, files: &RigFiles, view: usize, clip: &Clip, fps: u32) -> Result<ViewRecord> {
    let path = files.clips.get(view).context("a view without a camera")?;
    let size = (clip.width as u32, clip.height as u32);
    let encoding = Encoding { size, fps: f64::from(fps), purpose: Purpose::Footage };
    let mut encoder = Encoder::start(&Ffmpeg::default(), path, &encoding)?;
    (0..clip.frames).try_for_each(|frame| encoder.frame(clip.frame(frame)))?;
    encoder.finish()?;
    let bytes = fs::read(path).with_context(|| path.display().to_string())?;
    let root = target.path("");
    let file = path.strip_prefix(&root).unwrap_or(path).display().to_string();
    Ok(ViewRecord { file, crc32: format!("{:08x}", crc32fast::hash(&bytes)), metrics: ClipMetrics::of(clip)? })
}

/// Writes the cameras once more, with depth bounds. SynCamVideo's file has none, and a fit would have to estimate them.
///
/// # Errors
/// The file cannot be written.
pub fn write_bounds(files: &RigFiles, rig: &Rig, size: Size) -> Result<()> {
    let writer: Writer = "llff".parse().map_err(anyhow::Error::msg)?;
    writer.write(&files.capture, &rig.scene(size)).context("cannot write the depth bounds")?;
    Ok(())
}
