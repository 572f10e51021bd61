//! `loop3d doctor`: checks a capture before it is fitted.

mod drawing;
mod problems;
mod report;
mod words;

use crate::failure::bad_input;
use crate::loading::Loading;
use crate::output::print;
use crate::progress::Progress;
use anyhow::{Context, Result};
use loop3d_capture::{CaptureError, ClipHealth, PosedCapture, PosedView};
use loop3d_optimizer::config::FitConfig;
use loop3d_scene::{Blame, Fault};
use report::Report;
use std::path::PathBuf;

/// Check a capture before fitting: what it contains, what is wrong with it, and how to fix that.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  loop3d doctor fountain\n  loop3d doctor fountain --json\n\n\
    The doctor reads all clips and checks camera shake, exposure and how much of the image can loop. The exit code is 65 \
    if a problem prevents a fit.")]
pub struct DoctorArgs {
    /// Folder of the capture.
    views: PathBuf,
    /// Shrink the frames to at most this height, as `loop3d fit` would.
    #[arg(long, value_name = "PIXELS", value_parser = clap::value_parser!(u32).range(1..))]
    max_height: Option<u32>,
    #[command(flatten)]
    loading: Loading,
    #[command(flatten)]
    config: FitConfig,
    /// PNG file for a drawing of the cameras.
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
    /// Print JSON for programs.
    #[arg(long)]
    json: bool,
    /// Print no progress.
    #[arg(long)]
    quiet: bool,
}

impl DoctorArgs {
    /// Prints the report.
    ///
    /// # Errors
    /// The capture cannot be fitted as it is, or the drawing cannot be written.
    pub fn run(&self) -> Result<()> {
        self.config.validate()?;
        let options = self.loading.options(None, self.max_height);
        let report = match loop3d_capture::load_poses(&self.views, &options) {
            Ok(posed) => {
                let healths = self.examine(&posed)?;
                if let Some(file) = &self.picture {
                    let drawn = drawing::draw(&drawing::cameras(&posed));
                    drawn.save(file).with_context(|| file.display().to_string())?;
                }
                let mut report = Report::new(&posed, &healths, &self.config);
                report.problems = problems::of(&report, &posed, &healths);
                report
            }
            Err(fault) if fault.fault() == Fault::Input => {
                Report::of_unreadable(&self.views, fault.faults().iter().map(problems::of_fault).collect())
            }
            Err(fault) => return Err(fault.into()),
        };
        print(&if self.json { serde_json::to_string_pretty(&report)? } else { words::of(&report) })?;
        match report.problems.iter().filter(|problem| problem.stops).count() {
            0 => Ok(()),
            1 => Err(bad_input("1 problem prevents a fit")),
            count => Err(bad_input(format!("{count} problems prevent a fit"))),
        }
    }

    /// What each clip is like, or why it cannot be read. A missing ffmpeg or a failing disk is not a problem of the capture:
    /// it ends the examination.
    fn examine(&self, posed: &PosedCapture) -> Result<Vec<Result<ClipHealth, CaptureError>>, CaptureError> {
        let mut progress = Progress::start("checking", posed.views.len() as u64, "clips", self.quiet);
        let look = |view: &PosedView| {
            let health = view.examine();
            progress.advance(1);
            match health {
                Err(fault) if fault.fault() == Fault::Machine => Err(fault),
                health => Ok(health),
            }
        };
        posed.views.iter().map(look).collect()
    }
}
