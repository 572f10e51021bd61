//! Pages of looping tiles coded and decoded, whatever the codec: video through ffmpeg, or one image for each frame.

use crate::coded::{CodedFrames, CodedPage, FrameSource, FrameTaker};
use crate::{ExportError, images, video};
use loop3d_package_format::Codec;

/// What to code: the frames of a page.
pub(crate) struct PageFrames<'a> {
    /// Width and height in texels.
    pub size: [usize; 2],
    /// Number of frames.
    pub count: usize,
    /// Frames per second, for the headers of a video.
    pub fps: f64,
    /// Their texels.
    pub source: &'a FrameSource<'a>,
}

/// Codes the frames of a page. `frame_done` is called after each.
///
/// # Errors
/// ffmpeg is missing or fails, a coder fails, or `frame_done` says so.
pub(crate) fn encode(
    codec: Codec,
    quality: u8,
    page: &PageFrames<'_>,
    frame_done: &mut dyn FnMut() -> Result<(), ExportError>,
) -> Result<CodedPage, ExportError> {
    let &PageFrames { size, count, fps, source } = page;
    match codec {
        Codec::H264 | Codec::Av1 => video::encode(codec, quality, fps, size, count, source, frame_done),
        _ => images::encode(codec, size, count, source, frame_done),
    }
}

/// Decodes the frames of a page and hands the texels of each in turn to `each`.
///
/// # Errors
/// ffmpeg is missing or fails, or the frames are not those of such a page.
pub(crate) fn decode(coded: &CodedFrames<'_>, each: &mut FrameTaker<'_>) -> Result<(), ExportError> {
    match coded.codec {
        Codec::H264 | Codec::Av1 => video::decode(coded, each),
        _ => images::decode(coded, each),
    }
}
