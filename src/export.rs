//! `loop3d export`: a scene as a package that phones can play.

use crate::failure::{Stopped, mistake};
use crate::ffmpeg::check_folder_of;
use crate::output::print;
use crate::progress::Progress;
use crate::stop::Stop;
use anyhow::Result;
use loop3d_package::{ExportError, Report, Settings};
use loop3d_scene::package::Codec;
use std::path::PathBuf;

/// Write a scene as a package: small, playable while it loads, and a file that ordinary 3D tools open.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  loop3d export fountain.loop3d -o fountain.glb\n  \
    loop3d export fountain.loop3d -o fountain.glb --codec av1 --quality 60")]
pub struct ExportArgs {
    /// The scene file (*.loop3d).
    scene: PathBuf,
    /// What to write: NAME.glb.
    #[arg(short, long)]
    output: PathBuf,
    /// Video codec of the looping tiles. h264: every phone; av1: smaller; h264+av1: both, the player picks; png: lossless.
    #[arg(long, default_value = "h264", value_parser = parse_codecs)]
    codec: Codecs,
    /// 0 (smallest) to 100 (best).
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u8).range(0..=100))]
    quality: u8,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
    /// Print errors only.
    #[arg(long)]
    quiet: bool,
}

/// Codecs of one package.
#[derive(Clone, Debug)]
struct Codecs(Vec<Codec>);

fn parse_codecs(text: &str) -> Result<Codecs, String> {
    match text {
        "h264" => Ok(Codecs(vec![Codec::H264])),
        "av1" => Ok(Codecs(vec![Codec::Av1])),
        "h264+av1" => Ok(Codecs(vec![Codec::H264, Codec::Av1])),
        "png" => Ok(Codecs(vec![Codec::Png])),
        _ => Err("expected h264, av1, h264+av1 or png".to_owned()),
    }
}

impl ExportArgs {
    /// Writes the package and reports.
    ///
    /// # Errors
    /// A bad scene, a target that cannot be written, ffmpeg missing or failing.
    pub fn run(&self) -> Result<()> {
        if !self.output.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("glb")) {
            return Err(mistake(format!("{}: expected NAME.glb", self.output.display())));
        }
        check_folder_of(&self.output)?;
        let scene = loop3d_package::open(&self.scene)?;
        let stop = Stop::on_ctrl_c()?;
        let settings = Settings { codecs: self.codec.0.clone(), quality: self.quality };
        let mut progress = Progress::start_share("export", self.quiet);
        let mut tick = |what: &str, share: f64| {
            progress.share(share, what);
            !stop.asked()
        };
        let report =
            loop3d_package::export(&scene, &self.output, &settings, &mut tick).map_err(|error| match error {
                ExportError::Stopped => Stopped(format!("{} is as it was", self.output.display())).into(),
                other => anyhow::Error::from(other),
            })?;
        drop(progress);
        if self.quiet && !self.json {
            return Ok(());
        }
        print(&if self.json { serde_json::to_string_pretty(&report)? } else { table(&report) })
    }
}

fn table(report: &Report) -> String {
    let mut lines: Vec<String> =
        report.parts.iter().map(|(name, bytes)| format!("{name:<10}{:>12} bytes", bytes)).collect();
    lines.push(format!("{:<10}{:>12} bytes", "json", report.json_bytes));
    lines.push(format!("{:<10}{:>12} bytes", "all", report.bytes));
    let likeness = &report.likeness;
    lines.push(format!("views: {:.2} dB on average, {:.2} dB the worst", likeness.mean_db, likeness.worst_db));
    lines.join("\n")
}
