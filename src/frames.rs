//! Frames written as PNG files into a new folder.

use crate::failure::mistake;
use crate::whole_file::{check_folder_of, temporary_beside};
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// Writes `00000.png`, `00001.png` … The folder appears at its path when it is whole; dropped before, it leaves nothing.
pub struct FrameWriter {
    target: PathBuf,
    temporary: PathBuf,
    width: u32,
    height: u32,
    count: usize,
}

impl FrameWriter {
    /// Starts a folder.
    ///
    /// # Errors
    /// The target is no folder, is not empty, or cannot be made.
    pub fn start(target: &Path, width: u32, height: u32) -> Result<Self> {
        // Frames of an older and longer video would stay behind the new ones.
        let said =
            |found: &str| mistake(format!("{}: found {found}, expected a new or empty folder", target.display()));
        match fs::read_dir(target).map(|mut entries| entries.next().is_some()) {
            Ok(true) => return Err(said("a folder with files in it")),
            Err(_) if target.exists() => return Err(said("something else")),
            _ => {}
        }
        check_folder_of(target)?;
        let temporary = temporary_beside(target)?;
        fs::create_dir(&temporary).map_err(|e| mistake(format!("{}: cannot be written: {e}", target.display())))?;
        Ok(Self { target: target.to_owned(), temporary, width, height, count: 0 })
    }

    /// Adds a frame: `height · width · 3` bytes of RGB.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn frame(&mut self, rgb: &[u8]) -> Result<()> {
        let name = format!("{:05}.png", self.count);
        self.count += 1;
        let (width, height) = (self.width, self.height);
        image::save_buffer(self.temporary.join(&name), rgb, width, height, image::ExtendedColorType::Rgb8)
            .with_context(|| format!("{}: was not written", self.target.join(&name).display()))
    }

    /// Gives the folder its name.
    ///
    /// # Errors
    /// The folder cannot be renamed.
    pub fn finish(self) -> Result<()> {
        // An empty folder makes way; a missing one is no error, anything else comes out in the renaming.
        let _ = fs::remove_dir(&self.target);
        fs::rename(&self.temporary, &self.target).with_context(|| format!("{}: was not written", self.target.display()))
    }
}

impl Drop for FrameWriter {
    fn drop(&mut self) {
        // After `finish` the folder has its name, and there is nothing to remove.
        let _ = fs::remove_dir_all(&self.temporary);
    }
}
