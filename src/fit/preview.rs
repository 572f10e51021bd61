//! Pictures of a fit on its way.

use crate::failure::mistake;
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// A folder that gets a PNG file after every level: what the reference camera sees.
#[derive(Debug)]
pub struct Preview {
    folder: PathBuf,
}

impl Preview {
    /// Makes the folder where there is none. Files in it that have a level's name will be replaced.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn new(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder).map_err(|e| mistake(format!("{}: cannot be made: {e}", folder.display())))?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// Writes the picture of level number `level`: `height · width · 3` bytes of RGB.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, level: usize, width: u32, height: u32, rgb: &[u8]) -> Result<()> {
        let path = self.folder.join(format!("level-{level}.png"));
        image::save_buffer(&path, rgb, width, height, image::ExtendedColorType::Rgb8)
            .with_context(|| format!("{}: was not written; there will be no more previews", path.display()))
    }
}
