//! `loop3d doctor`: checks a capture before it is fitted.

mod drawing;
mod problems;
mod report;
mod words;

use crate::failure::failed;
use crate::loading::Loading;
use crate::output::{check_png, print, write_png};
use crate::progress::Progress;
use anyhow::Result;
use loop3d_capture::{CaptureError, Clip, ClipHealth, PosedCapture, PosedView};
use loop3d_optimizer::config::FitConfig;
use loop3d_optimizer::passers::Passers;
use loop3d_scene::{Blame, Fault};
use report::{PassageReport, Problem, Report};
use std::path::PathBuf;

/// Check a capture before fitting: what it contains, what is wrong with it, and how to fix that.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  loop3d doctor fountain\n  loop3d doctor fountain --json\n\n\
    The doctor reads all clips and checks camera shake, exposure and how much of the image can loop. The exit code is 65 \
    if a problem prevents a fit, 75 if only the free memory does.")]
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
        self.picture.as_deref().map_or(Ok(()), |file| check_png("--picture", file))?;
        let options = self.loading.options(None, self.max_height);
        let report = match loop3d_capture::load_poses(&self.views, &options) {
            Ok(posed) => {
                let (healths, passages): (Vec<_>, Vec<_>) = self.examine(&posed)?.into_iter().unzip();
                if let Some(file) = &self.picture {
                    let drawn = drawing::draw(&drawing::cameras(&posed));
                    write_png(file, drawn.as_raw(), drawn.width(), drawn.height())?;
                }
                let mut report = Report::new(&posed, &healths, &self.config);
                report.views.iter_mut().zip(passages).for_each(|(view, found)| view.passages = found);
                report.problems = problems::of(&report, &posed, &healths);
                report
            }
            Err(fault) if fault.fault() == Fault::Input => {
                Report::of_unreadable(&self.views, fault.faults().iter().map(problems::of_fault).collect())
            }
            Err(fault) => return Err(fault.into()),
        };
        print(&if self.json { serde_json::to_string_pretty(&report)? } else { words::of(&report) })?;
        verdict(&report.problems)
    }

    /// What each clip is like and what passes once in it, or why it cannot be read. A missing ffmpeg or a failing disk is not a
    /// problem of the capture: it ends the examination.
    fn examine(&self, posed: &PosedCapture) -> Result<Vec<Examined>, CaptureError> {
        let mut progress = Progress::start("checking", posed.views.len() as u64, "clips", self.quiet);
        let look = |view: &PosedView| {
            let examined = view.examine();
            progress.advance(1);
            match examined {
                Ok((health, clip)) => Ok((Ok(health), self.passages(&clip, posed.fps))),
                Err(fault) if fault.fault() == Fault::Machine => Err(fault),
                Err(fault) => Ok((Err(fault), Vec::new())),
            }
        };
        posed.views.iter().map(look).collect()
    }

    /// What passes once in a clip, unless it is to be kept.
    fn passages(&self, clip: &Clip, fps: f64) -> Vec<PassageReport> {
        let found = (!self.loading.keeps_passers()).then(|| Passers::find(clip)).flatten();
        let passages = found.iter().flat_map(Passers::passages);
        passages.map(|passage| PassageReport::new(passage, fps)).collect()
    }
}

/// What a clip is like, and what passes once in it.
type Examined = (Result<ClipHealth, CaptureError>, Vec<PassageReport>);

/// An error where problems prevent a fit: the input's, unless all of them may pass by themselves.
fn verdict(problems: &[Problem]) -> Result<()> {
    let stopping: Vec<&Problem> = problems.iter().filter(|problem| problem.stops).collect();
    let passing = stopping.iter().all(|problem| problem.fault == Fault::Moment);
    let fault = if passing { Fault::Moment } else { Fault::Input };
    match stopping.len() {
        0 => Ok(()),
        1 => Err(failed(fault, "1 problem prevents a fit")),
        count => Err(failed(fault, format!("{count} problems prevent a fit"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::fault;

    #[test]
    fn memory_alone_is_no_fault_of_the_input() {
        let problem = |stops, fault| Problem { stops, fault, what: String::new(), remedy: String::new() };
        let (memory, clip, dark) =
            (|| problem(true, Fault::Moment), || problem(true, Fault::Input), || problem(false, Fault::Input));
        assert!(verdict(&[]).is_ok() && verdict(&[dark()]).is_ok());
        assert_eq!(fault(&verdict(&[memory(), dark()]).unwrap_err()), Fault::Moment);
        assert_eq!(fault(&verdict(&[memory(), clip()]).unwrap_err()), Fault::Input);
        assert_eq!(fault(&verdict(&[clip()]).unwrap_err()), Fault::Input);
    }
}
