//! Video files and animations: raw RGB frames go into ffmpeg through a pipe.

use crate::Size;
use crate::error::MediaError;
use crate::ffmpeg::{Ffmpeg, Process, plain};
use loop3d_scene::Unfinished;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a video is for, and what it is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Footage that is read again: H.264, nearly lossless, and the same bytes from the same frames.
    Footage,
    /// Players: tagged as BT.709.
    Playing {
        /// The file's format.
        format: Format,
        /// 0 is the best, [`Purpose::WORST`] the worst: the constant rate factor of x264, and on the scales of the other encoders what
        /// looks about alike.
        crf: u8,
    },
}

impl Purpose {
    /// The worst quality.
    pub const WORST: u8 = 51;
}

/// What players play.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// H.264 in an mp4: everywhere. Sides must be even.
    Mp4,
    /// VP9 in a WebM.
    WebM,
    /// 256 colours, everywhere that images are.
    Gif,
    /// An animated WebP.
    WebP,
    /// An animated AVIF, of AV1 frames.
    Avif,
}

impl Format {
    /// Extensions of files, and their formats.
    pub const EXTENSIONS: [(&str, Self); 5] =
        [("mp4", Self::Mp4), ("webm", Self::WebM), ("gif", Self::Gif), ("webp", Self::WebP), ("avif", Self::Avif)];

    /// The format that a file's extension names.
    pub fn of(file: &Path) -> Option<Self> {
        let extension = file.extension()?;
        Self::EXTENSIONS.iter().find(|(name, _)| extension.eq_ignore_ascii_case(name)).map(|(_, format)| *format)
    }

    /// Whether both sides of its frames must be even.
    pub fn wants_even_sides(self) -> bool {
        self == Self::Mp4
    }

    /// Arguments of the encoder and of the container.
    fn arguments(self, crf: u8) -> Vec<String> {
        // Where a scale differs: VP9 and AV1 go to 63, WebP from 100 down.
        let wide = (u32::from(crf) * 63 / u32::from(Purpose::WORST)).to_string();
        let percent = (100 - u32::from(crf) * 100 / u32::from(Purpose::WORST)).to_string();
        // Players guess the colour matrix of untagged video by its size: tag it.
        let tagged = "-vf scale=out_color_matrix=bt709:out_range=tv -pix_fmt yuv420p -colorspace bt709 -color_primaries bt709 \
                      -color_trc bt709";
        let text = match self {
            // A loop goes from its last frame to its first, which is a key frame: that must not be coarser than what the frames after it
            // have become, or what stands still jumps there.
            Self::Mp4 => {
                format!("-c:v libx264 -crf {crf} -x264-params mbtree=0:ipratio=3 {tagged} -movflags +faststart -f mp4")
            }
            Self::WebM => format!("-c:v libvpx-vp9 -crf {wide} -b:v 0 -row-mt 1 -cpu-used 2 {tagged} -f webm"),
            Self::Avif => format!("-c:v libaom-av1 -crf {wide} -b:v 0 -row-mt 1 -cpu-used 6 {tagged} -f avif"),
            Self::WebP => format!("-c:v libwebp_anim -quality {percent} -loop 0 -f webp"),
            // One palette for what moves; an ordered pattern, because a spreading error would make still pixels flicker.
            Self::Gif => "-filter_complex split[a][b];[a]palettegen=stats_mode=full[p];[b][p]paletteuse=dither=bayer:bayer_scale=4 -loop 0 -f gif"
                .to_owned(),
        };
        text.split_ascii_whitespace().map(str::to_owned).collect()
    }
}

/// Settings of a file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Encoding {
    /// Width and height in pixels, both even where the format wants it.
    pub size: Size,
    /// Frames per second.
    pub fps: f64,
    /// What it is for.
    pub purpose: Purpose,
}

/// Writes a file. It appears at its path when it is whole; dropped before [`Encoder::finish`], it leaves nothing.
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
        command.arg("-an");
        match purpose {
            Purpose::Footage => {
                command.args(["-c:v", "libx264", "-preset", "medium", "-crf", "12", "-pix_fmt", "yuv420p"]);
                // Chroma is averaged and rounded exactly; no version or date goes into the file.
                command.args(["-sws_flags", "accurate_rnd+full_chroma_int", "-threads", "2"]);
                command.args(["-fflags", "+bitexact", "-flags:v", "+bitexact"]);
                command.args(["-movflags", "+faststart", "-f", "mp4"]);
            }
            Purpose::Playing { format, crf } => {
                command.args(format.arguments(*crf));
            }
        }
        command.arg(plain(unfinished.path()));
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
        for file in [first, write("c.mp4", Purpose::Playing { format: Format::Mp4, crf: 10 })] {
            let (clip, fps) = read_clip(&file).unwrap();
            assert_eq!((clip.frames, fps), (5, 25.0));
            for index in 1..6u8 {
                let off = clip.frame(usize::from(index) - 1).iter().map(|value| value.abs_diff(40 * index)).max();
                assert!(off.unwrap() <= 3, "{}: {off:?}", file.display());
            }
        }
    }

    #[test]
    fn every_format_is_written_and_read_again() {
        let dir = tempfile::tempdir().unwrap();
        for (extension, format) in Format::EXTENSIONS {
            let file = dir.path().join(format!("a.{extension}"));
            assert_eq!(Format::of(&file), Some(format));
            let encoding = Encoding { size: SIZE, fps: 25.0, purpose: Purpose::Playing { format, crf: 4 } };
            let mut encoder = Encoder::start(&Ffmpeg::default(), &file, &encoding).unwrap();
            (1..6).for_each(|index| encoder.frame(&grey(index)).unwrap());
            encoder.finish().unwrap();
            let bytes = std::fs::read(&file).unwrap();
            let mark: &[u8] = match format {
                // ffmpeg reads no animated WebP: its frames are counted.
                Format::WebP => {
                    assert_eq!(bytes.windows(4).filter(|name| *name == b"ANMF").count(), 5);
                    b"RIFF"
                }
                Format::Gif => b"GIF89a",
                Format::WebM => b"\x1a\x45\xdf\xa3",
                Format::Mp4 => b"\0\0\0\x20ftypisom",
                Format::Avif => b"\0\0\0\x2cftypavis",
            };
            assert!(bytes.starts_with(mark), "{extension}: {:02x?}", &bytes[..16]);
            if format != Format::WebP {
                let (clip, _) = read_clip(&file).unwrap();
                assert_eq!(clip.frames, 5, "{extension}");
                for index in 1..6u8 {
                    let off = clip.frame(usize::from(index) - 1).iter().map(|value| value.abs_diff(40 * index)).max();
                    assert!(off.unwrap() <= 4, "{extension}: {off:?}");
                }
            }
        }
        assert_eq!(Format::of(Path::new("a.avi")), None);
    }

    #[test]
    fn an_encoder_that_is_dropped_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let encoding = Encoding { size: SIZE, fps: 25.0, purpose: Purpose::Playing { format: Format::Mp4, crf: 20 } };
        let mut encoder = Encoder::start(&Ffmpeg::default(), &dir.path().join("a.mp4"), &encoding).unwrap();
        encoder.frame(&grey(1)).unwrap();
        drop(encoder);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
