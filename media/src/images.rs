//! PNG and JPEG files: sizes from their headers, pixels as RGB bytes.

use crate::Size;
use crate::error::MediaError;
use crate::shape::Shape;
use image::{ImageDecoder, ImageReader};
use rayon::prelude::*;
use std::io::{BufReader, Cursor};
use std::path::{Path, PathBuf};

/// Width and height of an image, from its header alone.
///
/// # Errors
/// The file cannot be read or is not an image.
pub fn size(file: &Path) -> Result<Size, MediaError> {
    let opened = std::fs::File::open(file).map_err(MediaError::io(file))?;
    let reader = ImageReader::new(BufReader::new(opened)).with_guessed_format();
    let reader = reader.map_err(MediaError::io(file))?;
    reader.into_dimensions().map_err(|error| unreadable(file, &error))
}

/// Reads images of one size as frames: `[files, height, width, 3]`. Only a few are in memory at their full size at a time.
///
/// # Errors
/// A file cannot be read, is damaged, or has another size than `shape` takes.
pub fn read(files: &[PathBuf], shape: &dyn Shape) -> Result<Vec<u8>, MediaError> {
    let (source, frame_bytes) = (shape.source(), shape.frame_bytes());
    let mut rgb = vec![0; files.len() * frame_bytes];
    rgb.par_chunks_mut(frame_bytes).zip(files).try_for_each(|(frame, file)| {
        shape.apply(&read_whole(file, source)?, frame);
        Ok::<(), MediaError>(())
    })?;
    Ok(rgb)
}

/// RGB bytes `[height, width, 3]` of an image that must have a size.
///
/// # Errors
/// As [`read`].
pub fn read_whole(file: &Path, expected: Size) -> Result<Vec<u8>, MediaError> {
    let (size, pixels) = decode(file)?;
    if size != expected {
        let reason = "the size of the view's first frame".to_owned();
        return Err(MediaError::Size { file: file.to_owned(), found: size, expected, reason });
    }
    Ok(pixels)
}

/// Size and RGB bytes. Deeper and grey images are converted, alpha is dropped. The orientation in EXIF is left alone:
/// COLMAP, which made the poses, leaves it alone too.
fn decode(file: &Path) -> Result<(Size, Vec<u8>), MediaError> {
    let bytes = std::fs::read(file).map_err(MediaError::io(file))?;
    if bytes.is_empty() {
        return Err(MediaError::Empty { file: file.to_owned() });
    }
    let failed = |error| unreadable(file, &error);
    let reader = ImageReader::new(Cursor::new(&bytes)).with_guessed_format();
    let reader = reader.map_err(MediaError::io(file))?;
    let is_jpeg = reader.format() == Some(image::ImageFormat::Jpeg);
    let decoder = reader.into_decoder().map_err(failed)?;
    let size = decoder.dimensions();
    let pixels = image::DynamicImage::from_decoder(decoder).map_err(failed)?.into_rgb8().into_raw();
    // The JPEG decoder fills what is missing with grey instead of an error.
    if is_jpeg && !ends_as_jpeg(&bytes) {
        let problem = "truncated JPEG: no end-of-image marker; expected FF D9".to_owned();
        return Err(MediaError::Unreadable { file: file.to_owned(), problem });
    }
    Ok((size, pixels))
}

/// Whether the image comes to its end-of-image marker, going from segment to segment: thumbnails within it have their own, and
/// there may be anything behind it, such as the video of a motion photo.
fn ends_as_jpeg(bytes: &[u8]) -> bool {
    let mut at = 2;
    loop {
        // The next marker: in a scan's data FF 00 is a value, and D0 to D7 only mark places in it.
        let Some(found) = bytes.get(at..).and_then(|rest| rest.iter().position(|&byte| byte == 0xff)) else {
            return false;
        };
        at += found + 1;
        match bytes.get(at) {
            None => return false,
            Some(0xd9) => return true,
            Some(0x00 | 0x01 | 0xd0..=0xd8 | 0xff) => {}
            Some(_) => match bytes.get(at + 1..at + 3) {
                Some(&[high, low]) => at += 1 + usize::from(u16::from_be_bytes([high, low])),
                _ => return false,
            },
        }
    }
}

/// Writes RGB bytes `[height, width, 3]` as the format that the file's extension names.
///
/// # Errors
/// The file cannot be written.
pub fn write(file: &Path, rgb: &[u8], (width, height): Size) -> Result<(), MediaError> {
    let saved = image::save_buffer(file, rgb, width, height, image::ExtendedColorType::Rgb8);
    saved.map_err(|error| MediaError::io(file)(std::io::Error::other(error)))
}

fn unreadable(file: &Path, error: &image::ImageError) -> MediaError {
    MediaError::Unreadable { file: file.to_owned(), problem: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::area::AreaFilter;

    #[test]
    fn a_truncated_jpeg_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.jpg");
        let image = image::RgbImage::from_fn(64, 48, |x, y| image::Rgb([(x * 3) as u8, (y * 5) as u8, (x ^ y) as u8]));
        image.save(&file).unwrap();
        let files = [file.clone()];
        assert_eq!(read(&files, &AreaFilter::new((64, 48), (64, 48))).unwrap().len(), 64 * 48 * 3);
        let bytes = std::fs::read(&file).unwrap();
        std::fs::write(&file, &bytes[..bytes.len() * 2 / 3]).unwrap();
        let error = read(&files, &AreaFilter::new((64, 48), (64, 48))).unwrap_err().to_string();
        assert!(error.contains("a.jpg: unreadable: "), "{error}");
        // Whatever lies behind the end is no part of the picture.
        std::fs::write(&file, [bytes.as_slice(), b"\xff\xda\xff\xe0ftypmp42"].concat()).unwrap();
        assert_eq!(read(&files, &AreaFilter::new((64, 48), (64, 48))).unwrap().len(), 64 * 48 * 3);
    }
}
