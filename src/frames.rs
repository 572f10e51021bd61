//! Frames written as PNG files into a new folder.

use crate::output::new_folder;
use anyhow::{Context, Result};
use loop3d_scene::Unfinished;
use std::path::{Path, PathBuf};

/// Writes `00000.png`, `00001.png` … The folder appears at its path when it is whole; dropped before that, it leaves nothing.
pub struct FrameWriter {
    target: PathBuf,
    unfinished: Unfinished,
    width: u32,
    height: u32,
    count: usize,
}

impl FrameWriter {
    /// Starts a folder.
    ///
    /// # Errors
    /// The target is not a folder, is not empty, or cannot be made.
    pub fn start(target: &Path, width: u32, height: u32) -> Result<Self> {
        let unfinished = new_folder(target)?;
        Ok(Self { target: target.to_owned(), unfinished, width, height, count: 0 })
    }

    /// Adds a frame: `height · width · 3` bytes of RGB.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn frame(&mut self, rgb: &[u8]) -> Result<()> {
        let name = format!("{:05}.png", self.count);
        self.count += 1;
        let (width, height) = (self.width, self.height);
        image::save_buffer(self.unfinished.path().join(&name), rgb, width, height, image::ExtendedColorType::Rgb8)
            .with_context(|| format!("{}: was not written", self.target.join(&name).display()))
    }

    /// Gives the folder its name.
    ///
    /// # Errors
    /// The folder cannot be renamed.
    pub fn finish(self) -> Result<()> {
        Ok(self.unfinished.finish()?)
    }
}
