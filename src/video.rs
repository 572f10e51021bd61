//! What a command that makes frames writes: a video, an animation, or PNG files in a folder, as the output's name says.

use crate::failure::mistake;
use crate::frames::FrameWriter;
use crate::output::check_folder_of;
use anyhow::{Error, Result};
use loop3d_media::{Encoder, Encoding, Ffmpeg, Format, MediaError, Purpose, Size};
use std::path::Path;

/// What an output's name asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One file.
    File(Format),
    /// PNG files in a folder.
    Folder,
}

impl Kind {
    /// Of an output.
    ///
    /// # Errors
    /// An extension that is none of a format.
    pub fn of(output: &Path) -> Result<Self> {
        let ends_in_slash = output.as_os_str().as_encoded_bytes().ends_with(b"/");
        if ends_in_slash || output.is_dir() || output.extension().is_none() {
            return Ok(Self::Folder);
        }
        Format::of(output).map(Self::File).ok_or_else(|| {
            let names = Format::EXTENSIONS.map(|(name, _)| name).join(", ");
            mistake(format!("{}: expected a file that ends in {names}, or a folder such as frames/", output.display()))
        })
    }

    /// Whether both sides of its frames must be even.
    pub fn wants_even_sides(self) -> bool {
        matches!(self, Self::File(format) if format.wants_even_sides())
    }
}

/// An output that frames are added to. It appears at its path when it is whole; dropped before that, it leaves nothing.
pub enum Video {
    /// One file.
    File(Encoder),
    /// A folder of PNG files.
    Folder(FrameWriter),
}

impl Video {
    /// Starts it. `crf` is the quality of files.
    ///
    /// # Errors
    /// A target that cannot be written, ffmpeg missing.
    pub fn start(output: &Path, kind: Kind, size: Size, fps: f64, crf: u8) -> Result<Self> {
        Ok(match kind {
            Kind::File(format) => {
                check_folder_of(output)?;
                let encoding = Encoding { size, fps, purpose: Purpose::Playing { format, crf } };
                Self::File(Encoder::start(&Ffmpeg::default(), output, &encoding).map_err(with_remedy)?)
            }
            Kind::Folder => Self::Folder(FrameWriter::start(output, size.0, size.1)?),
        })
    }

    /// Adds a frame: `height · width · 3` bytes of RGB.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn frame(&mut self, rgb: &[u8]) -> Result<()> {
        match self {
            Self::File(file) => Ok(file.frame(rgb)?),
            Self::Folder(folder) => folder.frame(rgb),
        }
    }

    /// Gives it its name.
    ///
    /// # Errors
    /// ffmpeg failed, or it cannot be renamed.
    pub fn finish(self) -> Result<()> {
        match self {
            Self::File(file) => Ok(file.finish()?),
            Self::Folder(folder) => folder.finish(),
        }
    }
}

/// The error of an encoder that did not start, with the way around a missing ffmpeg.
fn with_remedy(error: MediaError) -> Error {
    match error {
        MediaError::FfmpegMissing { .. } => {
            Error::new(error).context("cannot write a video (frames need no ffmpeg: -o frames/)")
        }
        other => other.into(),
    }
}
