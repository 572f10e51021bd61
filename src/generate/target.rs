//! The folder that a generation writes: it appears at its path once it is complete.

use crate::output::new_folder;
use anyhow::{Context, Result};
use loop3d_scene::Unfinished;
use std::fs;
use std::path::{Path, PathBuf};

/// A folder that is being written; dropped before it is complete, it leaves nothing.
pub struct Target {
    dir: PathBuf,
    unfinished: Unfinished,
}

impl Target {
    /// Starts a folder.
    ///
    /// # Errors
    /// The target is not a folder, is not empty, or cannot be made.
    pub fn new(dir: &Path) -> Result<Self> {
        Ok(Self { dir: dir.to_owned(), unfinished: new_folder(dir)? })
    }

    /// Where a file is until the folder is complete.
    pub fn path(&self, name: &str) -> PathBuf {
        self.unfinished.path().join(name)
    }

    /// Writes a file.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let said = || format!("{}: was not written", self.dir.join(name).display());
        fs::write(self.path(name), bytes).with_context(said)
    }

    /// Gives the folder its name.
    ///
    /// # Errors
    /// The folder cannot be renamed.
    pub fn finish(self) -> Result<()> {
        Ok(self.unfinished.finish()?)
    }
}
