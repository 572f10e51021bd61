//! The files that a fit writes, checked before the work begins.

use crate::failure::mistake;
use crate::output::{check_folder_of, with_suffix};
use anyhow::{Context, Result};
use loop3d_scene::Unfinished;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The scene file of a fit and the checkpoint beside it.
pub struct Target {
    pub scene: PathBuf,
    /// `SCENE.resume`.
    pub checkpoint: PathBuf,
}

impl Target {
    /// Checks that the scene can be written; existing files are not changed.
    ///
    /// # Errors
    /// The path names something other than a file, or its folder does not exist or cannot be written.
    pub fn new(scene: PathBuf) -> Result<Self> {
        // Renaming over a device such as /dev/null would replace it.
        match fs::metadata(&scene) {
            Ok(about) if about.is_dir() => {
                return Err(mistake(format!("{}: is a folder; expected a file", scene.display())));
            }
            Ok(about) if !about.is_file() => {
                return Err(mistake(format!("{}: is not a regular file; expected a file", scene.display())));
            }
            _ => {}
        }
        check_folder_of(&scene)?;
        drop(Unfinished::file(&scene)?);
        Ok(Self { checkpoint: checkpoint_of(&scene), scene })
    }

    /// One line for each file that a fit from the start replaces.
    pub fn replaced(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.scene.exists() {
            notes.push(format!("{}: will be replaced when this fit is done", self.scene.display()));
        }
        if self.checkpoint.exists() {
            let name = self.checkpoint.display();
            notes.push(format!(
                "{name}: belongs to an unfinished fit and will be overwritten; use --resume to continue it"
            ));
        }
        notes
    }

    /// Removes the checkpoint, once the scene is written.
    ///
    /// # Errors
    /// It exists and cannot be removed.
    pub fn remove_checkpoint(&self) -> Result<()> {
        match fs::remove_file(&self.checkpoint) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(error).with_context(|| format!("{}: cannot be removed", self.checkpoint.display()))
            }
            _ => Ok(()),
        }
    }
}

/// Where a fit of this scene keeps its checkpoint.
pub fn checkpoint_of(scene: &Path) -> PathBuf {
    with_suffix(scene, ".resume")
}
