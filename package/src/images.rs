//! Frames that are images of their own: PNG, and blocks for GPUs. All cores code them, a frame each.

use crate::coded::{CodedFrames, CodedPage, FrameSource, FrameTaker};
use crate::png::{png, rgba_of_png};
use crate::{ExportError, textures};
use image::codecs::png::{CompressionType, FilterType};
use loop3d_package_format::Codec;
use loop3d_scene::{unorm8, unorm16};
use rayon::prelude::*;

/// Codes the frames of a page of `size` texels. `frame_done` is called after each.
///
/// # Errors
/// A coder fails, or `frame_done` says so.
pub(crate) fn encode(
    codec: Codec,
    size: [usize; 2],
    frames: usize,
    source: &FrameSource<'_>,
    frame_done: &mut dyn FnMut() -> Result<(), ExportError>,
) -> Result<CodedPage, ExportError> {
    let all: Vec<usize> = (0..frames).collect();
    let mut coded = Vec::with_capacity(frames);
    // As many at a time as there are cores: never all frames in memory.
    for some in all.chunks(rayon::current_num_threads()) {
        let now: Vec<Result<Vec<u8>, ExportError>> = some
            .par_iter()
            .map(|&frame| {
                let mut texels = Vec::new();
                source(frame, &mut texels);
                let rgba: Vec<u8> = texels.iter().copied().map(unorm8).collect();
                match codec {
                    Codec::Png => png(&rgba, size, CompressionType::Default, FilterType::Adaptive),
                    _ => textures::pack(codec, size, &rgba),
                }
            })
            .collect();
        for frame in now {
            coded.push(frame?);
            frame_done()?;
        }
    }
    let name = codec.fixed_name().unwrap_or_default().to_owned();
    Ok(CodedPage { name, description: Vec::new(), frames: coded })
}

/// Decodes the frames of a page and hands the texels of each in turn to `each`.
///
/// # Errors
/// A frame is not one of such a page.
pub(crate) fn decode(coded: &CodedFrames<'_>, each: &mut FrameTaker<'_>) -> Result<(), ExportError> {
    let &CodedFrames { codec, size, frames, .. } = coded;
    let cores = rayon::current_num_threads();
    for (some, first) in frames.chunks(cores).zip((0..).step_by(cores)) {
        let now: Vec<Result<Vec<u16>, ExportError>> = some
            .par_iter()
            .map(|frame| {
                let mut rgba = match codec {
                    Codec::Png => rgba_of_png(frame, size, "a frame")?,
                    _ => textures::unpacked(codec, size, frame)?,
                };
                for [r, g, b, a] in rgba.as_chunks_mut::<4>().0 {
                    [*r, *g, *b] = [*r, *g, *b].map(|colour| colour.min(*a));
                }
                Ok(rgba.into_iter().map(unorm16).collect())
            })
            .collect();
        for (index, texels) in (first..).zip(now) {
            each(index, &texels?)?;
        }
    }
    Ok(())
}
