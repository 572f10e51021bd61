//! PNG written and read: RGBA of 8 bits.

use crate::ExportError;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder};
use std::io;

/// The PNG of an image, `[height, width, 4]`.
///
/// # Errors
/// The coder fails.
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
/// It is not a PNG.
pub(crate) fn rgba_of_any_png(png: &[u8], what: &str) -> Result<(Vec<u8>, [usize; 2]), ExportError> {
    let image = image::load_from_memory_with_format(png, image::ImageFormat::Png);
    let image = image.map_err(|error| ExportError::Image { what: what.to_owned(), error })?.into_rgba8();
    let size = [image.width() as usize, image.height() as usize];
    Ok((image.into_raw(), size))
}

/// The pixels of a PNG of a known size: `[height, width, 4]`.
///
/// # Errors
/// It is not a PNG of that size.
pub(crate) fn rgba_of_png(png: &[u8], size: [usize; 2], what: &str) -> Result<Vec<u8>, ExportError> {
    let bad = |error| ExportError::Image { what: what.to_owned(), error };
    let mut reader = image::ImageReader::with_format(io::Cursor::new(png), image::ImageFormat::Png);
    let mut limits = image::Limits::default();
    (limits.max_image_width, limits.max_image_height) = (Some(size[0] as u32), Some(size[1] as u32));
    reader.limits(limits);
    let image = reader.decode().map_err(bad)?.into_rgba8();
    if [image.width() as usize, image.height() as usize] != size {
        let said = format!("{}×{} pixels, expected {}×{}", image.width(), image.height(), size[0], size[1]);
        return Err(bad(image::ImageError::IoError(io::Error::new(io::ErrorKind::InvalidData, said))));
    }
    Ok(image.into_raw())
}
