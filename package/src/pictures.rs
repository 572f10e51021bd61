//! Frames that need no others: PNG, and blocks for GPUs. All cores code them, one picture each.

use crate::video::{FrameSource, FrameTaker, Video};
use crate::{ExportError, textures};
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder};
use loop3d_package_format::Codec;
use loop3d_scene::{unorm8, unorm16};
use rayon::prelude::*;
use std::io;

/// Codes the frames of a page of `size` texels. `tick` is called after each.
///
/// # Errors
/// A coder fails, or `tick` says so.
pub(crate) fn encode(
    codec: Codec,
    size: [usize; 2],
    frames: usize,
    source: &FrameSource<'_>,
    tick: &mut dyn FnMut() -> Result<(), ExportError>,
) -> Result<Video, ExportError> {
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
            tick()?;
        }
    }
    let name = codec.fixed_name().unwrap_or_default().to_owned();
    Ok(Video { name, description: Vec::new(), frames: coded })
}

/// Decodes the frames of a page and hands the texels of each in turn to `each`.
///
/// # Errors
/// A frame is not one of such a page.
pub(crate) fn decode(
    codec: Codec,
    size: [usize; 2],
    frames: &[&[u8]],
    each: &mut FrameTaker<'_>,
) -> Result<(), ExportError> {
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

/// A PNG of RGBA.
pub(crate) fn png(
    rgba: &[u8],
    [width, height]: [usize; 2],
    compression: CompressionType,
    filter: FilterType,
) -> Result<Vec<u8>, ExportError> {
    let mut bytes = Vec::new();
    PngEncoder::new_with_quality(&mut bytes, compression, filter)
        .write_image(rgba, width as u32, height as u32, ExtendedColorType::Rgba8)
        .map_err(|error| ExportError::Image { what: "a PNG".to_owned(), error })?;
    Ok(bytes)
}

/// The pixels of a PNG, `[height, width, 4]`, and its width and height.
///
/// # Errors
/// It is no PNG.
pub(crate) fn rgba_of_any_png(png: &[u8], what: &str) -> Result<(Vec<u8>, [usize; 2]), ExportError> {
    let picture = image::load_from_memory_with_format(png, image::ImageFormat::Png);
    let picture = picture.map_err(|error| ExportError::Image { what: what.to_owned(), error })?.into_rgba8();
    let size = [picture.width() as usize, picture.height() as usize];
    Ok((picture.into_raw(), size))
}

/// The pixels of a PNG of a known size: `[height, width, 4]`.
///
/// # Errors
/// It is no PNG of that size.
pub(crate) fn rgba_of_png(png: &[u8], size: [usize; 2], what: &str) -> Result<Vec<u8>, ExportError> {
    let bad = |error| ExportError::Image { what: what.to_owned(), error };
    let mut reader = image::ImageReader::with_format(io::Cursor::new(png), image::ImageFormat::Png);
    let mut limits = image::Limits::default();
    (limits.max_image_width, limits.max_image_height) = (Some(size[0] as u32), Some(size[1] as u32));
    reader.limits(limits);
    let picture = reader.decode().map_err(bad)?.into_rgba8();
    if [picture.width() as usize, picture.height() as usize] != size {
        let said = format!("{}×{} pixels, expected {}×{}", picture.width(), picture.height(), size[0], size[1]);
        return Err(bad(image::ImageError::IoError(io::Error::new(io::ErrorKind::InvalidData, said))));
    }
    Ok(picture.into_raw())
}
