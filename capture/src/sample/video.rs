//! H.264 files through the ffmpeg program: raw RGB frames go in by its standard input.

use super::write::SampleError;
use crate::video::plain;
use loop3d_scene::Unfinished;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A video that is being written, under a temporary name until [`Encoder::finish`].
pub struct Encoder {
    child: Child,
    target: PathBuf,
    unfinished: Unfinished,
}

/// Checks that `program` runs at all.
pub fn probe(program: &Path) -> Result<(), SampleError> {
    match Command::new(program).arg("-version").stdin(Stdio::null()).output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(SampleError::FfmpegMissing {
            program: program.to_owned(),
            reason: format!("`{} -version` ended with {}", program.display(), output.status),
        }),
        Err(error) => Err(SampleError::FfmpegMissing { program: program.to_owned(), reason: error.to_string() }),
    }
}

impl Encoder {
    /// Starts a video of `width` × `height` pixels at `fps`.
    pub fn start(program: &Path, target: &Path, [width, height]: [u32; 2], fps: f64) -> Result<Self, SampleError> {
        let (unfinished, _) = Unfinished::file(target)?;
        let child = Command::new(program)
            .args(["-hide_banner", "-loglevel", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24"])
            .args(["-s", &format!("{width}x{height}"), "-r", &fps.to_string(), "-i", "pipe:0"])
            .args(["-an", "-c:v", "libx264", "-preset", "medium", "-crf", "12", "-pix_fmt", "yuv420p"])
            // Chroma is averaged and rounded exactly; no version or date goes in the file.
            .args(["-sws_flags", "accurate_rnd+full_chroma_int", "-threads", "2"])
            .args(["-fflags", "+bitexact", "-flags:v", "+bitexact", "-movflags", "+faststart"])
            .args(["-f", "mp4"])
            .arg(plain(unfinished.path()))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| SampleError::FfmpegMissing { program: program.to_owned(), reason: error.to_string() })?;
        Ok(Self { child, target: target.to_owned(), unfinished })
    }

    /// Adds a frame: RGB bytes `[height, width, 3]`.
    pub fn frame(mut self, rgb: &[u8]) -> Result<Self, SampleError> {
        let sent = self.child.stdin.as_mut().map(|pipe| pipe.write_all(rgb));
        match sent {
            Some(Ok(())) => Ok(self),
            // ffmpeg has given up: what it says matters more than the broken pipe.
            _ => {
                let target = self.target.clone();
                let message = "it closed its input before the last frame".into();
                Err(self.finish().err().unwrap_or(SampleError::Ffmpeg { target, message }))
            }
        }
    }

    /// Waits for ffmpeg and gives the file its name.
    pub fn finish(mut self) -> Result<(), SampleError> {
        drop(self.child.stdin.take());
        let failed = |message: String| SampleError::Ffmpeg { target: self.target.clone(), message };
        let output = self.child.wait_with_output().map_err(|error| failed(error.to_string()))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(failed(if said.is_empty() { output.status.to_string() } else { said }));
        }
        Ok(self.unfinished.finish()?)
    }
}
