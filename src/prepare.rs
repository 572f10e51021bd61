//! `loop3d prepare`: raw clips become a capture.

use crate::failure::Stopped;
use crate::progress::Progress;
use crate::stop::Stop;
use anyhow::Result;
use loop3d_capture::prepare::{Colmap, PrepareOptions, PreparedView, prepare};
use loop3d_scene::job::Event;
use std::ops::ControlFlow;
use std::path::PathBuf;

/// Turn raw clips into a capture: cut, steady, estimate camera poses, undistort.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  loop3d prepare clips -o garden && loop3d doctor garden && loop3d fit --views garden\n  \
    loop3d prepare long.mp4 -o garden          one video, cut where it is black or frozen\n  \
    loop3d prepare clips -o garden --poses old  with known poses\n\n\
    COLMAP estimates the poses (Debian, Ubuntu: apt-get install colmap). If it stops or fails, run the same command again: it continues where \
    it was. Finished steps are kept in the capture's folder .prepare/; you may delete that folder when all is done."
)]
pub struct PrepareArgs {
    /// Folder with one clip, folder of frames or still per viewpoint; or one long video with black or frozen separators.
    raw: PathBuf,
    /// Capture to write: a new or empty folder, or the output of an unfinished run.
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    /// Folder with poses of these clips, in any layout of docs/CAPTURES.md [default: COLMAP estimates them].
    #[arg(long, value_name = "DIR")]
    poses: Option<PathBuf>,
    /// The COLMAP program.
    #[arg(long, value_name = "FILE", default_value = "colmap")]
    colmap: PathBuf,
    /// Estimate a separate lens for each clip: use this if the clips come from different lenses or the zoom changed.
    #[arg(long)]
    lenses: bool,
    /// Print errors only.
    #[arg(long)]
    quiet: bool,
}

impl PrepareArgs {
    /// Writes the capture.
    ///
    /// # Errors
    /// Footage that cannot be read or steadied, COLMAP missing or failing, a folder that cannot be written, Ctrl-C.
    pub fn run(&self) -> Result<()> {
        let colmap = Colmap { program: self.colmap.clone(), one_lens: !self.lenses };
        let (raw, output, poses) = (self.raw.clone(), self.output.clone(), self.poses.clone());
        let mut shown: Option<(String, Progress)> = None;
        let stop = Stop::on_ctrl_c()?;
        let mut observer = |event: Event<'_>| {
            if let Event::Step { stage, done, .. } = event {
                if shown.as_ref().is_none_or(|(before, _)| before != stage) {
                    // The older bar goes before a line is printed.
                    shown = None;
                    if !self.quiet {
                        eprintln!("{stage}");
                    }
                    shown = Some((stage.to_owned(), Progress::start_share(stage, self.quiet)));
                }
                if let Some((_, progress)) = &mut shown {
                    progress.share(done, "");
                }
            }
            if stop.asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let prepared = prepare(&PrepareOptions { raw, output, poses, colmap }, &mut observer);
        drop(shown);
        // Before any error: a terminal sends Ctrl-C to COLMAP and ffmpeg as well.
        if stop.asked() && prepared.is_err() {
            let folder = self.output.display();
            return Err(Stopped(format!("{folder} keeps what is done, and the same command continues from it")).into());
        }
        let done = prepared?;
        if !self.quiet {
            done.views.iter().for_each(|view| eprintln!("{}", words(view)));
            if !done.left_out.is_empty() {
                let (count, names) = (done.left_out.len(), done.left_out.join(", "));
                eprintln!("note: leaving out {count} view(s) without a pose: {names}");
            }
            let reused = if done.reused > 0 { format!(" ({} steps reused)", done.reused) } else { String::new() };
            eprintln!("{}", crate::wrote::capture(&self.output, &format!("{} views{reused}", done.views.len())));
        }
        Ok(())
    }
}

fn words(view: &PreparedView) -> String {
    let unknown = if view.parallax_px.is_none() { "; too few features to tell whether the camera travels" } else { "" };
    match view.motion_px {
        Some(px) if view.steadied => format!("{}: moved by {px:.2} px, steadied{unknown}", view.name),
        Some(px) => format!("{}: steady ({px:.2} px){unknown}", view.name),
        None => format!("{}: too little of it is static to tell whether the camera moves; taken as is", view.name),
    }
}
