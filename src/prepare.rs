//! `loop3d prepare`: raw clips become a capture.

use crate::progress::Progress;
use anyhow::Result;
use loop3d_capture::prepare::{Colmap, PrepareOptions, PreparedView, prepare};
use std::path::PathBuf;

/// Make a capture of raw clips: cut, steady, find where the cameras stood, straighten.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  loop3d prepare clips -o garden && loop3d doctor garden && loop3d fit --views garden\n  \
    loop3d prepare long.mp4 -o garden          one video, cut where it is black or frozen\n  \
    loop3d prepare clips -o garden --poses old  poses that are known already\n\n\
    COLMAP finds the cameras (Debian, Ubuntu: apt-get install colmap). Stopped or failed, the same command goes on where it was: what is \
    done lies in .prepare/ of the capture, which may be deleted at the end."
)]
pub struct PrepareArgs {
    /// A folder with a clip, a folder of frames or a still for each place; or one long video with black or frozen separators.
    raw: PathBuf,
    /// The capture to write: a new or empty folder, or one that an earlier run has begun.
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    /// A folder with poses for these clips, in any layout of docs/CAPTURES.md [default: COLMAP finds them].
    #[arg(long, value_name = "DIR")]
    poses: Option<PathBuf>,
    /// The program COLMAP.
    #[arg(long, value_name = "FILE", default_value = "colmap")]
    colmap: PathBuf,
    /// The clips come from several lenses, or the zoom was moved in between.
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
    /// Footage that cannot be read or steadied, COLMAP missing or failing, a folder that cannot be written.
    pub fn run(&self) -> Result<()> {
        let colmap = Colmap { program: self.colmap.clone(), one_lens: !self.lenses };
        let (raw, output, poses) = (self.raw.clone(), self.output.clone(), self.poses.clone());
        let mut shown: Option<(String, Progress)> = None;
        let done = prepare(&PrepareOptions { raw, output, poses, colmap }, &mut |step, share| {
            if shown.as_ref().is_none_or(|(before, _)| before != step) {
                // The older bar goes before a line is printed.
                shown = None;
                if !self.quiet {
                    eprintln!("{step}");
                }
                shown = Some((step.to_owned(), Progress::start_share(step, self.quiet)));
            }
            if let Some((_, progress)) = &mut shown {
                progress.share(share, "");
            }
        })?;
        drop(shown);
        if !self.quiet {
            done.views.iter().for_each(|view| eprintln!("{}", words(view)));
            if !done.left_out.is_empty() {
                let (count, names) = (done.left_out.len(), done.left_out.join(", "));
                eprintln!("note: {count} view(s) without a pose are left out: {names}");
            }
            let reused =
                if done.reused > 0 { format!(" ({} steps were done before)", done.reused) } else { String::new() };
            eprintln!("wrote {}: {} views{reused}", self.output.display(), done.views.len());
        }
        Ok(())
    }
}

fn words(view: &PreparedView) -> String {
    let unknown = if view.parallax_px.is_none() { "; too few features to say whether the camera travels" } else { "" };
    match view.motion_px {
        Some(px) if view.steadied => format!("{}: moved by {px:.2} px, steadied{unknown}", view.name),
        Some(px) => format!("{}: still ({px:.2} px){unknown}", view.name),
        None => format!("{}: too little stands still to tell whether the camera does; taken as it is", view.name),
    }
}
