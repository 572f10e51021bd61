//! Videos through the programs ffmpeg and ffprobe.
//!
//! The crate ffmpeg-sidecar finds and starts ffmpeg; its iterator over frames is not used, because it drops log lines
//! when metadata ends and breaks off silently at a partial frame. Frames come as PPM pictures in a pipe instead: each
//! carries its own size, so turned and odd streams need no guess.

use crate::clip::Clip;
use crate::error::{CaptureError, Size};
use crate::hdr::{self, Transfer};
use crate::shaping::Shaping;
use crate::timing::Timing;
use ffmpeg_sidecar::child::FfmpegChild;
use ffmpeg_sidecar::command::FfmpegCommand;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

/// Threads of a decoder: clips are read one after another, and the area filter runs beside.
const THREADS: &str = "2";

/// The two programs.
#[derive(Clone, Debug)]
pub(crate) struct Ffmpeg {
    pub ffmpeg: PathBuf,
    pub ffprobe: PathBuf,
}

impl Default for Ffmpeg {
    /// Beside our own program, else on PATH.
    fn default() -> Self {
        Self { ffmpeg: ffmpeg_sidecar::paths::ffmpeg_path(), ffprobe: ffmpeg_sidecar::ffprobe::ffprobe_path() }
    }
}

/// What a container says about its first video stream.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Probe {
    /// As shown: after turning.
    pub size: Size,
    pub fps: f64,
    /// Number of frames: counted by the container, or worked out from its length in time; `None` where it tells neither.
    pub frames: Option<usize>,
    /// Whether the container counted them, and so promises them.
    pub counted: bool,
    /// How light becomes numbers.
    pub transfer: Transfer,
}

impl Ffmpeg {
    /// Reads the header of a video.
    pub(crate) fn probe(&self, file: &Path) -> Result<Probe, CaptureError> {
        let entries = "stream=width,height,avg_frame_rate,r_frame_rate,nb_frames,duration,color_transfer:stream_tags=DURATION,rotate\
                       :stream_side_data=rotation";
        let mut command = Command::new(&self.ffprobe);
        command.args([
            "-v",
            "error",
            "-select_streams",
            "v:0",
            "-show_entries",
            entries,
            "-of",
            "flat=sep_char=/",
            "-i",
        ]);
        let output = command.arg(plain(file)).stdin(Stdio::null()).output();
        let output = output.map_err(|error| not_started(&self.ffprobe, error))?;
        let text = String::from_utf8_lossy(&output.stdout);
        parse_probe(&text).ok_or_else(|| {
            let said = words(output.stderr.as_slice(), file);
            let problem = if said.is_empty() { "no pictures in it; expected a video stream".to_owned() } else { said };
            CaptureError::Unreadable { file: file.to_owned(), problem }
        })
    }

    /// Decodes the frames of a video that `timing` asks for, shaped. Only one frame is in memory at its full size.
    pub(crate) fn read(
        &self,
        file: &Path,
        probe: Probe,
        shaping: &Shaping,
        timing: &Timing,
    ) -> Result<Clip, CaptureError> {
        let frame_bytes = shaping.frame_bytes();
        let mut rgb: Vec<u8> = Vec::new();
        // Only saves copying: a header that promises too much is no reason to fail.
        let promised = timing.probe(file, probe)?.frames.unwrap_or(0);
        let _ = rgb.try_reserve_exact(promised.saturating_mul(frame_bytes));
        let frames = self.each(file, probe, timing, &mut |full| {
            let at = rgb.len();
            rgb.resize(at + frame_bytes, 0);
            shaping.apply(full, &mut rgb[at..]);
            Ok(())
        })?;
        rgb.shrink_to_fit();
        let target = shaping.target;
        Ok(Clip { width: target.0 as usize, height: target.1 as usize, frames, rgb })
    }

    /// Gives each frame that `timing` asks for to `take`, RGB bytes of the probed size, and returns their number. An error of
    /// `take` ends it.
    pub(crate) fn each(
        &self,
        file: &Path,
        probe: Probe,
        timing: &Timing,
        take: &mut dyn FnMut(&[u8]) -> Result<(), CaptureError>,
    ) -> Result<usize, CaptureError> {
        let probe = timing.probe(file, probe)?;
        let (mut child, curve) = self.start(file, probe, timing)?;
        let path = file.to_owned();
        let errors = child.take_stderr().map(|stderr| thread::spawn(move || words(stderr, &path)));
        let piped = child.take_stdout().ok_or_else(|| io::Error::other("ffmpeg has no standard output"));
        let mut shown = |frame: &mut [u8]| {
            if let Some(curve) = &curve {
                frame.iter_mut().for_each(|value| *value = curve[usize::from(*value)]);
            }
            take(frame)
        };
        let decoded = match piped {
            Ok(stdout) => frames(BufReader::new(stdout), file, probe.size, &mut shown),
            Err(source) => Err(CaptureError::Io { file: file.to_owned(), source }),
        };
        if decoded.is_err() {
            // The pipe is no longer read: ffmpeg would wait forever. It may have ended by itself, which is as good.
            let _ = child.kill();
        }
        let status = child.wait().map_err(|source| CaptureError::Io { file: file.to_owned(), source })?;
        let errors = errors.and_then(|thread| thread.join().ok()).unwrap_or_default();
        let count = decoded?;
        // What the decoder complains of is damage that it covers up with repeated or grey pictures: never silently.
        if !errors.is_empty() || !status.success() {
            let problem = if errors.is_empty() { format!("ffmpeg ended with {status}") } else { errors };
            let problem = format!("{problem} ({count} frames could be read)");
            return Err(CaptureError::Unreadable { file: file.to_owned(), problem });
        }
        if count == 0 {
            return Err(CaptureError::Empty { file: file.to_owned() });
        }
        let promised = probe.frames.filter(|_| probe.counted);
        if let Some(expected) = promised.filter(|&expected| count + slack(expected) < expected) {
            return Err(CaptureError::Truncated { file: file.to_owned(), found: count, expected });
        }
        Ok(count)
    }

    /// The decoder, and the curve that its values still need.
    fn start(
        &self,
        file: &Path,
        probe: Probe,
        timing: &Timing,
    ) -> Result<(FfmpegChild, Option<[u8; 256]>), CaptureError> {
        let (tone, curve) = hdr::tone(probe.transfer, || self.has_filter("zscale") && self.has_filter("tonemap"));
        let mut command = FfmpegCommand::new_with_path(&self.ffmpeg);
        command
            .hide_banner()
            .args(["-v", "error", "-xerror", "-err_detect", "explode", "-threads", THREADS, "-i"])
            .arg(plain(file));
        // Each decoded frame exactly once, whatever its time stamp: stamps are rewritten to a steady 25 a second, because
        // the option that passes frames through has another name in every other release of ffmpeg.
        // Exact arithmetic and full-resolution chroma: the default conversion is off by several levels.
        let filter = format!(
            "{}settb=1/25,setpts=N,{tone}scale=flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp,format=rgb24",
            timing.filters()
        );
        command.args(["-map", "0:v:0", "-an", "-sn", "-dn", "-vf", filter.as_str(), "-r", "25"]);
        if let Some(frames) = timing.at_most {
            command.args(["-frames:v", &frames.to_string()]);
        }
        command.args(["-f", "image2pipe", "-c:v", "ppm", "-threads", "1", "pipe:1"]);
        let child = command.spawn().map_err(|error| not_started(&self.ffmpeg, error))?;
        Ok((child, curve))
    }

    /// Whether this ffmpeg was built with a filter.
    fn has_filter(&self, name: &str) -> bool {
        let output = Command::new(&self.ffmpeg).args(["-hide_banner", "-filters"]).stdin(Stdio::null()).output();
        let listed = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
        listed.lines().any(|line| line.split_ascii_whitespace().nth(1) == Some(name))
    }
}

/// How many promised frames may be missing: edit lists hide a few. Containers that do not count frames (mkv, webm) promise
/// none, because their frames may be unevenly spaced; ffmpeg itself tells when they end prematurely.
fn slack(expected: usize) -> usize {
    1 + expected / 50
}

/// Gives the pictures in the pipe to `take`, and returns their number.
fn frames(
    mut pipe: impl BufRead,
    file: &Path,
    expected: Size,
    take: &mut dyn FnMut(&mut [u8]) -> Result<(), CaptureError>,
) -> Result<usize, CaptureError> {
    let failed = |source| CaptureError::Io { file: file.to_owned(), source };
    let mut full = Vec::new();
    let mut count = 0;
    while let Some(size) = ppm_header(&mut pipe).map_err(failed)? {
        if size != expected {
            let reason = "the size in the container's header".to_owned();
            return Err(CaptureError::Size { file: file.to_owned(), found: size, expected, reason });
        }
        // Only now: a header may promise any size.
        full.resize(size.0 as usize * size.1 as usize * 3, 0);
        match pipe.read_exact(&mut full) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break, // ffmpeg died: its status tells
            read => read.map_err(failed)?,
        }
        take(&mut full)?;
        count += 1;
    }
    Ok(count)
}

/// Size in the header `P6\n<width> <height>\n255\n` of a PPM picture as ffmpeg writes it; `None` at the end of the pipe.
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
        _ => Err(io::Error::other(format!("ffmpeg sent '{}'; expected a PPM picture", text.escape_debug()))),
    }
}

/// What ffmpeg says about a file on its error channel, the first lines joined, without the file's name, which is told anyway.
fn words(stderr: impl Read, file: &Path) -> String {
    let mut lines: Vec<String> = Vec::new();
    let name = format!("file:{}: ", file.display());
    // Lossy, and read to the end: a full channel would stop ffmpeg.
    for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line).trim().replace(&name, "");
        if lines.len() < 3 && !line.is_empty() {
            lines.push(line);
        }
    }
    lines.join("; ")
}

/// Values of ffprobe's flat output, `streams/stream/0/width=64`.
fn parse_probe(text: &str) -> Option<Probe> {
    let value = |key: &str| {
        let values = text.lines().filter_map(|line| line.strip_prefix("streams/stream/0/")?.split_once('='));
        let mut values = values.filter(|(name, _)| *name == key || name.ends_with(&format!("/{key}")));
        values.next().map(|(_, value)| value.trim().trim_matches('"'))
    };
    let side = |key| value(key)?.parse().ok().filter(|&side: &u32| side > 0);
    let (width, height) = (side("width")?, side("height")?);
    let turn: f64 = value("rotation").or_else(|| value("rotate")).and_then(|turn| turn.parse().ok()).unwrap_or(0.0);
    let on_its_side = ((turn / 90.0).round() as i64).rem_euclid(2) == 1;
    let rate = |key| ratio(value(key)?);
    let fps = rate("avg_frame_rate").or_else(|| rate("r_frame_rate"))?;
    // A count and a length that disagree mean an edit list: the shorter is what plays.
    let counted = value("nb_frames").and_then(|count| count.parse::<usize>().ok());
    let seconds = value("duration").and_then(seconds).or_else(|| value("DURATION").and_then(seconds));
    let timed = seconds.map(|seconds| (seconds * fps).round() as usize);
    let frames = match (counted, timed) {
        (Some(counted), Some(timed)) => Some(counted.min(timed)),
        (counted, timed) => counted.or(timed),
    };
    let size = if on_its_side { (height, width) } else { (width, height) };
    let transfer = Transfer::named(value("color_transfer").unwrap_or_default());
    Some(Probe { size, fps, frames, counted: counted.is_some(), transfer })
}

/// `30000/1001`, positive and finite.
fn ratio(text: &str) -> Option<f64> {
    let (numerator, denominator) = text.split_once('/')?;
    let ratio = numerator.parse::<f64>().ok()? / denominator.parse::<f64>().ok()?;
    (ratio.is_finite() && ratio > 0.0).then_some(ratio)
}

/// `4.25` or `00:00:04.25`.
fn seconds(text: &str) -> Option<f64> {
    let add = |sum: Option<f64>, part: &str| Some(sum? * 60.0 + part.parse::<f64>().ok()?);
    text.split(':').fold(Some(0.0), add).filter(|seconds| seconds.is_finite() && *seconds >= 0.0)
}

/// `a.mp4` as ffmpeg takes it for a file whatever its name: no option, no `protocol:`.
pub(crate) fn plain(file: &Path) -> std::ffi::OsString {
    let mut name = std::ffi::OsString::from("file:");
    name.push(file);
    name
}

fn not_started(program: &Path, error: io::Error) -> CaptureError {
    if error.kind() == io::ErrorKind::NotFound {
        CaptureError::FfmpegMissing { program: program.to_owned() }
    } else {
        CaptureError::Io { file: program.to_owned(), source: error }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs the real ffmpeg, which set-up installs.
    pub(crate) fn ffmpeg(arguments: &str, file: &Path) {
        let mut command = Command::new("ffmpeg");
        command.args(["-v", "error", "-y"]).args(arguments.split(' ')).arg(file).stdin(Stdio::null());
        assert!(command.status().expect("ffmpeg is part of set-up").success());
    }

    fn read(file: &Path) -> Result<Clip, CaptureError> {
        let programs = Ffmpeg::default();
        let probe = programs.probe(file)?;
        programs.read(file, probe, &same(probe), &Timing::default())
    }

    fn same(probe: Probe) -> Shaping {
        Shaping::new(None, probe.size, probe.size)
    }

    #[test]
    fn probe_understands_turned_and_timed_streams() {
        let text = "streams/stream/0/width=64\nstreams/stream/0/height=48\nstreams/stream/0/avg_frame_rate=\"30000/1001\"\n\
                    streams/stream/0/nb_frames=\"N/A\"\nstreams/stream/0/tags/DURATION=\"00:01:00.060000000\"\n\
                    streams/stream/0/side_data_list/side_data/0/rotation=-90\n";
        let probe = parse_probe(text).unwrap();
        assert_eq!((probe.size, probe.frames, probe.counted), ((48, 64), Some(1800), false));
        assert!((probe.fps - 29.97003).abs() < 1e-5);
        assert_eq!(parse_probe("streams/stream/0/width=64\n"), None);
    }

    /// What ffprobe and ffmpeg may say, with wrong bytes: something that holds together or nothing. `LOOP3D_MUTATIONS` says how often.
    #[test]
    fn mutated_words_of_ffmpeg_are_survived() {
        let probed = "streams/stream/0/width=64\nstreams/stream/0/height=48\nstreams/stream/0/avg_frame_rate=\"30000/1001\"\n\
                      streams/stream/0/r_frame_rate=\"30/1\"\nstreams/stream/0/nb_frames=\"250\"\nstreams/stream/0/duration=\"8.3\"\n\
                      streams/stream/0/color_transfer=\"smpte2084\"\nstreams/stream/0/tags/DURATION=\"00:01:00.060000000\"\n\
                      streams/stream/0/side_data_list/side_data/0/rotation=-90\n";
        let picture = b"P6\n2 1\n255\nabcdefP6\n2 1\n255\nghijkl";
        let mut state = 99u64;
        let mut random = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((state >> 33) as usize) % below
        };
        let mut mutated = |good: &[u8]| {
            let mut bytes = good.to_vec();
            let at = random(bytes.len());
            match random(4) {
                0 => bytes[at] = random(256) as u8,
                1 => bytes.truncate(at),
                2 => drop(bytes.drain(at..(at + 1 + random(9)).min(good.len()))),
                _ => bytes
                    .splice(at..at, std::iter::repeat_n(b"0919.:/\n=-e\xff"[random(12)], 1 + random(20)))
                    .for_each(drop),
            }
            bytes
        };
        let count = std::env::var("LOOP3D_MUTATIONS").map_or(2000, |count| count.parse::<usize>().unwrap());
        let started = std::time::Instant::now();
        for _ in 0..count {
            if let Some(probe) = parse_probe(&String::from_utf8_lossy(&mutated(probed.as_bytes()))) {
                let (width, height) = probe.size;
                assert!(width > 0 && height > 0 && probe.fps.is_finite() && probe.fps > 0.0, "{probe:?}");
            }
            let sent = mutated(picture);
            let whole = frames(sent.as_slice(), Path::new("a.mp4"), (2, 1), &mut |frame| {
                assert_eq!(frame.len(), 6);
                Ok(())
            });
            assert!(whole.is_err() || whole.is_ok_and(|frames| frames <= 2));
        }
        eprintln!(
            "ffprobe's words and ffmpeg's pictures: {count} mutations in {:.1} s",
            started.elapsed().as_secs_f64()
        );
    }

    #[test]
    fn colours_and_the_number_of_frames_survive() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.mkv");
        // Limited range BT.601, whose red is (81, 90, 240).
        ffmpeg("-f lavfi -i color=0xff0000:s=32x24:r=30000/1001:d=0.5 -pix_fmt yuv420p -c:v libx264 -qp 0", &file);
        let probe = Ffmpeg::default().probe(&file).unwrap();
        assert!((probe.fps - 29.97).abs() < 1e-3, "{}", probe.fps);
        let clip = read(&file).unwrap();
        assert_eq!((clip.width, clip.height, clip.frames, clip.rgb.len()), (32, 24, 15, 32 * 24 * 3 * 15));
        for pixel in clip.rgb.chunks_exact(3) {
            assert!(pixel[0] >= 253 && pixel[1] <= 2 && pixel[2] <= 2, "{pixel:?}");
        }
    }

    /// Paper white of PQ and of HLG (BT.2408), whether or not the file tells its primaries.
    #[test]
    fn hdr_is_brought_to_the_ordinary_range() {
        let dir = tempfile::tempdir().unwrap();
        let full = "-color_primaries bt2020 -colorspace bt2020nc";
        for (name, grey, tags) in [
            ("pq.mp4", 0x94, format!("-color_trc smpte2084 {full}")),
            ("hlg.mp4", 0xbf, "-color_trc arib-std-b67".to_owned()),
        ] {
            let file = dir.path().join(name);
            let source = format!("color=0x{grey:x}{grey:x}{grey:x}:s=32x24:r=25:d=0.2");
            ffmpeg(&format!("-f lavfi -i {source} -c:v libx264 -qp 0 -pix_fmt yuv420p {tags}"), &file);
            assert_ne!(Ffmpeg::default().probe(&file).unwrap().transfer, Transfer::Ordinary, "{name}");
            for pixel in read(&file).unwrap().rgb.chunks_exact(3) {
                assert!(pixel.iter().all(|value| (200..=235).contains(value)), "{name}: {pixel:?}");
            }
        }
    }

    #[test]
    fn uneven_time_stamps_neither_drop_nor_repeat_frames() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.mkv");
        ffmpeg("-f lavfi -i testsrc2=s=32x24:r=25:d=2 -vf select=not(mod(n\\,3))+lt(n\\,10)", &file);
        // Matroska keeps the stamps. 0 to 9, then 12, 15 … 48.
        assert_eq!(read(&file).unwrap().frames, 10 + 13);
    }

    #[test]
    fn truncated_videos_are_errors() {
        let dir = tempfile::tempdir().unwrap();
        for (name, options) in [("front.mp4", "-movflags +faststart"), ("end.mp4", "-g 50"), ("a.mkv", "-g 10")] {
            let file = dir.path().join(name);
            ffmpeg(&format!("-f lavfi -i testsrc2=s=64x48:r=25:d=4 -pix_fmt yuv420p {options}"), &file);
            assert_eq!(read(&file).unwrap().frames, 100, "{name}");
            let bytes = std::fs::read(&file).unwrap();
            for share in [0.95, 0.6] {
                std::fs::write(&file, &bytes[..(bytes.len() as f64 * share) as usize]).unwrap();
                let error = read(&file).unwrap_err();
                assert!(matches!(error, CaptureError::Unreadable { .. }), "{name}: {error}");
                assert!(error.to_string().contains(name) && error.is_users_fault(), "{error}");
            }
        }
    }

    #[test]
    fn fewer_frames_than_promised_is_truncated() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.mp4");
        ffmpeg("-f lavfi -i testsrc2=s=32x24:r=25:d=1", &file);
        let programs = Ffmpeg::default();
        let probe = programs.probe(&file).unwrap();
        assert_eq!((probe.frames, probe.counted), (Some(25), true));
        let error =
            programs.read(&file, Probe { frames: Some(40), ..probe }, &same(probe), &Timing::default()).unwrap_err();
        assert!(error.to_string().ends_with("a.mp4: truncated: 25 frames could be read, expected 40"), "{error}");
    }

    #[test]
    fn no_video_is_unreadable_and_no_ffmpeg_says_how_to_get_it() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.mp4");
        std::fs::write(&file, "no video at all").unwrap();
        let error = read(&file).unwrap_err();
        assert!(matches!(error, CaptureError::Unreadable { .. }), "{error}");

        ffmpeg("-f lavfi -i testsrc2=s=32x24:r=25:d=1", &file);
        let none = Ffmpeg { ffmpeg: "no-such-ffmpeg".into(), ffprobe: "no-such-ffprobe".into() };
        let probe = Ffmpeg::default().probe(&file).unwrap();
        for error in
            [none.probe(&file).unwrap_err(), none.read(&file, probe, &same(probe), &Timing::default()).unwrap_err()]
        {
            assert!(error.to_string().contains("apt-get install ffmpeg"), "{error}");
            assert!(matches!(error, CaptureError::FfmpegMissing { .. }) && !error.is_users_fault());
        }
    }
}
