//! `loop3d eval`: compares a scene with the clips of held-out views.

pub mod figures;
mod measuring;
mod pictures;
mod report;
mod table;

use crate::output::print;
use anyhow::{Context, Result};
pub use measuring::Measuring;
pub use pictures::{GAIN, Picture, Pictures};
pub use report::{Report, ViewReport};
use std::path::PathBuf;
pub use table::{rows, title};

/// Compare a scene with the clips of views that it was not fitted to.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  loop3d eval fountain.loop3d --views fountain --truth fountain/truth/0004.mp4\n  \
    loop3d eval fern.loop3d --views fern --json\n  loop3d eval sample.loop3d --views sample --pictures look\n\n\
    All figures leave out a border, 40 pixels wide at a height of 360 and in proportion at other sizes. Static figures cover the \
    pixels that do not loop in the clip. `mean PSNR` compares temporal mean images. Two baselines are reported: a frozen scene (the \
    clip's mean image) and a hard cut (its first frames). For stills, PSNR over whole images is reported instead. \
    Clips are shrunk to the size that the scene was fitted at.")]
pub struct EvalArgs {
    /// The scene (*.loop3d, *.glb).
    scene: PathBuf,
    /// Folder of the capture that it was fitted to.
    #[arg(long, value_name = "DIR")]
    views: PathBuf,
    #[command(flatten)]
    measuring: Measuring,
    /// Write a picture of each view to this folder: clip, render, difference, and a row of pixels through time.
    #[arg(long, value_name = "DIR")]
    pictures: Option<PathBuf>,
    /// Print JSON for programs.
    #[arg(long)]
    json: bool,
    /// Print errors and figures only.
    #[arg(long)]
    quiet: bool,
}

impl EvalArgs {
    /// Prints the figures to standard output.
    ///
    /// # Errors
    /// A bad scene or capture, or views that do not exist.
    pub fn run(&self) -> Result<()> {
        let scene = loop3d_package::open(&self.scene)?;
        let planned = self.measuring.plan(&self.scene, &scene, &self.views, self.quiet)?;
        if let Some(folder) = &self.pictures {
            std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        }
        let report = planned.measure(self.quiet, |view, render, truth| match &self.pictures {
            Some(folder) => Pictures::of(render, truth).write(folder, &format!("view-{}", view.metrics.view)),
            None => Ok(()),
        })?;
        print(&if self.json { serde_json::to_string_pretty(&report)? } else { table::of(&report, &scene) })
    }
}
