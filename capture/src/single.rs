//! One clip: a video, a folder of frames or a picture.

use crate::clip::Clip;
use crate::clips::Source;
use crate::error::{CaptureError, Size};
use crate::pictures;
use crate::shaping::Shaping;
use crate::timing::{PICTURES_FPS, Timing};
use crate::video::{Ffmpeg, Probe};
use std::path::Path;

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
    read_to(path, |found| check_shape(path, found, asked).map(|()| Some(asked)))
}

/// Whether pictures of `found` size can be shrunk to `asked`.
pub(crate) fn check_shape(path: &Path, found: Size, asked: Size) -> Result<(), CaptureError> {
    let (width, height) = asked;
    for (option, value) in [("width", width), ("height", height)] {
        if value == 0 {
            return Err(CaptureError::BadOption { option, found: 0.0, expected: "at least 1" });
        }
    }
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
    Ok(())
}

/// Reads a clip in the size that `target` gives for its own size (`None`: the same).
fn read_to(
    path: &Path,
    target: impl Fn(Size) -> Result<Option<Size>, CaptureError>,
) -> Result<(Clip, f64), CaptureError> {
    let ffmpeg = Ffmpeg::default();
    let source = Source::at(path)?;
    let (size, probe) = look(&source, &ffmpeg)?;
    let shaping = Shaping::new(None, size, target(size)?.unwrap_or(size));
    let clip = decode(&source, probe, &shaping, Timing::default(), &ffmpeg)?;
    Ok((clip, probe.map_or(PICTURES_FPS, |probe| probe.fps)))
}

/// Size of the pictures of a source, from its header, and for videos what else the header says.
pub(crate) fn look(source: &Source, ffmpeg: &Ffmpeg) -> Result<(Size, Option<Probe>), CaptureError> {
    match source {
        Source::Video(file) => ffmpeg.probe(file).map(|probe| (probe.size, Some(probe))),
        Source::Still(file) => pictures::size(file).map(|size| (size, None)),
        Source::Frames { folder, files } => match files.first() {
            Some(file) => pictures::size(file).map(|size| (size, None)),
            None => Err(CaptureError::Empty { file: folder.clone() }),
        },
    }
}

/// Decodes what `timing` asks for, shaped.
pub(crate) fn decode(
    source: &Source,
    probe: Option<Probe>,
    shaping: &Shaping,
    timing: Timing,
    ffmpeg: &Ffmpeg,
) -> Result<Clip, CaptureError> {
    let files = match source {
        Source::Video(file) => {
            let probe = probe.map_or_else(|| ffmpeg.probe(file), Ok)?;
            return ffmpeg.read(file, probe, shaping, &timing);
        }
        Source::Frames { files, .. } => files.as_slice(),
        Source::Still(file) => std::slice::from_ref(file),
    };
    let files = &files[..timing.at_most.unwrap_or(files.len()).min(files.len())];
    let rgb = pictures::read(files, shaping)?;
    Ok(Clip { width: shaping.target.0 as usize, height: shaping.target.1 as usize, frames: files.len(), rgb })
}
