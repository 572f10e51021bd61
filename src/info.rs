//! `loop3d info`: what a scene file contains.

use crate::output::print;
use anyhow::Result;
use loop3d_scene::SceneInfo;
use std::path::PathBuf;

/// Check every byte of a scene file and show what it contains.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example: loop3d info fountain.loop3d")]
pub struct InfoArgs {
    /// The scene (*.loop3d, *.glb).
    file: PathBuf,
    /// Print JSON for programs.
    #[arg(long)]
    json: bool,
}

impl InfoArgs {
    /// Prints to standard output.
    ///
    /// # Errors
    /// The file cannot be read or is not a complete scene.
    pub fn run(&self) -> Result<()> {
        let scene = loop3d_package::open(&self.file)?;
        let file_bytes = std::fs::metadata(&self.file).map(|about| about.len()).ok();
        let info = SceneInfo { file_bytes, ..SceneInfo::of(&scene) };
        let text = if self.json { serde_json::to_string_pretty(&info)? } else { info.to_string() };
        print(&text)
    }
}
