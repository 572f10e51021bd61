//! Clips from weights on this machine: planned, made, and written as a capture with its record.

use super::record::{Made, ModelRecord, Record};
use super::target::Target;
use super::{clips, prompt, request::ServiceRequest};
use crate::failure::{Stopped, mistake};
use crate::progress::Progress;
use crate::stop::Stop;
use anyhow::Result;
use loop3d_generator::generate::{Files, GenerateError, Models, Plan, Request, decode, device, kind, sample, speed};
use loop3d_generator::options::ModelOptions;
use loop3d_generator::rig::RigConfig;
use loop3d_generator::text::NEGATIVE_PROMPT;
use loop3d_generator::weights::folder::Folder;
use loop3d_media::Ffmpeg;
use loop3d_optimizer::memory;
use loop3d_scene::job::Event;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// Longest run that needs no `--yes`, in seconds.
const LONG: f64 = 24.0 * 3600.0;

/// What clips are made of and with.
pub struct Local<'a> {
    /// The words.
    pub prompt: &'a str,
    /// Folder of the weights.
    pub weights: &'a Path,
    /// Size of the images.
    pub size: [u32; 2],
    /// The cameras.
    pub rig: &'a RigConfig,
    /// Options of the run.
    pub options: &'a ModelOptions,
    /// Seed and negative words.
    pub common: &'a ServiceRequest,
    /// Print errors only.
    pub quiet: bool,
}

impl Local<'_> {
    /// Makes the clips and writes them into `dir`, which appears when all are there. The result is the capture's folder in it.
    ///
    /// # Errors
    /// Bad flags, weights that are missing or of another model, too little memory or time, Ctrl-C.
    pub fn run(&self, dir: &Path) -> Result<PathBuf> {
        prompt::check(self.prompt)?;
        let (device, note) = device(self.options.device)?;
        if let Some(threads) = self.options.threads {
            loop3d_generator::generate::threads(threads);
        }
        let kind = kind(self.options.dtype, device);
        let rig = self.rig.build()?;
        let negative = self.common.negative.as_deref().unwrap_or(NEGATIVE_PROMPT);
        let seed = self.common.seed.unwrap_or(0);
        let request = Request::new((self.prompt, negative), rig, self.size, seed, self.options, (device, kind))?;
        let models = Models::open(&Folder::new(self.weights).map_err(GenerateError::from)?)?;
        request.check(&models)?;
        let free = if device.is_cuda() { None } else { memory::available() };
        let plan = Plan::new(&models, &request, free);
        let seconds = plan.operations / speed(kind, device);
        if !self.quiet {
            if let Some(why) = note {
                eprintln!("computing on the CPU: {why}");
            }
            let report = request.rig.report(self.size[0])?;
            report.notes.iter().for_each(|note| eprintln!("note: {note}"));
            Self::tell(&models, &plan, seconds);
        }
        if seconds > LONG && !self.options.yes {
            return Err(mistake(format!(
                "this run would take about {}; pass --yes to run it all the same, or use a smaller --size, fewer --frames, \
                 --steps or --cameras",
                duration(seconds)
            )));
        }
        plan.check(free)?;
        // What is needed afterwards comes first.
        let ffmpeg = Ffmpeg::default();
        ffmpeg.check()?;
        let target = Target::new(dir)?;
        let checkpoint = beside(dir, ".resume");
        if checkpoint.exists() && !self.quiet {
            eprintln!("continuing from {}", checkpoint.display());
        }

        let stop = Stop::on_ctrl_c()?;
        let progress = std::cell::RefCell::new(Progress::start_share("generating", self.quiet));
        let watch = |from: f64, to: f64| {
            let (stop, progress) = (stop.clone(), &progress);
            move |event: Event<'_>| {
                if let Event::Step { stage, done, .. } = event {
                    progress.borrow_mut().share(from + (to - from) * done, stage);
                }
                if stop.asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            }
        };
        let stopped = |error: anyhow::Error| match error.downcast_ref() {
            Some(GenerateError::Stopped { .. }) => Stopped(how_to_continue(dir, &checkpoint)).into(),
            _ => error,
        };
        let files = Files { checkpoint: Some(checkpoint.clone()), contexts: contexts() };
        let made = sample(&models, &request, &files, &mut watch(0.0, 0.9)).map_err(|e| stopped(e.into()))?;
        if !self.quiet {
            made.warnings.iter().for_each(|warning| eprintln!("note: {warning}"));
        }
        let written = request.rig.write(&target.path(""), self.size.into())?;
        clips::write_bounds(&written, &request.rig, self.size.into())?;
        let capture = dir.join(written.capture.strip_prefix(target.path("")).unwrap_or(Path::new("")));
        let mut views = Vec::new();
        let result = decode(&models, &request, &plan, &made.latents, &mut watch(0.9, 1.0), &mut |view, clip| {
            views.push(clips::write(&target, &written, view, &clip, self.options.fps)?);
            Ok::<(), anyhow::Error>(())
        });
        result.map_err(stopped)?;
        let record = Record {
            format: 1,
            version: env!("CARGO_PKG_VERSION"),
            prompt: self.prompt,
            made: Made::Model(ModelRecord {
                name: &models.identity.name,
                digest: &made.model,
                negative,
                seed,
                size: self.size,
                frames: request.frames(),
                kind: kind_name(kind.elt_size_in_bytes()),
                focal: request.rig.focal,
                rig: self.rig,
                cameras: request.rig.report(self.size[0])?,
                options: self.options,
            }),
            fps: f64::from(self.options.fps),
            views,
        };
        target.write("generate.json", serde_json::to_string_pretty(&record)?.as_bytes())?;
        target.finish()?;
        let _ = fs::remove_file(&checkpoint);
        let (count, [width, height], frames) = (request.views(), self.size, request.frames());
        let fps = self.options.fps;
        let about = format!("{count} clips of {width}×{height}, {frames} frames at {fps} fps");
        progress.into_inner().finish(&crate::wrote::capture(&capture, &about));
        Ok(capture)
    }

    /// What the run is going to be.
    fn tell(models: &Models, plan: &Plan, seconds: f64) {
        let gib = |bytes: u64| bytes as f64 / f64::from(1 << 30);
        let (count, tiles) = (plan.passes.count, if plan.tiles { " by tiles" } else { "" });
        eprintln!(
            "{}: {count} passes of {} views, {:.3} TFLOP",
            models.identity.name,
            plan.passes.views,
            plan.operations / 1e12
        );
        eprintln!(
            "memory: about {:.2} GiB for the words, {:.2} GiB for the transformer, {:.2} GiB to decode{tiles}; time: about {}",
            gib(plan.memory.text),
            gib(plan.memory.sampling),
            gib(plan.memory.decoding),
            duration(seconds)
        );
    }
}

/// A path beside a folder.
fn beside(dir: &Path, ending: &str) -> PathBuf {
    // Without a slash at its end.
    let mut name: std::ffi::OsString = dir.components().collect::<PathBuf>().into();
    name.push(ending);
    name.into()
}

fn how_to_continue(dir: &Path, checkpoint: &Path) -> String {
    let (dir, file) = (dir.display(), checkpoint.display());
    if checkpoint.exists() {
        format!("{dir} was not written; the same command continues from {file}")
    } else {
        format!("{dir} was not written, and no step had been made")
    }
}

/// Where contexts of prompts are kept; none on a system without a folder for such things.
fn contexts() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = || set("HOME").map(|home| home.join(".cache"));
    let cache = set("XDG_CACHE_HOME").or_else(|| set("LOCALAPPDATA")).or_else(home)?;
    Some(cache.join("loop3d/contexts"))
}

/// The numbers that have so many bytes.
pub fn kind_name(bytes: usize) -> &'static str {
    if bytes == 2 { "bf16" } else { "f32" }
}

/// A time in the unit that suits it.
pub fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 100.0 => format!("{s:.0} s"),
        s if s < 6000.0 => format!("{:.0} min", s / 60.0),
        s if s < 2.0 * LONG => format!("{:.1} h", s / 3600.0),
        s if s < 730.0 * LONG => format!("{:.1} days", s / LONG),
        s => format!("{:.0} years", s / LONG / 365.25),
    }
}
