//! `loop3d fit --views CLIP --depth FILE`: a scene from one camera.

use super::FitArgs;
use super::target::Target;
use crate::failure::{Stopped, mistake};
use crate::output::folder_of;
use crate::progress::Progress;
use crate::stop::Stop;
use anyhow::Result;
use clap::ValueEnum;
use loop3d_closing::{Closed, Look, Options, close};
use loop3d_media::Source;
use loop3d_optimizer::config::{FitConfig, PlaneCount};
use loop3d_optimizer::memory;
use loop3d_relief::layers::Layers;
use loop3d_relief::{Disparity, Meaning, Relief, ReliefError, build};
use loop3d_scene::job::Event;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Heading of these flags in the help.
const HEADING: &str = "One clip";
/// Longest loop that is chosen without --frames, in seconds, as for a capture.
const LONGEST: f64 = 2.0;
/// Field of view without --fov, in degrees: that of many cameras between wide and narrow.
const FOV: f64 = 60.0;

/// Flags of a scene from one camera.
#[derive(clap::Args, Clone, Debug)]
pub struct OneClip {
    /// Depth of the clip's picture, of any size in its shape: a PNG of 8 or 16 bits, or an npy. --views is then one clip. docs/ONE-CLIP.md
    /// says where to get one.
    #[arg(long, value_name = "FILE", help_heading = HEADING)]
    depth: Option<PathBuf>,
    /// What the values are: disparity (near is bright, as models of single pictures give it) or depth (near is dark) [default:
    /// disparity for images, depth for npy].
    #[arg(long, value_enum, value_name = "KIND", requires = "depth", help_heading = HEADING)]
    depth_is: Option<DepthIs>,
    /// Field of view across the longer side, in degrees [default: 60].
    #[arg(long, value_name = "DEGREES", requires = "depth", help_heading = HEADING)]
    fov: Option<f64>,
}

/// What the values of a depth file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum DepthIs {
    /// Near is bright.
    Disparity,
    /// Near is dark.
    Depth,
}

impl OneClip {
    /// The file of depth.
    ///
    /// # Errors
    /// A field of view that cannot be.
    pub fn depth(&self) -> Result<Option<&Path>> {
        match self.fov.filter(|fov| !(10.0..=150.0).contains(fov)) {
            Some(found) => Err(ReliefError::FieldOfView { found }.into()),
            None => Ok(self.depth.as_deref()),
        }
    }

    /// Focal length for frames of a size, in pixels.
    fn focal_px(&self, (width, height): (u32, u32)) -> f64 {
        f64::from(width.max(height)) / 2.0 / (self.fov.unwrap_or(FOV).to_radians() / 2.0).tan()
    }
}

/// What is said of a clip without depth.
pub fn without_depth(clip: &Path) -> anyhow::Error {
    mistake(format!(
        "--views: {} is one clip, and a fit of several views needs their folder; for a scene from one clip pass the depth of its picture as well, with --depth FILE",
        clip.display()
    ))
}

impl FitArgs {
    /// Makes and writes the scene of one clip.
    ///
    /// # Errors
    /// Flags that need several views, a bad clip or depth, too little memory, a target that cannot be written, or the user stopped it.
    pub(super) fn fit_one_clip(&self, depth: &Path, target: &Target, stop: &Stop) -> Result<()> {
        self.refuse_what_needs_views()?;
        let started = Instant::now();
        let source = Source::at(&self.views)?;
        let (start, end) = self.loading.stretch();
        let fps = source.look(&loop3d_media::Ffmpeg::default())?.1.map_or(loop3d_media::IMAGES_FPS, |probe| probe.fps);
        let options = Options {
            start,
            end,
            seconds: self.config.frames.map(|frames| frames as f64 / fps),
            longest: Some(LONGEST),
            look: Look { tripod: false, max_height: self.shrinking.max_height },
            ..Options::default()
        };
        let mut progress = Progress::start_share("fitting", self.quiet);
        let mut observer = |event: Event<'_>| {
            if let Event::Step { stage, done, .. } = event {
                progress.share(0.8 * done, stage);
            }
            if stop.asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let closed = close(&source, &options, &folder_of(&target.scene)?, &mut observer);
        let stopped = || Stopped(format!("{} was not changed", target.scene.display()));
        // Before any error: a terminal sends Ctrl-C to ffmpeg as well.
        if stop.asked() {
            return Err(stopped().into());
        }
        let mut closed = closed?;
        let (width, height) = closed.size;
        let meaning = self.one_clip.depth_is.map(|kind| match kind {
            DepthIs::Disparity => Meaning::Disparity,
            DepthIs::Depth => Meaning::Depth,
        });
        let disparity =
            Disparity::read(depth, meaning, closed.of())?.cut(closed.corner(), (width as usize, height as usize));
        if !self.quiet {
            closed.report.notes.iter().for_each(|note| progress.note(&format!("note: {note}")));
            if self.one_clip.depth_is.is_none() {
                let kind = match disparity.meaning {
                    Meaning::Disparity => "disparity: bright is near; if bright is far, pass --depth-is depth",
                    Meaning::Depth => "depth: small is near; if large is near, pass --depth-is disparity",
                };
                progress.note(&format!("note: {}: taken for {kind}", depth.display()));
            }
        }
        progress.share(0.85, "building layers");
        let focal_px = self.one_clip.focal_px(closed.size);
        let planes = match self.config.planes {
            PlaneCount::Auto => None,
            PlaneCount::Count(count) => Some(count),
        };
        let moving = moving(&mut closed)?;
        let layers = Layers::new(&disparity.swept(&moving), focal_px, planes);
        let relief = Relief {
            name: source.name(),
            size: closed.size,
            focal_px,
            layers: &layers,
            frames: closed.report.frames,
            fps: closed.fps,
            moving: &moving,
            free: memory::available(),
            settings: serde_json::json!({ "one_clip": closed.report }),
        };
        let scene = build(&relief, |frame| closed.frame(frame).map_err(anyhow::Error::from))?;
        if stop.asked() {
            return Err(stopped().into());
        }
        loop3d_scene::save(&scene, &target.scene)?;
        let (statics, loopings) = scene.tiles.counts();
        let seconds = started.elapsed().as_secs_f64();
        let about = format!(
            "{statics} static and {loopings} looping tiles on {} planes, {} frames at {} fps; {seconds:.0} s",
            scene.planes.count, scene.frames, scene.fps,
        );
        progress.finish(&crate::wrote::file(&target.scene, &about));
        Ok(())
    }

    fn refuse_what_needs_views(&self) -> Result<()> {
        let mut given = self.loading.of_cameras();
        let known = FitConfig { frames: self.config.frames, planes: self.config.planes, ..FitConfig::default() };
        let others = [
            ("--hold-out", !self.hold_out.is_empty()),
            ("--factor", self.shrinking.factor.is_some()),
            ("--resume", self.resume),
            ("--preview", self.preview.is_some()),
            ("--losses", self.losses),
            ("a setting of a fit", self.config != known),
        ];
        given.extend(others.into_iter().filter(|(_, given)| *given).map(|(name, _)| name));
        if given.is_empty() {
            return Ok(());
        }
        Err(mistake(format!(
            "--depth: a scene from one clip takes --frames, --planes, --max-height, --start, --end, --depth-is and --fov; found {}",
            given.join(", ")
        )))
    }
}

/// Which pixels change over the loop.
fn moving(closed: &mut Closed) -> Result<Vec<bool>> {
    let first = closed.frame(0)?;
    let mut moving = vec![false; first.len() / 3];
    for index in 1..closed.report.frames {
        let frame = closed.frame(index)?;
        let pixels = frame.as_chunks::<3>().0.iter().zip(first.as_chunks::<3>().0);
        moving.iter_mut().zip(pixels).for_each(|(moving, (a, b))| *moving |= a != b);
    }
    Ok(moving)
}
