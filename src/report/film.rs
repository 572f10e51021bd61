//! The film of a report: the loop from a camera that moves.

use crate::failure::Stopped;
use crate::progress::Progress;
use crate::renderer::RendererChoice;
use crate::stop::Stop;
use anyhow::{Context, Error, Result};
use loop3d_media::{Encoder, Encoding, Ffmpeg, Format, MediaError, Purpose};
use loop3d_scene::{CameraPath, Scene, Unfinished, VideoSpec};
use std::fs;
use std::path::Path;

/// The longest side in pixels: what a page shows.
const LONGEST_SIDE: f64 = 960.0;

/// Quality: no artefact at a glance, at about half the bytes of what `render` writes.
const CRF: u8 = 20;

/// An mp4, or why there is none.
pub enum Film {
    /// The film.
    Mp4 {
        /// The file.
        bytes: Vec<u8>,
        /// Its length.
        seconds: f64,
    },
    /// ffmpeg is missing; what to do about it.
    NoFfmpeg(String),
}

/// Width and height of the film of images of this size: even, and no larger than a page shows.
pub fn size((width, height): (u32, u32)) -> (u32, u32) {
    let scale = (LONGEST_SIDE / f64::from(width.max(height))).min(1.0);
    let even = |side: u32| (((f64::from(side) * scale).round() as u32) & !1).max(2);
    (even(width), even(height))
}

/// Renders and encodes the film. Until it is in the page, it lies beside `page`.
///
/// # Errors
/// ffmpeg or the renderer fails, nothing can be written beside the page, or the user stopped the command.
pub fn film(scene: Scene, page: &Path, renderer: RendererChoice, quiet: bool) -> Result<Film> {
    let ((width, height), fps) = (size((scene.reference.width, scene.reference.height)), scene.fps);
    let spec = VideoSpec { width, height, fps, frames: None, start: 0.0 };
    let shots = CameraPath::Spiral.shots(&scene, &spec)?;
    let stop = Stop::on_ctrl_c()?;
    let mut name = page.file_name().unwrap_or_default().to_owned();
    name.push(".film");
    // Never finished: the folder goes when the film is in memory, or when anything fails.
    let folder = Unfinished::folder(&page.with_file_name(name))?;
    let file = folder.path().join("film.mp4");
    let encoding = Encoding { size: (width, height), fps, purpose: Purpose::Playing { format: Format::Mp4, crf: CRF } };
    let mut mp4 = match Encoder::start(&Ffmpeg::default(), &file, &encoding) {
        Err(error @ MediaError::FfmpegMissing { .. }) => return Ok(Film::NoFfmpeg(error.to_string())),
        other => other?,
    };
    let mut progress = Progress::start("rendering the film", shots.len() as u64, "frames", quiet);
    renderer.render_each(scene, &shots, quiet, |rgb| {
        let written = mp4.frame(&rgb).map_err(Error::from);
        // Before the error: a terminal sends Ctrl-C to ffmpeg as well.
        if stop.asked() {
            return Err(Stopped(format!("{} was not written", page.display())).into());
        }
        written?;
        progress.advance(1);
        Ok(())
    })?;
    mp4.finish()?;
    let bytes = fs::read(&file).with_context(|| file.display().to_string())?;
    Ok(Film::Mp4 { bytes, seconds: shots.len() as f64 / fps })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn films_are_even_and_no_larger_than_a_page() {
        let captured = [(640, 360), (1008, 756), (47, 31), (1080, 1921), (1, 1)];
        assert_eq!(captured.map(size), [(640, 360), (960, 720), (46, 30), (540, 960), (2, 2)]);
    }
}
