//! Where a fit writes, checked before the work begins.

use crate::failure::mistake;
use crate::whole_file::check_folder_of;
use anyhow::{Context, Result};
use loop3d_scene::Unfinished;
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

/// The scene file of a fit, and its checkpoint beside it.
pub struct Target {
    pub scene: PathBuf,
    /// `SCENE.resume`.
    pub checkpoint: PathBuf,
}

impl Target {
    /// Checks that the target can be written; what is there stays as it is.
    ///
    /// # Errors
    /// The target is no file, or stands in no folder that can be written.
    pub fn new(scene: PathBuf) -> Result<Self> {
        // Renaming over a device such as /dev/null would replace it.
        match fs::metadata(&scene) {
            Ok(about) if about.is_dir() => {
                return Err(mistake(format!("{}: is a folder; expected a file", scene.display())));
            }
            Ok(about) if !about.is_file() => {
                return Err(mistake(format!("{}: is no regular file; expected a file", scene.display())));
            }
            _ => {}
        }
        check_folder_of(&scene)?;
        drop(Unfinished::file(&scene)?);
        let mut checkpoint = scene.clone().into_os_string();
        checkpoint.push(".resume");
        Ok(Self { checkpoint: checkpoint.into(), scene })
    }

    /// What a fit from the beginning will replace, in words.
    pub fn replaced(&self) -> Vec<String> {
        let mut said = Vec::new();
        if self.scene.exists() {
            said.push(format!("{}: is replaced when this fit is done", self.scene.display()));
        }
        if self.checkpoint.exists() {
            let name = self.checkpoint.display();
            said.push(format!("{name}: is of an unfinished fit, and soon replaced; --resume goes on from it instead"));
        }
        said
    }

    /// Removes the checkpoint: the scene is written.
    ///
    /// # Errors
    /// It is there and cannot be removed.
    pub fn remove_checkpoint(&self) -> Result<()> {
        match fs::remove_file(&self.checkpoint) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(error).with_context(|| format!("{}: cannot be removed", self.checkpoint.display()))
            }
            _ => Ok(()),
        }
    }
}
