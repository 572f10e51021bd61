//! The clips that are to be measured: files, folders of clips, or a capture with its cameras.

use crate::failure::bad_input;
use anyhow::Result;
use glam::DVec2;
use loop3d_capture::{CaptureError, PlacedCamera, clips_in, read_cameras_and_clips};
use loop3d_media::{Clip, Ffmpeg, Source, read_clip, read_clip_resized};
use loop3d_scene::Camera;
use std::path::{Path, PathBuf};

/// Clips that belong together.
pub struct Clips {
    /// At least one.
    pub paths: Vec<PathBuf>,
    /// The camera of each clip, where they are the clips of one capture.
    pub cameras: Option<Vec<PlacedCamera>>,
}

impl Clips {
    /// Finds the clips that `paths` name.
    ///
    /// # Errors
    /// A path does not exist, a folder has no clips, or a capture is damaged.
    pub fn find(paths: &[PathBuf]) -> Result<Self> {
        if let [dir] = paths
            && dir.is_dir()
        {
            match read_cameras_and_clips(dir) {
                Ok(found) => {
                    let (cameras, paths) = found.into_iter().unzip();
                    return Ok(Self { paths, cameras: Some(cameras) });
                }
                Err(CaptureError::NoLayout { .. }) => {}
                Err(fault) => return Err(fault.into()),
            }
        }
        let mut found = Vec::new();
        for path in paths {
            if path.is_dir() {
                found.extend(inside(path)?);
            } else {
                Source::at(path)?;
                found.push(path.clone());
            }
        }
        Ok(Self { paths: found, cameras: None })
    }
}

/// The camera of frames of this size, if its focal length is known: a pinhole with its principal point in the middle.
pub fn pinhole(placed: &PlacedCamera, clip: &Clip) -> Option<Camera> {
    let extent = DVec2::new(clip.width as f64, clip.height as f64);
    Some(Camera {
        width: clip.width as u32,
        height: clip.height as u32,
        focal_px: DVec2::splat(placed.focal? * extent.x),
        center_px: extent / 2.0,
        world_from_camera: placed.world_from_camera,
    })
}

/// The clips in a folder, or the folder itself if its frames are a clip.
fn inside(dir: &Path) -> Result<Vec<PathBuf>> {
    let clips = clips_in(dir)?;
    let frames = clips.iter().all(|clip| matches!(Source::at(clip), Ok(Source::Still(_))));
    match (clips.is_empty(), frames) {
        (true, _) => Err(bad_input(format!("{}: no clips; expected videos or frames in it", dir.display()))),
        (false, true) => Ok(vec![dir.to_owned()]),
        (false, false) => Ok(clips),
    }
}

/// The name of a clip: its file's, or its folder's.
pub fn name(path: &Path) -> String {
    Source::at(path).map(|source| source.name()).unwrap_or_default()
}

/// Decodes a clip, at most `max_height` pixels high, and its frames per second.
///
/// # Errors
/// What can be wrong with a clip.
pub fn read(path: &Path, max_height: Option<u32>) -> Result<(Clip, f64)> {
    let (size, _) = Source::at(path)?.look(&Ffmpeg::default())?;
    let Some(height) = max_height.filter(|height| *height < size.1) else { return Ok(read_clip(path)?) };
    let width = (f64::from(size.0) * f64::from(height) / f64::from(size.1)).round().max(1.0);
    Ok(read_clip_resized(path, width as u32, height)?)
}
