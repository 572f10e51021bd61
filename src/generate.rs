//! `loop3d generate`: clips that were never filmed, and the cameras that they are made for.

mod drawing;
#[cfg(feature = "service")]
mod engine;
mod prompt;
#[cfg(feature = "service")]
mod record;
mod request;
#[cfg(feature = "service")]
mod target;

use crate::failure::mistake;
use crate::output::{check_png, write_png};
use crate::render::parse_size;
use anyhow::Result;
use loop3d_generator::rig::RigConfig;
use request::ServiceRequest;
use std::path::{Path, PathBuf};

/// Size of the published model's images, which a rig is judged for without `--size`.
const SIZE: [u32; 2] = [832, 480];

/// What a drawing has no use for.
const WITHOUT_SERVICE: [&str; 10] =
    ["engine", "prompt", "output", "model", "negative", "image", "seconds", "seed", "fields", "timeout_s"];

/// Generate a clip from words with a video service, or draw the cameras that clips are generated for.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  loop3d generate \"a campfire beside a stone wall\" --engine http://localhost:8091 -o fire\n  \
    loop3d generate --draw-rig rig.png --rig arc --cameras 7 --spread 10\n\n\
    A service makes one view. Its folder gets the clip and generate.json: the words, the settings and what the clip is like. \
    docs/GENERATE.md describes rigs and services."
)]
pub struct GenerateArgs {
    /// What the clip shows, in words.
    #[arg(value_name = "WORDS")]
    prompt: Option<String>,
    /// Folder to write: new or empty.
    #[arg(short, long, value_name = "DIR", requires = "prompt")]
    output: Option<PathBuf>,
    /// PNG file for a drawing of the cameras, from above, from the side and from behind.
    #[arg(long, value_name = "FILE", conflicts_with_all = WITHOUT_SERVICE)]
    draw_rig: Option<PathBuf>,
    /// Width and height of the images, such as 832x480 [default: the service's own; 832x480 for a drawing].
    #[arg(long, value_name = "WxH", value_parser = parse_size)]
    size: Option<[u32; 2]>,
    /// Print errors only.
    #[arg(long)]
    quiet: bool,
    #[command(flatten)]
    rig: RigConfig,
    #[command(flatten)]
    service: ServiceRequest,
}

impl GenerateArgs {
    /// Generates, or draws.
    ///
    /// # Errors
    /// Bad arguments, a service that fails, an output that cannot be written, Ctrl-C.
    pub fn run(&self) -> Result<()> {
        match (&self.draw_rig, &self.service.engine, &self.prompt, &self.output) {
            (Some(file), ..) => self.draw(file),
            (None, Some(address), Some(words), Some(dir)) => self.fetch(address, words, dir),
            _ => Err(mistake(
                "found neither --engine nor --draw-rig; pass --engine URL for a clip from a video service, or \
                 --draw-rig FILE.png for a drawing of the cameras",
            )),
        }
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
