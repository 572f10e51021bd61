//! `loop3d fit --views CLIP --depth FILE`: a scene from one camera.

use super::FitArgs;
use super::plate::Plate;
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
use loop3d_relief::model::{HALF, IMAGENET, UNIT, Wishes, depth_by};
use loop3d_relief::{
    Disparity, Frame, Layers, Meaning, Picture, Relief, ReliefError, build, picture::plated, sweep::sweeps,
};
use loop3d_scene::job::Event;
use std::ops::{ControlFlow, Range};
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
    #[arg(long, value_name = "FILE", group = "of_depth", help_heading = HEADING)]
    depth: Option<PathBuf>,
    /// Instead of --depth: an ONNX model of single pictures (Depth Anything V2, DPT, MiDaS, Depth Pro and others with a picture in and one map
    /// out), run by your ONNX Runtime on the clip's median picture. docs/ONE-CLIP.md says where to get both.
    #[arg(long, value_name = "FILE.onnx", group = "of_depth", help_heading = HEADING)]
    depth_model: Option<PathBuf>,
    /// How the model wants its colors [default: known by the model's name, or imagenet].
    #[arg(long, value_enum, value_name = "KIND", requires = "depth_model", help_heading = HEADING)]
    depth_colors: Option<DepthColors>,
    /// Length of the shorter side of the picture that the model gets, in pixels [default: what the model says, or known by its name, or 518].
    #[arg(long, value_name = "PIXELS", requires = "depth_model", value_parser = clap::value_parser!(u32).range(14..=4096), help_heading = HEADING)]
    depth_side: Option<u32>,
    /// What the values are: disparity (near is bright, as models of single pictures give it) or depth (near is dark) [default:
    /// disparity for images, depth for npy].
    #[arg(long, value_enum, value_name = "KIND", requires = "of_depth", help_heading = HEADING)]
    depth_is: Option<DepthIs>,
    /// Field of view across the longer side, in degrees [default: 60].
    #[arg(long, value_name = "DEGREES", requires = "of_depth", help_heading = HEADING)]
    fov: Option<f64>,
    /// What is behind nearer things: an image or a clip of the same place without them, from the same camera (a clean plate). It counts where it differs from
    /// the clip [default: what is seen beside things goes on behind them].
    #[arg(long, value_name = "FILE", requires = "of_depth", help_heading = HEADING)]
    fill: Option<PathBuf>,
}

/// How a model wants its colors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum DepthColors {
    /// As in ImageNet: of mean 0 and deviation 1.
    Imagenet,
    /// From -1 to 1.
    Half,
    /// From 0 to 1.
    Unit,
}

/// Where depth comes from.
#[derive(Clone, Copy, Debug)]
pub enum DepthFrom<'a> {
    /// A file of it.
    File(&'a Path),
    /// A model of single pictures.
    Model(&'a Path),
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
    /// Where depth comes from, if it was said.
    ///
    /// # Errors
    /// A field of view that cannot be.
    pub fn depth(&self) -> Result<Option<DepthFrom<'_>>> {
        match self.fov.filter(|fov| !(10.0..=150.0).contains(fov)) {
            Some(found) => Err(ReliefError::FieldOfView { found }.into()),
            None => Ok(match (&self.depth, &self.depth_model) {
                (Some(file), _) => Some(DepthFrom::File(file)),
                (None, Some(model)) => Some(DepthFrom::Model(model)),
                (None, None) => None,
            }),
        }
    }

    /// The disparity of a loop's frames, which `picture` shows at a few moments.
    fn disparity(&self, from: DepthFrom<'_>, closed: &Closed, picture: &Picture) -> Result<Disparity> {
        let meaning = self.depth_is.map(|kind| match kind {
            DepthIs::Disparity => Meaning::Disparity,
            DepthIs::Depth => Meaning::Depth,
        });
        let size = (closed.size.0 as usize, closed.size.1 as usize);
        Ok(match from {
            DepthFrom::File(file) => Disparity::read(file, meaning, closed.of())?.cut(closed.corner(), size),
            DepthFrom::Model(file) => {
                let colors = self.depth_colors.map(|kind| match kind {
                    DepthColors::Imagenet => IMAGENET,
                    DepthColors::Half => HALF,
                    DepthColors::Unit => UNIT,
                });
                let wishes = Wishes { meaning, colors, side: self.depth_side.map(|side| side as usize) };
                depth_by(file, wishes, &picture.median(), size)?
            }
        })
    }

    /// Focal length for frames of a size, in pixels.
    fn focal_px(&self, (width, height): (u32, u32)) -> f64 {
        f64::from(width.max(height)) / 2.0 / (self.fov.unwrap_or(FOV).to_radians() / 2.0).tan()
    }
}

/// What is said of a clip without depth.
pub fn without_depth(clip: &Path) -> anyhow::Error {
    mistake(format!(
        "--views: {} is one clip, and a fit of several views needs their folder; for a scene from one clip pass the depth of its picture as well, with --depth FILE or --depth-model FILE.onnx",
        clip.display()
    ))
}

impl FitArgs {
    /// Makes and writes the scene of one clip.
    ///
    /// # Errors
    /// Flags that need several views, a bad clip or depth, too little memory, a target that cannot be written, or the user stopped it.
    pub(super) fn fit_one_clip(&self, depth: DepthFrom<'_>, target: &Target, stop: &Stop) -> Result<()> {
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
        let folder = folder_of(&target.scene)?;
        let closed = close(&source, &options, &folder, &mut watching(&mut progress, stop, 0.0..0.6));
        let stopped = || Stopped(format!("{} was not changed", target.scene.display()));
        // Before any error: a terminal sends Ctrl-C to ffmpeg as well.
        if stop.asked() {
            return Err(stopped().into());
        }
        let mut closed = closed?;
        let (width, _) = closed.size;
        progress.share(0.6, "depth");
        let mut picture = picture(&mut closed)?;
        let disparity = self.one_clip.disparity(depth, &closed, &picture)?;
        if !self.quiet {
            closed.report.notes.iter().for_each(|note| progress.note(&format!("note: {note}")));
            if self.one_clip.depth_is.is_none() {
                let kind = match disparity.meaning {
                    Meaning::Disparity => "disparity: bright is near; if bright is far, pass --depth-is depth",
                    Meaning::Depth => "depth: small is near; if large is near, pass --depth-is disparity",
                };
                let (DepthFrom::File(file) | DepthFrom::Model(file)) = depth;
                progress.note(&format!("note: {}: taken for {kind}", file.display()));
            }
        }
        let of_depth = serde_json::json!({ "far": disparity.far, "nearest": disparity.nearest });
        progress.share(0.6, "building layers");
        let focal_px = self.one_clip.focal_px(closed.size);
        let planes = match self.config.planes {
            PlaneCount::Auto => None,
            PlaneCount::Count(count) => Some(count),
        };
        let moving = moving(&mut closed)?;
        let layers = Layers::new(&disparity, focal_px, planes)
            .with_sweeps(&sweeps(&disparity.values, &moving, disparity.width), &mut picture)
            .with_soft_edges(&picture);
        let mut plate = None;
        if let Some(file) = &self.one_clip.fill {
            let [of, corner] = [closed.of(), closed.corner()].map(|(x, y)| (x as u32, y as u32));
            let places = (of, corner, closed.size);
            let seconds = closed.report.frames as f64 / closed.fps;
            let read = Plate::read(file, places, seconds, &folder, &mut watching(&mut progress, stop, 0.6..0.8));
            if stop.asked() {
                return Err(stopped().into());
            }
            plate = Some(read?);
        }
        let shown = plate.as_mut().map(|plate| plate.moments(closed.report.frames, width as usize)).transpose()?;
        let covers = layers.covers(&picture, shown.map(|shown| plated(&picture, &shown)).as_deref());
        let relief = Relief {
            name: source.name(),
            size: closed.size,
            focal_px,
            layers: &layers,
            covers: &covers,
            frames: closed.report.frames,
            fps: closed.fps,
            moving: &moving,
            plate_moves: plate.as_ref().is_some_and(Plate::moves),
            free: memory::available(),
            settings: serde_json::json!({ "one_clip": closed.report, "one_clip_depth": of_depth }),
        };
        let frames = closed.report.frames;
        let shown = |index| {
            let plate = plate.as_mut().map(|plate| plate.frame(index, frames)).transpose()?;
            Ok::<_, anyhow::Error>(Frame { rgb: closed.frame(index)?, plate })
        };
        let scene = build(&relief, shown)?;
        if stop.asked() {
            return Err(stopped().into());
        }
        loop3d_scene::save(&scene, &target.scene)?;
        let (statics, loopings) = scene.tiles.counts();
        let seconds = started.elapsed().as_secs_f64();
        let about = format!(
            "{statics} static and {loopings} looping tiles on {} planes, {} frames at {} fps; one can look \
             around from {:.0} % of the nearest distance to each side; {seconds:.0} s",
            scene.planes.count,
            scene.frames,
            scene.fps,
            100.0 * layers.reach,
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
            "--depth: a scene from one clip takes --frames, --planes, --max-height, --start, --end, --depth-is, --fov and --fill; found {}",
            given.join(", ")
        )))
    }
}

/// Shows a part of the work as this much of all, until it is stopped.
fn watching<'a>(
    progress: &'a mut Progress,
    stop: &'a Stop,
    part: Range<f64>,
) -> impl FnMut(Event<'_>) -> ControlFlow<()> + 'a {
    move |event| {
        if let Event::Step { stage, done, .. } = event {
            progress.share(part.start + (part.end - part.start) * done, stage);
        }
        if stop.asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// A loop at a few moments.
fn picture(closed: &mut Closed) -> Result<Picture> {
    let (width, frames) = (closed.size.0 as usize, closed.report.frames);
    let moments: Result<Vec<_>, _> = Picture::moments(frames).into_iter().map(|frame| closed.frame(frame)).collect();
    Ok(Picture::of(moments?, width, frames))
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
