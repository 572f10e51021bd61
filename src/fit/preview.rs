//! Previews of a running fit.

use crate::failure::mistake;
use crate::output::write_png;
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// A folder that gets a PNG after every level: what the reference camera sees.
#[derive(Debug)]
pub struct Preview {
    folder: PathBuf,
}

impl Preview {
    /// Makes the folder if it does not exist. Files in it that have a level's name will be replaced.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn new(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder).map_err(|e| mistake(format!("{}: cannot be made: {e}", folder.display())))?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// Writes the preview of level number `level`: `height · width · 3` bytes of RGB.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, level: usize, width: u32, height: u32, rgb: &[u8]) -> Result<()> {
        write_png(&self.folder.join(format!("level-{level}.png")), rgb, width, height)
            .context("previews are switched off")
    }
}
