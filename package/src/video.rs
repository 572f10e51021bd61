//! H.264 and AV1 through the program ffmpeg.

use crate::coded::{CodedFrames, CodedPage, FrameSource, FrameTaker};
use crate::{ExportError, annex_b, av1};
use loop3d_media::{Ffmpeg, MediaError, pipe_error};
use loop3d_package_format::{CHUNK_FRAMES, Codec, rgba_from_yuv, yuv_from_rgba};
use std::io::{self, Read};

/// Codes the frames of a page of `size` texels. `frame_done` is called after each.
///
/// # Errors
/// ffmpeg is missing or fails, or `frame_done` says so.
pub(crate) fn encode(
    codec: Codec,
    quality: u8,
    fps: f64,
    size: [usize; 2],
    frames: usize,
    source: &FrameSource<'_>,
    frame_done: &mut dyn FnMut() -> Result<(), ExportError>,
) -> Result<CodedPage, ExportError> {
    let doing = format!("coding {codec} frames of {}×{} pixels", size[0], 2 * size[1]);
    let wrong = |what: &str| ExportError::from(MediaError::Ffmpeg { doing: doing.clone(), said: what.to_owned() });
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
            frame_done()?;
        }
        Ok::<_, ExportError>(())
    };
    let drain = |output: &mut dyn Read| {
        let mut bytes = Vec::new();
        output.read_to_end(&mut bytes).map(|_| bytes)
    };
    let bytes = Ffmpeg::default().filter(&doing, &args, feed, drain)?;
    let video = if codec == Codec::H264 {
        let avc = annex_b::parse(&bytes).ok_or_else(|| wrong("its output is not H.264"))?;
        let keys = avc.keys.iter().enumerate().filter(|(i, _)| i % CHUNK_FRAMES == 0);
        if !keys.clone().all(|(_, &key)| key) {
            return Err(wrong("a key frame is missing"));
        }
        CodedPage { name: avc.name, description: avc.configuration, frames: avc.samples }
    } else {
        let units = av1::units(&bytes).ok_or_else(|| wrong("its output is not AV1"))?;
        let name = units.first().and_then(|unit| av1::name(unit));
        let name = name.ok_or_else(|| wrong("its AV1 sequence header is of another kind"))?;
        CodedPage { name, description: Vec::new(), frames: units }
    };
    if video.frames.len() != frames {
        return Err(wrong(&format!("it wrote {} frames of {frames}", video.frames.len())));
    }
    Ok(video)
}

/// ffmpeg's arguments for a codec at a quality of 0–100.
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

/// Decodes coded frames of a page and hands the texels of each in turn to `each`.
///
/// # Errors
/// ffmpeg is missing or fails, or the frames are not those of such a page.
pub(crate) fn decode(coded: &CodedFrames<'_>, each: &mut FrameTaker<'_>) -> Result<(), ExportError> {
    let &CodedFrames { codec, size, description, frames } = coded;
    let doing = format!("decoding {codec} frames of {}×{} pixels", size[0], 2 * size[1]);
    let wrong = |what: &str| ExportError::from(MediaError::Ffmpeg { doing: doing.clone(), said: what.to_owned() });
    let (format, bytes) = match codec {
        Codec::H264 => ("h264", annex_b::write(description, frames)),
        _ => ("ivf", av1::ivf([size[0], 2 * size[1]], frames)),
    };
    let bytes = bytes.ok_or_else(|| wrong("the frames are not samples of this codec"))?;
    // Each frame once, whatever its time stamp; the option for that has another name in every other release of ffmpeg.
    let args =
        words(&format!("-f {format} -i pipe:0 -an -vf settb=1/25,setpts=N -r 25 -f rawvideo -pix_fmt yuv420p pipe:1"));
    let feed = |input: &mut dyn io::Write| Ok::<_, ExportError>(input.write_all(&bytes).map_err(pipe_error(&doing))?);
    let (mut texels, mut failure) = (Vec::new(), None);
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
    let rest = Ffmpeg::default().filter(&doing, &args, feed, drain)?;
    match failure {
        Some(error) => Err(error),
        None if rest > 0 => Err(wrong("it decoded more or larger frames than the package says")),
        None => Ok(()),
    }
}

/// The words of a command line as arguments.
fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}
