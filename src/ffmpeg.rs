//! Videos written by the program ffmpeg: raw frames go in through a pipe.

use crate::whole_file::check_folder_of;
use anyhow::{Context, Result, bail};
use loop3d_scene::Unfinished;
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;

/// Encoder settings of an mp4.
#[derive(Clone, Copy, Debug)]
pub struct Encoding {
    /// Width in pixels, even.
    pub width: u32,
    /// Height in pixels, even.
    pub height: u32,
    /// Frames per second.
    pub fps: f64,
    /// Constant rate factor of x264: 0 is lossless, 51 the worst.
    pub crf: u8,
}

/// Writes an H.264 mp4. The file appears at its path when it is whole; dropped before, it leaves nothing.
pub struct Mp4Writer {
    target: PathBuf,
    /// Gone once it is finished.
    unfinished: Option<Unfinished>,
    process: Child,
    said: Option<JoinHandle<String>>,
}

impl Mp4Writer {
    /// Starts ffmpeg.
    ///
    /// # Errors
    /// The target is a folder or stands in none, or ffmpeg is missing.
    pub fn start(target: &Path, encoding: &Encoding) -> Result<Self> {
        check_folder_of(target)?;
        // Made here and overwritten by ffmpeg: a target that cannot be written is told from an encoder that fails.
        let (unfinished, _) = Unfinished::file(target)?;
        let Encoding { width, height, fps, crf } = encoding;
        let mut command = Command::new("ffmpeg");
        command.args(["-hide_banner", "-loglevel", "error", "-nostdin", "-y"]);
        command.args(["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", &format!("{width}x{height}")]);
        command.args(["-r", &fps.to_string(), "-i", "pipe:0", "-an", "-c:v", "libx264", "-crf", &crf.to_string()]);
        // Players guess the colour matrix of untagged video by its size: say it.
        command.args(["-vf", "scale=out_color_matrix=bt709:out_range=tv", "-pix_fmt", "yuv420p"]);
        command.args(["-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"]);
        command.args(["-movflags", "+faststart", "-f", "mp4"]).arg(with_folder(unfinished.path()));
        let spawned = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        let mut process = match spawned {
            Ok(process) => process,
            Err(error) => {
                if error.kind() == ErrorKind::NotFound {
                    bail!(
                        "the program ffmpeg is missing; install it (Debian: apt-get install ffmpeg; macOS: brew install \
                         ffmpeg; Windows: winget install ffmpeg) or write PNG frames into a folder: -o frames/",
                    );
                }
                return Err(error).context("ffmpeg could not be started");
            }
        };
        let said = process.stderr.take().map(|mut stderr| {
            std::thread::spawn(move || {
                let mut said = Vec::new();
                // What could be read until then is all there is to tell.
                let _ = stderr.read_to_end(&mut said);
                String::from_utf8_lossy(&said).trim().to_owned()
            })
        });
        Ok(Self { target: target.to_owned(), unfinished: Some(unfinished), process, said })
    }

    /// Adds a frame: `height · width · 3` bytes of RGB.
    ///
    /// # Errors
    /// ffmpeg has ended; the error is what it said.
    pub fn frame(&mut self, rgb: &[u8]) -> Result<()> {
        let Some(stdin) = &mut self.process.stdin else { bail!("ffmpeg takes no more frames") };
        match stdin.write_all(rgb) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => self.wait(),
            other => other.context("ffmpeg does not take frames"),
        }
    }

    /// Waits for ffmpeg and gives the file its name.
    ///
    /// # Errors
    /// ffmpeg failed, for instance on a full disk.
    pub fn finish(mut self) -> Result<()> {
        self.wait()?;
        Ok(self.unfinished.take().map_or(Ok(()), Unfinished::finish)?)
    }

    fn wait(&mut self) -> Result<()> {
        drop(self.process.stdin.take());
        let status = self.process.wait().context("ffmpeg did not end")?;
        let said = self.said.take().and_then(|thread| thread.join().ok()).unwrap_or_default();
        if status.success() {
            return Ok(());
        }
        bail!("{}: ffmpeg failed ({status}): {said}", self.target.display())
    }
}

/// A path that ffmpeg cannot take for an option or a protocol.
fn with_folder(path: &Path) -> PathBuf {
    if path.is_absolute() { path.to_owned() } else { Path::new(".").join(path) }
}

impl Drop for Mp4Writer {
    fn drop(&mut self) {
        // After `finish` it has ended, and there is nothing to do. Else it must not write on once its file is removed.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
