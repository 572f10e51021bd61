//! `loop3d generate`: clips that were never filmed, and the cameras that they are made for.

mod board;
#[cfg(feature = "torch")]
mod clips;
mod drawing;
#[cfg(feature = "service")]
mod engine;
#[cfg(feature = "torch")]
mod list;
#[cfg(feature = "torch")]
mod local;
mod prompt;
#[cfg(any(feature = "service", feature = "torch"))]
mod record;
mod request;
#[cfg(feature = "torch")]
mod small;
#[cfg(any(feature = "service", feature = "torch"))]
mod target;

use crate::failure::mistake;
#[cfg(not(feature = "torch"))]
use crate::failure::without_torch;
#[cfg(feature = "torch")]
use crate::fit::FitArgs;
#[cfg(feature = "torch")]
use crate::output::check_folder_of;
use crate::output::{check_png, write_png};
use crate::render::parse_size;
use anyhow::Result;
use loop3d_generator::options::ModelOptions;
use loop3d_generator::rig::RigConfig;
use loop3d_optimizer::config::Preset;
use request::ServiceRequest;
use std::path::{Path, PathBuf};

/// Size of the published model's images, which a rig is judged for without `--size`.
const SIZE: [u32; 2] = [832, 480];

/// What a drawing has no use for.
const ONLY_FOR_CLIPS: [&str; 11] =
    ["engine", "prompt", "output", "weights", "model", "negative", "image", "seconds", "seed", "fields", "timeout_s"];

/// What a drawing of moves has no use for.
const ONLY_FOR_CLIPS_BUT_OUTPUT: [&str; 11] =
    ["engine", "prompt", "draw_rig", "weights", "model", "negative", "image", "seconds", "seed", "fields", "timeout_s"];

/// Generate clips from words, with a model on this machine or a video service, or draw the cameras that they are made for.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  loop3d generate \"a red flag waving on grass\" -o flag --fit flag.loop3d\n  \
    loop3d generate \"a campfire beside a stone wall\" --model Wan2.1-T2V-1.3B -o fire --fit fire.loop3d\n  \
    loop3d generate --list-weights Wan2.1-T2V-1.3B\n  \
    loop3d generate \"a campfire beside a stone wall\" --engine http://localhost:8091 -o fire\n  \
    loop3d generate --draw still.png -o moves\n  \
    loop3d generate \"a red flag waving on grass\" --move moves/moves.json -o flag\n  \
    loop3d generate --draw-rig rig.png --rig arc --cameras 7 --spread 10\n\n\
    Without --model, a small model of the program's own makes clips of 64×64 pixels in a minute or two; it knows about 80 words. \
    A model makes a clip for each camera of the rig: a capture that `loop3d fit` takes. After every step it saves a checkpoint, \
    DIR.resume, from which the same command goes on after Ctrl-C, a kill or a power cut; the clips are then the same. A service \
    makes one view. The folder also gets generate.json: the words, the settings and what the clips are like. docs/GENERATE.md \
    describes weights, rigs and services.")]
pub struct GenerateArgs {
    /// What the clip shows, in words.
    #[arg(value_name = "WORDS")]
    prompt: Option<String>,
    /// Folder to write: new or empty; with --draw, that of the masks and arrows.
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// PNG file for a drawing of the cameras, from above, from the side and from behind.
    #[arg(long, value_name = "FILE", conflicts_with_all = ONLY_FOR_CLIPS)]
    draw_rig: Option<PathBuf>,
    /// Picture on which to paint what moves and to drag where to, in a browser: a page at localhost, which saves moves.json in --output
    /// for --move.
    #[arg(long, value_name = "IMAGE", requires = "output", conflicts_with_all = ONLY_FOR_CLIPS_BUT_OUTPUT, help_heading = "Motion")]
    draw: Option<PathBuf>,
    /// Port of that page; if it is taken, the next free one is used.
    #[arg(long, value_name = "N", requires = "draw", default_value_t = 8090, help_heading = "Motion")]
    port: u16,
    /// Width and height of the images, such as 832x480 [default: 832x480; the service's own].
    #[arg(long, value_name = "WxH", value_parser = parse_size)]
    size: Option<[u32; 2]>,
    /// Print errors only.
    #[arg(long)]
    quiet: bool,
    #[command(flatten)]
    rig: RigConfig,
    #[command(flatten)]
    model: ModelOptions,
    /// Scene file: fit one to the clips, as `loop3d fit` does.
    #[arg(long, value_name = "SCENE", requires = "prompt", conflicts_with = "engine", help_heading = "Model")]
    #[cfg_attr(not(feature = "torch"), allow(dead_code, reason = "read where there is libtorch"))]
    fit: Option<PathBuf>,
    /// Preset of that fit.
    #[arg(
        long = "fit-preset",
        value_enum,
        value_name = "PRESET",
        requires = "fit",
        default_value_t,
        help_heading = "Model"
    )]
    #[cfg_attr(not(feature = "torch"), allow(dead_code, reason = "read where there is libtorch"))]
    preset: Preset,
    /// List what a folder of weights holds and lacks, and what a run takes.
    #[arg(
        long, value_name = "DIR", help_heading = "Model",
        conflicts_with_all = ["engine", "draw_rig", "prompt", "output", "weights"]
    )]
    list_weights: Option<PathBuf>,
    /// Print that list as JSON.
    #[arg(long, requires = "list_weights", help_heading = "Model")]
    #[cfg_attr(not(feature = "torch"), allow(dead_code, reason = "read where there is libtorch"))]
    json: bool,
    #[command(flatten)]
    service: ServiceRequest,
}

impl GenerateArgs {
    /// Generates, or draws.
    ///
    /// # Errors
    /// Bad arguments, a service that fails, an output that cannot be written, Ctrl-C.
    pub fn run(&self) -> Result<()> {
        if let Some(folder) = &self.list_weights {
            return self.list(folder);
        }
        if let (Some(picture), Some(dir)) = (&self.draw, &self.output) {
            return board::Board::new(picture, dir)?.run(self.port);
        }
        match (&self.draw_rig, &self.model.weights, &self.service.engine, &self.prompt, &self.output) {
            (Some(file), ..) => self.draw(file),
            (None, Some(weights), _, Some(words), Some(dir)) => self.make(weights, words, dir),
            (None, None, Some(address), Some(words), Some(dir)) => self.fetch(address, words, dir),
            (None, None, None, Some(words), Some(dir)) => self.make_small(None, words, dir),
            _ => Err(mistake(
                "found neither words with --output DIR for clips, nor --draw-rig FILE.png for a drawing of the cameras, nor \
                 --draw IMAGE with --output DIR for one of what moves, nor --list-weights DIR",
            )),
        }
    }

    #[cfg(feature = "torch")]
    fn make(&self, weights: &Path, prompt: &str, dir: &Path) -> Result<()> {
        if small::is_small(weights) {
            return self.make_small(Some(weights), prompt, dir);
        }
        if !self.model.moves.is_empty() {
            return Err(mistake(
                "--move: works with the small model only, without --model; nobody has published an adapter for Wan2.1 that follows \
                 tracks",
            ));
        }
        let local = local::Local {
            prompt,
            weights,
            size: self.size.unwrap_or(SIZE),
            rig: &self.rig,
            options: &self.model,
            common: &self.service,
            quiet: self.quiet,
        };
        self.then_fit(|| local.run(dir))
    }

    #[cfg(feature = "torch")]
    fn make_small(&self, weights: Option<&Path>, prompt: &str, dir: &Path) -> Result<()> {
        small::check_size(self.size)?;
        let (rig, options, quiet) = (&self.rig, &self.model, self.quiet);
        let small = small::Small { prompt, weights, rig, options, seed: self.service.seed.unwrap_or(0), quiet };
        self.then_fit(|| small.run(dir))
    }

    /// Makes clips, and a scene of them if that was asked for.
    #[cfg(feature = "torch")]
    fn then_fit(&self, make: impl FnOnce() -> Result<PathBuf>) -> Result<()> {
        let Some(scene) = &self.fit else {
            let capture = make()?;
            if !self.quiet {
                eprintln!("next: `loop3d fit --views {}`", capture.display());
            }
            return Ok(());
        };
        // An hour of generation should not end in a mistyped path.
        check_folder_of(scene)?;
        if self.rig.build()?.cameras.len() < 2 {
            return Err(mistake("--fit: found one camera; a fit takes at least two"));
        }
        FitArgs::of_capture(&make()?, scene, self.preset, self.quiet)?.run()
    }

    #[cfg(feature = "torch")]
    fn list(&self, folder: &Path) -> Result<()> {
        list::list(folder, self.model.dtype, self.json)
    }

    #[cfg(not(feature = "torch"))]
    fn make(&self, _: &Path, _: &str, _: &Path) -> Result<()> {
        Err(without_torch("--model"))
    }

    #[cfg(not(feature = "torch"))]
    fn make_small(&self, _: Option<&Path>, _: &str, _: &Path) -> Result<()> {
        Err(without_torch("words without --engine"))
    }

    #[cfg(not(feature = "torch"))]
    fn list(&self, _: &Path) -> Result<()> {
        Err(without_torch("--list-weights"))
    }

    fn draw(&self, file: &Path) -> Result<()> {
        check_png("--draw-rig", file)?;
        let [width, height] = self.size.unwrap_or(SIZE);
        let rig = self.rig.build()?;
        let report = rig.report(width)?;
        let drawn = drawing::draw(&rig, rig.reference()?, &report, f64::from(height) / f64::from(width));
        write_png(file, drawn.as_raw(), drawn.width(), drawn.height())?;
        if !self.quiet {
            report.notes.iter().for_each(|note| eprintln!("note: {note}"));
            let (cameras, baseline_m) = (report.cameras, report.baseline_m);
            eprintln!("wrote {}: {cameras} cameras, up to {baseline_m:.2} m apart", file.display());
        }
        Ok(())
    }

    fn fetch(&self, address: &str, words: &str, dir: &Path) -> Result<()> {
        prompt::check(words)?;
        if self.rig != RigConfig::default() {
            return Err(mistake(
                "a service makes one view, without a rig; pass --rig, --cameras, --spread, --distance and --elevation \
                 with --draw-rig only",
            ));
        }
        self.ask(address, words, dir)
    }

    #[cfg(feature = "service")]
    fn ask(&self, address: &str, words: &str, dir: &Path) -> Result<()> {
        let size = self.size.map(|[width, height]| (width, height));
        engine::run(address, words, size, &self.service, dir, self.quiet)
    }

    #[cfg(not(feature = "service"))]
    fn ask(&self, _: &str, _: &str, _: &Path) -> Result<()> {
        Err(mistake("--engine: this build has no client for services; build with `--features service`"))
    }
}
