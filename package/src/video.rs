//! The looping tiles as coded frames, and back.

use crate::ffmpeg::{pipe_error, run, words};
use crate::{ExportError, annex_b, av1};
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder};
use loop3d_scene::package::{CHUNK_FRAMES, Codec, rgba_from_yuv, yuv_from_rgba};
use rayon::prelude::*;
use std::io::{self, Read};

/// One page of coded frames.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Video {
    /// As [`Stream::names`](loop3d_scene::package::Stream::names).
    pub name: String,
    /// As [`Stream::descriptions`](loop3d_scene::package::Stream::descriptions), in bytes.
    pub description: Vec<u8>,
    /// Each frame.
    pub frames: Vec<Vec<u8>>,
}

/// Texels of a page at a frame: `[height, width, 4]`, premultiplied.
pub(crate) type FrameSource<'a> = dyn Fn(usize, &mut Vec<u16>) + Sync + 'a;

/// Takes the index and the texels of a frame.
pub(crate) type FrameTaker<'a> = dyn FnMut(usize, &[u16]) -> Result<(), ExportError> + Send + 'a;

/// Codes the frames of a page of `size` texels. `tick` is called after each.
///
/// # Errors
/// ffmpeg is missing or fails, or `tick` says so.
pub(crate) fn encode(
    codec: Codec,
    quality: u8,
    fps: f64,
    size: [usize; 2],
    frames: usize,
    source: &FrameSource<'_>,
    tick: &mut dyn FnMut() -> Result<(), ExportError>,
) -> Result<Video, ExportError> {
    let doing = format!("coding {codec} frames of {}×{} pixels", size[0], 2 * size[1]);
    let wrong = |what: &str| ExportError::Ffmpeg { doing: doing.clone(), said: what.to_owned() };
    if codec == Codec::Png {
        return pngs(size, frames, source, tick);
    }
    let mut args = words(&format!(
        "-f rawvideo -pix_fmt yuv420p -color_range tv -colorspace bt709 -s {}x{} -r {fps} -i pipe:0 -an -pix_fmt yuv420p \
         -color_range tv -colorspace bt709 -color_primaries bt709 -color_trc bt709 -g {CHUNK_FRAMES}",
        size[0],
        2 * size[1]
    ));
    args.extend(words(&coder(codec, quality)));
    let feed = |input: &mut dyn io::Write| {
        let (mut texels, mut frame_bytes) = (Vec::new(), Vec::new());
        for frame in 0..frames {
            source(frame, &mut texels);
            yuv_from_rgba(size, &texels, &mut frame_bytes);
            input.write_all(&frame_bytes).map_err(pipe_error(&doing))?;
            tick()?;
        }
        Ok(())
    };
    let drain = |output: &mut dyn Read| {
        let mut bytes = Vec::new();
        output.read_to_end(&mut bytes).map(|_| bytes)
    };
    let bytes = run(&doing, &args, feed, drain)?;
    let video = if codec == Codec::H264 {
        let avc = annex_b::parse(&bytes).ok_or_else(|| wrong("it wrote no H.264"))?;
        let keys = avc.keys.iter().enumerate().filter(|(i, _)| i % CHUNK_FRAMES == 0);
        if !keys.clone().all(|(_, &key)| key) {
            return Err(wrong("a key frame is missing"));
        }
        Video { name: avc.name, description: avc.configuration, frames: avc.samples }
    } else {
        let units = av1::units(&bytes).ok_or_else(|| wrong("it wrote no AV1"))?;
        let name = units.first().and_then(|unit| av1::name(unit));
        let name = name.ok_or_else(|| wrong("it wrote an AV1 sequence header of another kind"))?;
        Video { name, description: Vec::new(), frames: units }
    };
    if video.frames.len() != frames {
        return Err(wrong(&format!("it wrote {} frames of {frames}", video.frames.len())));
    }
    Ok(video)
}

/// ffmpeg's words for a codec at a quality of 0–100.
fn coder(codec: Codec, quality: u8) -> String {
    let quality = f64::from(quality);
    match codec {
        Codec::Av1 => {
            let crf = (45.0 - 0.5 * quality).round().max(1.0);
            format!(
                "-c:v libsvtav1 -preset 4 -crf {crf} -svtav1-params tune=1:enable-overlays=0:scd=0:irefresh-type=2 -f ivf pipe:1"
            )
        }
        _ => {
            let crf = 32.0 - 0.3 * quality;
            format!(
                "-c:v libx264 -profile:v high -preset slow -tune psnr -crf {crf:.1} -keyint_min {CHUNK_FRAMES} \
                 -sc_threshold 0 -bf 0 -x264-params aud=1:ref=4 -f h264 pipe:1"
            )
        }
    }
}

fn pngs(
    [width, height]: [usize; 2],
    frames: usize,
    source: &FrameSource<'_>,
    tick: &mut dyn FnMut() -> Result<(), ExportError>,
) -> Result<Video, ExportError> {
    let mut coded = Vec::new();
    let all: Vec<usize> = (0..frames).collect();
    // As many at a time as there are cores: never all frames in memory.
    for some in all.chunks(rayon::current_num_threads()) {
        let now: Vec<Result<Vec<u8>, ExportError>> = some
            .par_iter()
            .map(|&frame| {
                let mut texels = Vec::new();
                source(frame, &mut texels);
                let bytes: Vec<u8> = texels.iter().map(|&v| ((u32::from(v) + 128) / 257) as u8).collect();
                png(&bytes, [width, height], CompressionType::Default, FilterType::Adaptive)
            })
            .collect();
        for png in now {
            coded.push(png?);
            tick()?;
        }
    }
    Ok(Video { name: "image/png".to_owned(), description: Vec::new(), frames: coded })
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

/// Decodes coded frames of a page and hands the texels of each in turn to `each`.
///
/// # Errors
/// ffmpeg is missing or fails, or the frames are others than those of such a page.
pub(crate) fn decode(
    codec: Codec,
    size: [usize; 2],
    description: &[u8],
    frames: &[&[u8]],
    each: &mut FrameTaker<'_>,
) -> Result<(), ExportError> {
    let doing = format!("decoding {codec} frames of {}×{} pixels", size[0], 2 * size[1]);
    let wrong = |what: &str| ExportError::Ffmpeg { doing: doing.clone(), said: what.to_owned() };
    let mut texels = Vec::new();
    if codec == Codec::Png {
        for (index, png) in frames.iter().enumerate() {
            let rgba = rgba_of_png(png, size, "a frame")?;
            texels.clear();
            texels.extend(rgba.iter().map(|&v| u16::from(v) * 257));
            each(index, &texels)?;
        }
        return Ok(());
    }
    let (format, bytes) = match codec {
        Codec::H264 => ("h264", annex_b::write(description, frames)),
        _ => ("ivf", av1::ivf([size[0], 2 * size[1]], frames)),
    };
    let bytes = bytes.ok_or_else(|| wrong("the frames are no samples of this codec"))?;
    let args = words(&format!("-f {format} -i pipe:0 -an -vsync passthrough -f rawvideo -pix_fmt yuv420p pipe:1"));
    let feed = |input: &mut dyn io::Write| input.write_all(&bytes).map_err(pipe_error(&doing));
    let mut failure = None;
    let drain = |output: &mut dyn Read| {
        let mut frame = vec![0; 3 * size[0] * size[1]];
        for index in 0..frames.len() {
            output.read_exact(&mut frame)?;
            rgba_from_yuv(size, &frame, &mut texels);
            if let Err(error) = each(index, &texels) {
                failure = Some(error);
                break;
            }
        }
        let rest = io::copy(output, &mut io::sink())?;
        Ok(rest)
    };
    let rest = run(&doing, &args, feed, drain)?;
    match failure {
        Some(error) => Err(error),
        None if rest > 0 => Err(wrong("there are more or larger frames than the package says")),
        None => Ok(()),
    }
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
