//! Frames of videos, decoded by ffmpeg.
//!
//! They come as PPM images through a pipe: each carries its own size, so turned and odd streams need no guess.

use crate::Size;
use crate::clip::Clip;
use crate::error::MediaError;
use crate::ffmpeg::{Ffmpeg, Process, plain};
use crate::hdr;
use crate::probe::{Probe, words};
use crate::shape::Shape;
use crate::timing::Timing;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::process::Command;

/// Threads of a decoder: clips are read one after another, and the area filter runs beside.
const THREADS: &str = "2";

impl Ffmpeg {
    /// Decodes the frames of a video that `timing` asks for, shaped. Only one frame is in memory at its full size.
    ///
    /// # Errors
    /// ffmpeg is missing, or the video is damaged, truncated, empty or of another size than probed.
    pub fn read(&self, file: &Path, probe: Probe, shape: &dyn Shape, timing: &Timing) -> Result<Clip, MediaError> {
        let frame_bytes = shape.frame_bytes();
        let mut rgb: Vec<u8> = Vec::new();
        // Only saves copying: a header that promises too much is no reason to fail.
        let promised = timing.probe(file, probe)?.frames.unwrap_or(0);
        let _ = rgb.try_reserve_exact(promised.saturating_mul(frame_bytes));
        let frames = self.each::<MediaError>(file, probe, timing, &mut |full| {
            let at = rgb.len();
            rgb.resize(at + frame_bytes, 0);
            shape.apply(full, &mut rgb[at..]);
            Ok(())
        })?;
        rgb.shrink_to_fit();
        let (width, height) = shape.target();
        Ok(Clip { width: width as usize, height: height as usize, frames, rgb })
    }

    /// Gives each frame that `timing` asks for to `take`, RGB bytes of the probed size, and returns their number. An error of
    /// `take` ends it.
    ///
    /// # Errors
    /// As [`Ffmpeg::read`], and those of `take`.
    pub fn each<E: From<MediaError>>(
        &self,
        file: &Path,
        probe: Probe,
        timing: &Timing,
        take: &mut dyn FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<usize, E> {
        // Frames that come unevenly are brought to the rate at which most of them come.
        let timing = Timing { fps: timing.fps.or(probe.varies.then_some(probe.fps)), ..*timing };
        let probe = timing.probe(file, probe)?;
        let (mut process, curve) = self.decoder(file, probe, &timing)?;
        let piped = process.stdout.take().ok_or_else(|| io::Error::other("ffmpeg has no standard output"));
        let mut shown = |frame: &mut [u8]| {
            if let Some(curve) = &curve {
                frame.iter_mut().for_each(|value| *value = curve[usize::from(*value)]);
            }
            take(frame)
        };
        let decoded = match piped {
            Ok(stdout) => frames(BufReader::new(stdout), file, probe.size, &mut shown),
            Err(source) => Err(MediaError::io(file)(source).into()),
        };
        if decoded.is_err() {
            // The pipe is no longer read: ffmpeg would wait forever.
            process.kill();
        }
        let (status, said) = process.wait().map_err(MediaError::io(file))?;
        let count = decoded?;
        let whole = status.success()
            && probe.counted
            && probe.frames.is_some_and(|expected| count <= expected && count + slack(expected) >= expected);
        let said = words(&if whole { of_pictures(&said) } else { said }, file);
        // What the decoder complains about is damage that it covers up with repeated or grey frames: never silently.
        if !said.is_empty() || !status.success() {
            let problem = if said.is_empty() { format!("ffmpeg ended with {status}") } else { said };
            let problem = format!("{problem} ({count} frames could be read)");
            return Err(MediaError::Unreadable { file: file.to_owned(), problem }.into());
        }
        if count == 0 {
            return Err(MediaError::Empty { file: file.to_owned() }.into());
        }
        let promised = probe.frames.filter(|_| probe.counted);
        if let Some(expected) = promised.filter(|&expected| count + slack(expected) < expected) {
            return Err(MediaError::Truncated { file: file.to_owned(), found: count, expected }.into());
        }
        Ok(count)
    }

    /// The decoder, and the curve that its values still need.
    fn decoder(&self, file: &Path, probe: Probe, timing: &Timing) -> Result<(Process, Option<[u8; 256]>), MediaError> {
        let (tone, curve) = hdr::tone(probe.transfer, || self.has_filter("zscale") && self.has_filter("tonemap"));
        let mut command = Command::new(&self.ffmpeg);
        // Every check that there is; what they say is judged in the end, because some of it is harmless.
        command.args(["-hide_banner", "-nostdin", "-v", "error", "-err_detect", "crccheck+bitstream+buffer"]);
        command.args(["-threads", THREADS, "-i"]).arg(plain(file));
        // Each decoded frame exactly once, whatever its time stamp: stamps are rewritten to a steady 25 a second, because
        // the option that passes frames through has another name in every other release of ffmpeg.
        // Exact arithmetic and full-resolution chroma: the default conversion is off by several levels.
        let filter = format!(
            "{}{}settb=1/25,setpts=N,{tone}scale=flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp,format=rgb24",
            if probe.interlaced { "bwdif=mode=send_frame," } else { "" },
            timing.filters()
        );
        command.args(["-map", &format!("0:{}", probe.stream), "-an", "-sn", "-dn", "-vf", filter.as_str(), "-r", "25"]);
        if let Some(frames) = timing.at_most {
            command.args(["-frames:v", &frames.to_string()]);
        }
        command.args(["-f", "image2pipe", "-c:v", "ppm", "-threads", "1", "pipe:1"]);
        Ok((Process::start(&mut command, false, true)?, curve))
    }
}

/// What ffmpeg said of pictures. Where all frames came out, these are no damage: what the reader of the container says (`[mov,mp4,…
/// @ 0x…]`: a chapter track that is missing, a tag that it does not know), and a picture that a decoder should forget and that a cut
/// has taken away already.
fn of_pictures(said: &str) -> String {
    const READERS: [&str; 5] = ["[mov,", "[matroska,", "[avi @", "[mpegts @", "[mpeg @"];
    const HARMLESS: &str = "mmco: unref short failure";
    let mut kept: Vec<&str> = Vec::new();
    let mut harmless = false;
    for line in said.lines().map(str::trim) {
        // Repeated is whatever came before.
        if !line.starts_with("Last message repeated") {
            harmless = line.ends_with(HARMLESS) || READERS.iter().any(|reader| line.starts_with(reader));
        }
        if !harmless {
            kept.push(line);
        }
    }
    kept.join("\n")
}

/// How many promised frames may be missing: edit lists hide a few. Containers that do not count frames (mkv, webm) promise
/// none, because their frames may be unevenly spaced; ffmpeg itself reports when they end early.
fn slack(expected: usize) -> usize {
    1 + expected / 50
}

/// Gives the images in the pipe to `take`, and returns their number.
pub(crate) fn frames<E: From<MediaError>>(
    mut pipe: impl BufRead,
    file: &Path,
    expected: Size,
    take: &mut dyn FnMut(&mut [u8]) -> Result<(), E>,
) -> Result<usize, E> {
    let failed = |source| E::from(MediaError::Io { file: file.to_owned(), source });
    let mut full = Vec::new();
    let mut count = 0;
    while let Some(size) = ppm_header(&mut pipe).map_err(failed)? {
        if size != expected {
            let reason = "the size in the container's header".to_owned();
            return Err(MediaError::Size { file: file.to_owned(), found: size, expected, reason }.into());
        }
        // Only now: a header may promise any size.
        full.resize(size.0 as usize * size.1 as usize * 3, 0);
        match pipe.read_exact(&mut full) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break, // ffmpeg died: its status says so
            read => read.map_err(failed)?,
        }
        take(&mut full)?;
        count += 1;
    }
    Ok(count)
}

/// Size in the header `P6\n<width> <height>\n255\n` of a PPM image as ffmpeg writes it; `None` at the end of the pipe.
fn ppm_header(pipe: &mut impl BufRead) -> io::Result<Option<Size>> {
    let mut header = Vec::new();
    for _ in 0..3 {
        pipe.by_ref().take(64).read_until(b'\n', &mut header)?;
    }
    if header.is_empty() {
        return Ok(None);
    }
    let text = String::from_utf8_lossy(&header);
    let mut words = text.split_ascii_whitespace();
    let fields = (words.next(), words.next().map(str::parse), words.next().map(str::parse), words.next());
    match fields {
        (Some("P6"), Some(Ok(width)), Some(Ok(height)), Some("255")) => Ok(Some((width, height))),
        _ => Err(io::Error::other(format!("ffmpeg sent '{}'; expected a PPM image", text.escape_debug()))),
    }
}
