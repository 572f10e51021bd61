//! The package of a scene file that is served: made in a temporary folder, which goes with the server.

use super::site::Scenes;
use crate::export::or_stopped;
use crate::progress::Progress;
use crate::stop::Stop;
use anyhow::{Context, Result};
use loop3d_package::export;
use loop3d_scene::Scene;
use loop3d_scene::job::Event;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::{env, fs, io, process};

/// A package in a folder of its own, both removed when this is dropped.
pub struct Made {
    folder: PathBuf,
    /// The name in addresses: that of the scene's file.
    name: String,
}

impl Made {
    /// Makes the package of a scene that was read from `source`, with the settings of `export` without options.
    ///
    /// # Errors
    /// ffmpeg is missing or fails, the temporary folder cannot be written, or the user stops it.
    pub fn new(scene: &Scene, source: &Path, stop: &Stop, quiet: bool) -> Result<Self> {
        let folder = new_folder()?;
        let name = format!("{}.glb", source.file_stem().unwrap_or_default().to_string_lossy());
        // From here on, an error removes the folder.
        let made = Self { folder, name };
        let mut progress = Progress::start_share("making a package for browsers", quiet);
        let mut observer = |event: Event<'_>| {
            if let Event::Step { stage, done, .. } = event {
                progress.share(done, stage);
            }
            if stop.asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let settings = crate::export::usual_settings();
        let report = export(scene, &made.path(), &settings, &mut observer);
        let report = report.map_err(|error| or_stopped(error, &made.path()))?;
        progress.finish(&format!(
            "made a package of {} for browsers; it is removed at the end (`loop3d export {} -o {}` makes one to keep)",
            crate::output::size(report.bytes),
            source.display(),
            source.with_extension("glb").display(),
        ));
        Ok(made)
    }

    fn path(&self) -> PathBuf {
        self.folder.join("scene.glb")
    }

    /// This package as what is served.
    pub fn scenes(&self) -> Scenes {
        Scenes::File { path: self.path(), name: self.name.clone() }
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            eprintln!("{}: cannot be removed: {error}", self.folder.display());
        }
    }
}

/// A folder that nobody had before: a name that exists is never taken over.
fn new_folder() -> Result<PathBuf> {
    let all = env::temp_dir();
    for number in 0..100 {
        let folder = all.join(format!("loop3d-serve-{}-{number}", process::id()));
        match fs::create_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            other => {
                return other.map(|()| folder.clone()).with_context(|| format!("{}: cannot be made", folder.display()));
            }
        }
    }
    anyhow::bail!("{}: no free name for a temporary folder; remove old loop3d-serve-* there", all.display())
}
