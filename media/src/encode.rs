//! H.264 files: raw RGB frames go into ffmpeg through a pipe.

use crate::Size;
use crate::error::MediaError;
use crate::ffmpeg::{Ffmpeg, Process, plain};
use loop3d_scene::Unfinished;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a video is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Footage that is read again: nearly lossless, and the same bytes from the same frames.
    Footage,
    /// Players: tagged as BT.709.
    Playing {
        /// Constant rate factor of x264: 0 is lossless, 51 the worst.
        crf: u8,
    },
}

/// Settings of an mp4.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Encoding {
    /// Width and height in pixels, both even.
    pub size: Size,
    /// Frames per second.
    pub fps: f64,
    /// What it is for.
    pub purpose: Purpose,
}

/// Writes an H.264 mp4. The file appears at its path when it is whole; dropped before [`Encoder::finish`], it leaves nothing.
pub struct Encoder {
    process: Process,
    target: PathBuf,
    unfinished: Unfinished,
}

impl Encoder {
    /// Starts ffmpeg.
    ///
    /// # Errors
    /// The target cannot be written, or ffmpeg is missing.
    pub fn start(ffmpeg: &Ffmpeg, target: &Path, encoding: &Encoding) -> Result<Self, MediaError> {
        // Made here and overwritten by ffmpeg, so that a target that cannot be written has an error of its own.
        let (unfinished, _) = Unfinished::file(target)?;
        let Encoding { size: (width, height), fps, purpose } = encoding;
        let mut command = Command::new(&ffmpeg.ffmpeg);
        command.args(["-hide_banner", "-loglevel", "error", "-nostdin", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24"]);
        command.args(["-s", &format!("{width}x{height}"), "-r", &fps.to_string(), "-i", "pipe:0"]);
        command.args(["-an", "-c:v", "libx264"]);
        match purpose {
            Purpose::Footage => {
                command.args(["-preset", "medium", "-crf", "12", "-pix_fmt", "yuv420p"]);
                // Chroma is averaged and rounded exactly; no version or date goes into the file.
                command.args(["-sws_flags", "accurate_rnd+full_chroma_int", "-threads", "2"]);
                command.args(["-fflags", "+bitexact", "-flags:v", "+bitexact"]);
            }
            Purpose::Playing { crf } => {
                command.args(["-crf", &crf.to_string()]);
                // Players guess the colour matrix of untagged video by its size: tag it.
                command.args(["-vf", "scale=out_color_matrix=bt709:out_range=tv", "-pix_fmt", "yuv420p"]);
                command.args(["-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"]);
            }
        }
        command.args(["-movflags", "+faststart", "-f", "mp4"]).arg(plain(unfinished.path()));
        let process = Process::start(&mut command, true, false)?;
        Ok(Self { process, target: target.to_owned(), unfinished })
    }

    /// Adds a frame: RGB bytes `[height, width, 3]`.
    ///
    /// # Errors
    /// ffmpeg has ended; the error is what it reported.
    pub fn frame(&mut self, rgb: &[u8]) -> Result<(), MediaError> {
        let sent = match &mut self.process.stdin {
            Some(pipe) => pipe.write_all(rgb),
            None => Err(ErrorKind::BrokenPipe.into()),
        };
        let Err(error) = sent else { return Ok(()) };
        // ffmpeg has given up: what it reports matters more than the broken pipe.
        self.wait()?;
        Err(self.failed(format!("it closed its input before the last frame ({error})")))
    }

    /// Waits for ffmpeg and gives the file its name.
    ///
    /// # Errors
    /// ffmpeg failed, for instance on a full disk.
    pub fn finish(mut self) -> Result<(), MediaError> {
        self.wait()?;
        Ok(self.unfinished.finish()?)
    }

    fn wait(&mut self) -> Result<(), MediaError> {
        let (status, said) = self.process.wait().map_err(|error| self.failed(error.to_string()))?;
        if status.success() {
            return Ok(());
        }
        Err(self.failed(if said.is_empty() { status.to_string() } else { said }))
    }

    fn failed(&self, said: String) -> MediaError {
        MediaError::Ffmpeg { doing: self.target.display().to_string(), said }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::read_clip;

    const SIZE: Size = (32, 24);

    fn grey(index: u8) -> Vec<u8> {
        vec![40 * index; 32 * 24 * 3]
    }

    #[test]
    fn frames_come_back_and_the_same_frames_make_the_same_file() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, purpose| {
            let file = dir.path().join(name);
            let encoding = Encoding { size: SIZE, fps: 25.0, purpose };
            let mut encoder = Encoder::start(&Ffmpeg::default(), &file, &encoding).unwrap();
            (1..6).for_each(|index| encoder.frame(&grey(index)).unwrap());
            assert!(!file.exists(), "it appears when it is whole");
            encoder.finish().unwrap();
            file
        };
        // Where names may hold a colon, ffmpeg must not take what is before it for a protocol.
        let first = write(if cfg!(windows) { "a.mp4" } else { "a:1.mp4" }, Purpose::Footage);
        let second = write("b.mp4", Purpose::Footage);
        assert_eq!(std::fs::read(&first).unwrap(), std::fs::read(second).unwrap());
        for file in [first, write("c.mp4", Purpose::Playing { crf: 10 })] {
            let (clip, fps) = read_clip(&file).unwrap();
            assert_eq!((clip.frames, fps), (5, 25.0));
            for index in 1..6u8 {
                let off = clip.frame(usize::from(index) - 1).iter().map(|value| value.abs_diff(40 * index)).max();
                assert!(off.unwrap() <= 3, "{}: {off:?}", file.display());
            }
        }
    }

    #[test]
    fn an_encoder_that_is_dropped_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let encoding = Encoding { size: SIZE, fps: 25.0, purpose: Purpose::Playing { crf: 20 } };
        let mut encoder = Encoder::start(&Ffmpeg::default(), &dir.path().join("a.mp4"), &encoding).unwrap();
        encoder.frame(&grey(1)).unwrap();
        drop(encoder);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
