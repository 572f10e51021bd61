//! Clips from the small model: nothing to download, a closed vocabulary, 64 pixels wide.

use super::record::{Made, Record, SmallRecord};
use super::target::Target;
use super::{clips, prompt};
use crate::failure::{Stopped, mistake};
use crate::progress::Progress;
use crate::stop::Stop;
use anyhow::Result;
use loop3d_generator::motion::{Background, Move, overlapping};
use loop3d_generator::options::ModelOptions;
use loop3d_generator::rig::RigConfig;
use loop3d_generator::tiny::{SIDE, Steps, TinyError, TinyModel, TinyRequest};
use loop3d_media::Ffmpeg;
use loop3d_sample::scenes::Caption;
use loop3d_scene::job::Event;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// Frames of a clip without `--frames`: those of the training.
const FRAMES: u32 = 16;

/// What clips are made of and with.
pub struct Small<'a> {
    /// The words.
    pub prompt: &'a str,
    /// Folder of the weights; those of the program if there is none.
    pub weights: Option<&'a Path>,
    /// The cameras.
    pub rig: &'a RigConfig,
    /// Length and speed of the clips.
    pub options: &'a ModelOptions,
    /// Seed of the noise.
    pub seed: u64,
    /// Print errors only.
    pub quiet: bool,
}

impl Small<'_> {
    /// Makes the clips and writes them into `dir`, which appears when all are there. The result is the capture's folder in it.
    ///
    /// # Errors
    /// Words that the model does not know, a rig that cannot be built, damaged weights, ffmpeg missing or failing, Ctrl-C.
    pub fn run(&self, dir: &Path) -> Result<PathBuf> {
        prompt::check(self.prompt)?;
        let caption: Caption = self.prompt.parse().map_err(TinyError::from)?;
        let rig = self.rig.build()?;
        let model = match self.weights {
            Some(folder) => TinyModel::open(folder)?,
            None => TinyModel::shipped()?,
        };
        if !self.quiet {
            eprintln!("the small model: {SIDE}×{SIDE} pixels, about 80 words; a toy that shows the way");
            let reached = farthest_deg(&rig);
            if reached > model.seen_deg {
                let seen = model.seen_deg;
                eprintln!(
                    "note: cameras are up to {reached:.0}° from the first one, and the model was trained up to {seen:.0}°"
                );
            }
        }
        let size = (SIDE, SIDE);
        let moves = self.moves()?;
        let request = TinyRequest {
            caption: caption.clone(),
            cameras: rig.pinholes(size),
            frames: self.options.frames(FRAMES, 2, 0) as usize,
            steps: Steps { seed: self.seed, ..Steps::default() },
            moves,
            background: self.background()?,
        };
        // What is needed afterwards comes first.
        Ffmpeg::default().check()?;
        let target = Target::new(dir)?;
        if let Some(threads) = self.options.threads {
            loop3d_generator::generate::threads(threads);
        }
        let stop = Stop::on_ctrl_c()?;
        let mut progress = Progress::start_share("generating", self.quiet);
        let made = model.make(&request, &mut |event: Event<'_>| {
            if let Event::Step { stage, done, .. } = event {
                progress.share(done, stage);
            }
            if stop.asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        let made = made.map_err(|error| match error {
            TinyError::Stopped { .. } => Stopped(format!("{} was not written", dir.display())).into(),
            error => anyhow::Error::from(error),
        })?;
        let written = rig.write(&target.path(""), size)?;
        clips::write_bounds(&written, &rig, size)?;
        let fps = self.options.fps;
        let views = (0..).zip(&made).map(|(view, clip)| clips::write(&target, &written, view, clip, fps));
        let record = Record {
            format: 1,
            version: env!("CARGO_PKG_VERSION"),
            prompt: self.prompt,
            made: Made::Small(SmallRecord {
                digest: &model.digest,
                caption: caption.to_string(),
                size: [SIDE, SIDE],
                frames: request.frames as u32,
                steps: request.steps,
                moves: &self.options.moves,
                background: self.options.background,
                rig: self.rig,
                cameras: rig.report(SIDE)?,
            }),
            fps: f64::from(fps),
            views: views.collect::<Result<_>>()?,
        };
        target.write("generate.json", serde_json::to_string_pretty(&record)?.as_bytes())?;
        let capture = dir.join(written.capture.strip_prefix(target.path("")).unwrap_or(Path::new("")));
        target.finish()?;
        let (count, frames) = (made.len(), request.frames);
        let about = format!("{count} clips of {SIDE}×{SIDE}, {frames} frames at {fps} fps, seen as \"{caption}\"");
        progress.finish(&crate::wrote::capture(&capture, &about));
        Ok(capture)
    }
}

impl Small<'_> {
    /// What moves, read for its size.
    fn moves(&self) -> Result<Vec<Move>> {
        let (mut moves, mut names) = (Vec::new(), Vec::new());
        for asked in &self.options.moves {
            let found = asked.open([SIDE; 2])?;
            names.extend(found.iter().map(|_| asked.to_string()));
            moves.extend(found);
        }
        if !self.quiet {
            for [a, b] in overlapping(&moves) {
                let (a, b) = (format!("{} ({})", a + 1, names[a]), format!("{} ({})", b + 1, names[b]));
                eprintln!("note: masks {a} and {b} overlap; where they do, the second one is in front");
            }
        }
        Ok(moves)
    }

    /// How much everything else may move: as asked for, or as a drawing says.
    fn background(&self) -> Result<Background> {
        let mut tau = self.options.background;
        for asked in &self.options.moves {
            tau = tau.or(asked.background()?);
        }
        Ok(tau.and_then(Background::new).unwrap_or(Background::FREE))
    }
}

/// Whether a folder holds weights of the small model.
pub fn is_small(folder: &Path) -> bool {
    ["vae", "lift", "dit"].iter().all(|part| folder.join(format!("{part}.safetensors")).is_file())
}

/// The largest angle between the first camera and another one, seen from where they look, in degrees.
fn farthest_deg(rig: &loop3d_generator::rig::Rig) -> f64 {
    let ways: Vec<_> = rig.cameras.iter().map(|camera| camera.world_from_camera.translation - rig.center).collect();
    ways.iter().skip(1).map(|way| way.angle_between(ways[0]).to_degrees()).fold(0.0, f64::max)
}

/// Refuses another size than that of the small model.
///
/// # Errors
/// Another size was asked for.
pub fn check_size(size: Option<[u32; 2]>) -> Result<()> {
    match size {
        Some([width, height]) if [width, height] != [SIDE, SIDE] => Err(mistake(format!(
            "--size: found {width}x{height}; the small model makes {SIDE}x{SIDE}. Pass --model DIR with the published weights"
        ))),
        _ => Ok(()),
    }
}
