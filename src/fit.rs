//! `loop3d fit`: fits a scene to a capture.

mod description;
mod one_clip;
mod plate;
mod preview;
mod target;
mod watcher;

use crate::failure::{Stopped, mistake};
use crate::loading::{Loading, tell_notes};
use crate::losses::Recorder;
use crate::progress::Progress;
use crate::stop::Stop;
use anyhow::{Context, Result};
use loop3d_capture::{Capture, PosedCapture};
use loop3d_optimizer::checkpoint::Checkpoint;
use loop3d_optimizer::config::FitConfig;
use loop3d_optimizer::device::{DeviceChoice, fit_on};
use loop3d_optimizer::error::FitError;
use loop3d_optimizer::fit::FitInput;
use loop3d_optimizer::memory;
use loop3d_optimizer::plan::{CaptureSizes, FitPlan};
use loop3d_scene::job::Event;
use preview::Preview;
use std::ops::ControlFlow;
use std::path::PathBuf;
use target::Target;
pub use target::checkpoint_of;
use watcher::Watcher;

/// Fit a scene to a capture.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  loop3d fit --views fountain --hold-out 4 -o fountain.loop3d\n  \
    loop3d fit --views fountain --max-height 180 --preset draft\n  \
    loop3d fit --views clip.mp4 --depth depth.png -o clip.loop3d     one clip, and the depth of its picture\n\n\
    After every level the fit saves a checkpoint, SCENE.resume, which is removed once the scene is written. After Ctrl-C, a kill or \
    a power cut, run the same command with --resume: the result is the same as that of an uninterrupted fit. \
    Ctrl-C ends the command with exit code 130, SIGTERM with 143; a second signal ends it at once.")]
pub struct FitArgs {
    /// Folder of the capture: camera poses from COLMAP, nerfstudio, LLFF, SynCamVideo or RealityCapture, and a clip for each. With --depth:
    /// one clip.
    #[arg(long, value_name = "DIR")]
    views: PathBuf,
    /// Scene file to write [default: NAME.loop3d in the current folder].
    #[arg(short, long, value_name = "SCENE")]
    output: Option<PathBuf>,
    /// Views to hold out for `loop3d eval`, by index from 0.
    #[arg(long, value_name = "N,…", value_delimiter = ',')]
    hold_out: Vec<usize>,
    #[command(flatten)]
    shrinking: Shrinking,
    #[command(flatten)]
    loading: Loading,
    #[command(flatten)]
    config: FitConfig,
    #[command(flatten)]
    one_clip: one_clip::OneClip,
    /// Compute device.
    #[arg(long, value_enum, default_value_t)]
    device: DeviceChoice,
    /// Number of threads [default: one per core]; the result does not depend on it.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Continue from SCENE.resume.
    #[arg(long)]
    resume: bool,
    /// Folder for a PNG after every level: what the reference camera sees.
    #[arg(long, value_name = "DIR")]
    preview: Option<PathBuf>,
    /// Record the losses in NAME.fit.json beside the scene; `loop3d report` draws them as curves.
    #[arg(long)]
    losses: bool,
    /// Print errors only.
    #[arg(long)]
    quiet: bool,
}

/// How much to shrink the frames while loading.
#[derive(clap::Args, Clone, Copy, Debug)]
struct Shrinking {
    /// Divide the size of the frames by this.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    factor: Option<u32>,
    /// Shrink the frames to at most this height.
    #[arg(long, value_name = "PIXELS", value_parser = clap::value_parser!(u32).range(1..))]
    max_height: Option<u32>,
}

impl FitArgs {
    /// The fit to the capture `views` that has no other options than these.
    ///
    /// # Errors
    /// None but those of the argument parser.
    #[cfg(feature = "torch")]
    pub fn of_capture(
        views: &std::path::Path,
        scene: &std::path::Path,
        preset: loop3d_optimizer::config::Preset,
        quiet: bool,
    ) -> Result<Self> {
        use clap::{Args, FromArgMatches};
        let words: [&std::ffi::OsStr; 5] =
            ["fit".as_ref(), "--views".as_ref(), views.as_ref(), "-o".as_ref(), scene.as_ref()];
        let matches = Self::augment_args(clap::Command::new("fit")).try_get_matches_from(words)?;
        let mut args = Self::from_arg_matches(&matches)?;
        (args.config.preset, args.quiet) = (preset, quiet);
        Ok(args)
    }

    /// Fits and writes the scene.
    ///
    /// # Errors
    /// Bad arguments, a bad capture, too little memory, an output that cannot be written, or the user stopped the fit.
    pub fn run(&self) -> Result<()> {
        let stop = Stop::on_ctrl_c()?;
        let target = Target::new(self.scene()?)?;
        let held_out = self.held_out();
        self.config.validate()?;
        self.start_threads()?;
        if let Some(depth) = self.one_clip.depth()? {
            return self.fit_one_clip(depth, &target, &stop);
        }
        if self.views.is_file() {
            return Err(one_clip::without_depth(&self.views));
        }
        let device = self.device.settle()?;
        if let Some(why) = device.note().filter(|_| !self.quiet) {
            eprintln!("{why}");
        }
        let options = self.loading.options(self.shrinking.factor, self.shrinking.max_height);
        let posed = loop3d_capture::load_poses(&self.views, &options)?;
        tell_notes(&posed, self.quiet);
        let plan = self.plan(&posed, &held_out)?;
        if self.resume && !target.checkpoint.exists() {
            let (checkpoint, said) =
                (target.checkpoint.display(), "no such checkpoint; run without --resume to start a fit");
            return Err(mistake(format!("{checkpoint}: {said}")));
        }
        if !self.resume && !self.quiet {
            target.replaced().iter().for_each(|note| eprintln!("{note}"));
        }

        let preview = self.preview.as_deref().map(Preview::new).transpose()?;
        let loaded = self.load(&posed, &stop);
        // Before any error: a terminal sends Ctrl-C to ffmpeg as well.
        if stop.asked() {
            let (scene, kept) = (target.scene.display(), if self.resume { "; its checkpoint is kept" } else { "" });
            return Err(Stopped(format!("the fit had not begun, and {scene} was not changed{kept}")).into());
        }
        let mut capture = loaded?;
        self.leave_out_passers(&mut capture, &held_out);
        let description = description::describe(&capture, &self.config, &plan.schedule, device.name(), &held_out);
        let start = if self.resume { Some(Checkpoint::load(&target.checkpoint, &description)?) } else { None };
        // A fit does not read held-out clips, and clips take most of the memory of a long capture.
        held_out.iter().for_each(|&view| capture.views[view].clip.truncate(1));
        let progress = Progress::start_share("fitting", self.quiet);
        let done = start.as_ref().map_or(0, |checkpoint| checkpoint.next);
        let losses = self.losses.then(|| Recorder::new(&target.scene, plan.training.len(), done));
        let watcher = Watcher::new(progress, &target.checkpoint, description, stop);
        let mut watcher = watcher.with_preview(preview).with_losses(losses);
        let input = FitInput { capture: &capture, config: &self.config, held_out: &held_out };
        let scene = match fit_on(&device, input, start, &mut watcher) {
            Err(FitError::Stopped) => return Err(Stopped(watcher.how_to_continue(self.resume)).into()),
            other => other?,
        };
        loop3d_scene::save(&scene, &target.scene).with_context(|| {
            format!(
                "the fit is complete and saved in {}; run the same command with --resume to write the scene",
                target.checkpoint.display()
            )
        })?;
        target.remove_checkpoint()?;
        if let Some(losses) = watcher.take_losses() {
            losses.finish(&scene)?;
        }
        let (statics, loopings) = scene.tiles.counts();
        let seconds = watcher.started.elapsed().as_secs_f64();
        let loops = format!("{} frames at {} fps", scene.frames, scene.fps);
        let about = format!("{statics} static and {loopings} looping tiles, {loops}; {seconds:.0} s");
        watcher.finish(&crate::wrote::file(&target.scene, &about));
        Ok(())
    }

    /// The output: `-o`, or the name of the capture's folder, in the current folder.
    fn scene(&self) -> Result<PathBuf> {
        if let Some(path) = &self.output {
            return Ok(path.clone());
        }
        // `--views .` has a name as well.
        let whole = self.views.canonicalize();
        let whole = whole.as_deref().unwrap_or(&self.views);
        let name = if whole.is_file() { whole.file_stem() } else { whole.file_name() };
        let name = name.ok_or_else(|| {
            mistake(format!("cannot derive an output name from {}; pass -o SCENE", self.views.display()))
        })?;
        let mut name = name.to_owned();
        name.push(".loop3d");
        Ok(PathBuf::from(name))
    }

    fn held_out(&self) -> Vec<usize> {
        let mut held_out = self.hold_out.clone();
        held_out.sort_unstable();
        held_out.dedup();
        held_out
    }

    /// The fit's plan, if there is memory for it.
    fn plan(&self, posed: &PosedCapture, held_out: &[usize]) -> Result<FitPlan> {
        let available = memory::available();
        let (plan, needed) = memory::plan(&CaptureSizes::from(posed), &self.config, held_out, available)?;
        if !self.quiet {
            let (all, gib) = (posed.views.len(), |bytes: u64| bytes as f64 / f64::from(1 << 30));
            let free = available.map_or(String::new(), |bytes| format!(" of {:.1} GiB free", gib(bytes)));
            let fitted = plan.as_ref().map_or(all - held_out.len(), |plan| plan.training.len());
            eprintln!("fitting to {fitted} of {all} views; memory: about {:.1} GiB{free}", gib(needed));
        }
        memory::check(needed, available)?;
        plan.context("the clips alone need more memory than is free")
    }

    /// Replaces what passes once in the clips that are fitted to.
    fn leave_out_passers(&self, capture: &mut Capture, held_out: &[usize]) {
        for (_, view) in capture.views.iter_mut().enumerate().filter(|(index, _)| !held_out.contains(index)) {
            self.loading.leave_out_passers(&view.name, &mut view.clip, capture.fps, self.quiet);
        }
    }

    fn start_threads(&self) -> Result<()> {
        // One per core otherwise, which may be running already: `generate --fit` measures clips before.
        let Some(threads) = self.threads else { return Ok(()) };
        rayon::ThreadPoolBuilder::new().num_threads(threads.into()).build_global().context("cannot start threads")
    }

    fn load(&self, posed: &PosedCapture, stop: &Stop) -> Result<Capture> {
        let mut progress = Progress::start("loading", posed.views.len() as u64, "views", self.quiet);
        let mut before = 0;
        let all: Vec<usize> = (0..posed.views.len()).collect();
        let capture = posed.load(&all, &mut |event: Event<'_>| {
            if let Event::Step { done, .. } = event {
                let views = (done * all.len() as f64).round() as u64;
                progress.advance(views - before);
                before = views;
            }
            if stop.asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        let (first, lengths) = (&capture.views[0].clip, capture.views.iter().map(|view| view.clip.frames));
        let (least, most) = (lengths.clone().min().unwrap_or(0), lengths.max().unwrap_or(0));
        let frames = if least == most { format!("{most}") } else { format!("{least} to {most}") };
        let size = format!("{}×{}", first.width, first.height);
        progress.finish(&format!("loaded {} views of {size}, {frames} frames each", capture.views.len()));
        Ok(capture)
    }
}
