//! `loop3d export`: a scene as a package that phones can play, as a page that has everything inside, or as the original project's folder.

use crate::failure::{Stopped, mistake};
use crate::output::print;
use crate::progress::Progress;
use crate::single_page::SinglePage;
use crate::stop::Stop;
use crate::whole_file::check_folder_of;
use anyhow::{Context, Result};
use loop3d_package::format::Codec;
use loop3d_package::{ExportError, Report, Settings};
use loop3d_scene::job::Event;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// Quality that is asked for where none is given.
const QUALITY: u8 = 50;

/// The quality from which blocks of ASTC have 4×4 texels.
const ASTC_4X4_QUALITY: u8 = 75;

/// Write a scene as a package: small, playable while it loads, and a file that ordinary 3D tools open.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  loop3d export fountain.loop3d -o fountain.glb\n  \
    loop3d export fountain.loop3d -o fountain.glb --codec av1 --max-mb 4\n  \
    loop3d export fountain.loop3d -o fountain.html\n  \
    loop3d export fountain.loop3d -o fountain/ --format videoloop3d")]
pub struct ExportArgs {
    /// The scene (*.loop3d, *.glb).
    scene: PathBuf,
    /// What to write: NAME.glb; NAME.html, a page with viewer and scene inside; or a new folder for --format videoloop3d. A package goes
    /// into a page as it is, unless --codec, --quality or --max-mb ask for something else.
    #[arg(short, long)]
    output: PathBuf,
    /// glb: a package; videoloop3d: the folder that the original project's viewer plays.
    #[arg(long, value_enum, default_value_t = Format::Glb)]
    format: Format,
    /// Codec of the looping tiles. h264: every phone; av1: smaller; h264+av1: both, the player picks; png: lossless; bc7 (desktops), astc and
    /// etc2 (phones): larger, for GPUs as they are, no video decoder.
    #[arg(long, value_enum, default_value_t = CodecName::H264)]
    codec: CodecName,
    /// 0 (smallest) to 100 (best). Of astc, blocks have 6×6 texels below 75, then 4×4; bc7 and etc2 have one size.
    #[arg(long, default_value_t = QUALITY, value_parser = clap::value_parser!(u8).range(0..=100))]
    quality: u8,
    /// The largest file in megabytes (10^6 bytes): the highest quality that allows it is searched, from --quality.
    #[arg(long, value_name = "N")]
    max_mb: Option<f64>,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
    /// Print errors only.
    #[arg(long)]
    quiet: bool,
}

/// Kind of output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Glb,
    Videoloop3d,
}

/// Codecs of one package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum CodecName {
    H264,
    Av1,
    #[value(name = "h264+av1")]
    H264Av1,
    Png,
    Bc7,
    Astc,
    Etc2,
}

impl CodecName {
    fn codecs(self, quality: u8) -> Vec<Codec> {
        match self {
            Self::H264 => vec![Codec::H264],
            Self::Av1 => vec![Codec::Av1],
            Self::H264Av1 => vec![Codec::H264, Codec::Av1],
            Self::Png => vec![Codec::Png],
            Self::Bc7 => vec![Codec::Bc7],
            Self::Astc if quality < ASTC_4X4_QUALITY => vec![Codec::Astc6x6],
            Self::Astc => vec![Codec::Astc4x4],
            Self::Etc2 => vec![Codec::Etc2],
        }
    }
}

impl ExportArgs {
    /// Writes and reports.
    ///
    /// # Errors
    /// A bad scene, a target that cannot be written, ffmpeg missing or failing.
    pub fn run(&self) -> Result<()> {
        let target = self.output.display();
        let ends = |ending| self.output.extension().is_some_and(|found| found.eq_ignore_ascii_case(ending));
        let is_page = ends("html");
        if (is_page || ends("glb")) != (self.format == Format::Glb) {
            return Err(mistake(match self.format {
                Format::Glb => {
                    format!("{target}: expected NAME.glb or NAME.html, or --format videoloop3d for a folder")
                }
                Format::Videoloop3d => format!("{target}: expected a new folder, or --format glb for a package"),
            }));
        }
        let max_bytes = match self.max_mb {
            Some(mb) if !(mb.is_finite() && mb > 0.0) => {
                return Err(mistake(format!("--max-mb: found {mb}, expected a positive number")));
            }
            mb => mb.map(|mb| (mb * 1e6) as u64),
        };
        check_folder_of(&self.output)?;
        if is_page {
            // Before anything takes time.
            SinglePage::new("", &[])?;
        }
        if is_page && self.keeps_package() {
            // Whatever it is, it is a package that opens.
            loop3d_package::open(&self.scene)?;
            return self.write_page(&self.scene);
        }
        let scene = loop3d_package::open(&self.scene)?;
        let stop = Stop::on_ctrl_c()?;
        let mut progress = Progress::start_share("export", self.quiet);
        let mut observer = |event: Event<'_>| {
            if let Event::Step { stage, done, .. } = event {
                progress.share(done, stage);
            }
            if stop.asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let stopped = |error| or_stopped(error, &self.output);
        if self.format == Format::Videoloop3d {
            let bytes = loop3d_package::export_folder(&scene, &self.output, &mut observer).map_err(stopped)?;
            let frames = scene.frames;
            progress.finish(&format!("wrote {target}: {frames} pictures, {:.1} MB", bytes as f64 / 1e6));
            return Ok(());
        }
        let settings = Settings { codecs: self.codec.codecs(self.quality), quality: self.quality, max_bytes };
        let package = if is_page { package_beside(&self.output) } else { self.output.clone() };
        let report = loop3d_package::export(&scene, &package, &settings, &mut observer).map_err(stopped)?;
        drop(progress);
        if is_page {
            let written = self.write_page(&package);
            // The error above is the one to report.
            let _ = fs::remove_file(&package);
            written?;
        }
        match (self.json, self.quiet) {
            (true, _) => print(&serde_json::to_string_pretty(&report)?),
            (false, true) => Ok(()),
            (false, false) => print(&table(&report)),
        }
    }

    /// Whether the source is a package already, and nothing about it is to change.
    fn keeps_package(&self) -> bool {
        let is_package = self.scene.extension().is_some_and(|found| found.eq_ignore_ascii_case("glb"));
        is_package && self.codec == CodecName::H264 && self.quality == QUALITY && self.max_mb.is_none()
    }

    /// Writes the page that has this package inside.
    fn write_page(&self, package: &Path) -> Result<()> {
        let bytes = fs::read(package).with_context(|| format!("{}: cannot be read", package.display()))?;
        let title = self.scene.file_stem().unwrap_or_default().to_string_lossy();
        let page = SinglePage::new(&title, &bytes)?;
        loop3d_scene::write_file(&self.output, |out| page.write(out))?;
        let size = fs::metadata(&self.output).map_or(0, |about| about.len());
        if self.quiet || self.json {
            return Ok(());
        }
        let (page, all, scene) = (self.output.display(), mb(size), mb(bytes.len() as u64));
        print(&format!("wrote {page}: {all}; the scene ({scene}) and the viewer, both as text"))
    }
}

/// Where a package is while it is not in its page yet.
fn package_beside(page: &Path) -> PathBuf {
    let name = page.file_name().unwrap_or_default().to_string_lossy();
    page.with_file_name(format!(".{name}.tmp-{}.glb", std::process::id()))
}

/// A wish to stop, or the error.
pub fn or_stopped(error: ExportError, target: &Path) -> anyhow::Error {
    match error {
        ExportError::Stopped => anyhow::Error::new(Stopped(format!("{} is as it was", target.display()))),
        other => other.into(),
    }
}

fn mb(bytes: u64) -> String {
    format!("{:.2} MB", bytes as f64 / 1e6)
}

/// The report for people.
fn table(report: &Report) -> String {
    let Report { parts, likeness, plain_png, .. } = report;
    let parts = parts.iter().map(|(name, bytes)| (name.as_str(), *bytes)).chain([("json", report.json_bytes)]);
    let mut lines = vec![format!("{:<14}{:>12}", "part", "size")];
    lines.extend(parts.map(|(name, bytes)| format!("{name:<14}{:>12}", mb(bytes))));
    lines.push(String::new());
    lines.push(format!("{:<14}{:>12}{:>12}{:>12}{:>14}", "", "size", "mean dB", "worst dB", "GPU memory"));
    let name = format!("{}, q {}", report.codecs.join("+"), report.quality);
    for (name, bytes, likeness, gpu) in [
        (name.as_str(), report.bytes, likeness, report.gpu_bytes),
        ("plain PNG", plain_png.bytes, &plain_png.likeness, plain_png.gpu_bytes),
    ] {
        let (mean, worst) = (likeness.mean_db, likeness.worst_db);
        lines.push(format!("{name:<14}{:>12}{mean:>12.2}{worst:>12.2}{:>14}", mb(bytes), mb(gpu)));
    }
    let views = likeness.shots_db.len();
    lines.push(format!(
        "dB: PSNR against the scene of {views} rendered views between the captured ones. Coded in {:.1} s; read back in {:.1} ms a frame.",
        report.coding_seconds, report.decoding_ms_per_frame
    ));
    lines.join("\n")
}
