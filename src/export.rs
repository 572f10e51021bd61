//! `loop3d export`: a scene as a package that phones play, as one HTML file, or as the original project's folder.

use crate::failure::{Stopped, mistake};
use crate::output::{check_folder_of, check_not_input, print, size};
use crate::progress::Progress;
use crate::single_page::SinglePage;
use crate::stop::Stop;
use crate::wrote;
use anyhow::{Context, Result};
use loop3d_package::format::Codec;
use loop3d_package::{ExportError, Report, Settings};
use loop3d_scene::job::Event;
use serde::Serialize;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// Quality of the looping tiles without `--quality`.
const QUALITY: u8 = 50;

/// The quality from which ASTC blocks have 4×4 texels.
const ASTC_4X4_QUALITY: u8 = 75;

/// Export a scene as a package: small, playable while it loads, and readable by ordinary 3D tools.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  loop3d export fountain.loop3d -o fountain.glb\n  \
    loop3d export fountain.loop3d -o fountain.glb --codec av1 --max-mb 4\n  \
    loop3d export fountain.loop3d -o fountain.html\n  \
    loop3d export fountain.loop3d -o fountain/ --format videoloop3d")]
pub struct ExportArgs {
    /// The scene (*.loop3d, *.glb).
    scene: PathBuf,
    /// Output: NAME.glb; NAME.html, a page with the viewer and the scene inside; or a new folder with --format videoloop3d. A package
    /// goes into a page unchanged unless --codec, --quality or --max-mb is given.
    #[arg(short, long)]
    output: PathBuf,
    /// glb: a package; videoloop3d: the folder that the original project's viewer plays.
    #[arg(long, value_enum, default_value_t = Format::Glb)]
    format: Format,
    /// Codec of the looping tiles [default: h264]. h264: plays on every phone; av1: smaller; h264+av1: both, the player picks; png:
    /// lossless; bc7 (desktops), astc and etc2 (phones): GPU blocks, which are larger and need no video decoder.
    #[arg(long, value_enum)]
    codec: Option<CodecName>,
    /// Quality from 0 (smallest) to 100 (best) [default: 50]. With astc, blocks have 6×6 texels below 75 and 4×4 from there; bc7 and
    /// etc2 have one quality.
    #[arg(long, value_parser = clap::value_parser!(u8).range(0..=100))]
    quality: Option<u8>,
    /// Largest file, in MB of 10^6 bytes: the quality is lowered from --quality until it fits. A page contains the viewer as well.
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
        check_not_input(&self.scene, &self.output)?;
        // A command without the viewer says so before anything takes time.
        let max_bytes =
            if is_page { self.most_package(SinglePage::new(&self.title(), &[])?, max_bytes)? } else { max_bytes };
        if is_page && self.keeps_package() {
            // Only a package that opens goes into a page.
            loop3d_package::open(&self.scene)?;
            return self.report_page(&self.write_page(&self.scene)?, None);
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
            progress.finish(&wrote::only(&self.output, &format!("{frames} frames, {}", size(bytes))));
            return Ok(());
        }
        let quality = self.quality.unwrap_or(QUALITY);
        let codecs = self.codec.unwrap_or(CodecName::H264).codecs(quality);
        let settings = Settings { codecs, quality, max_bytes };
        let package = if is_page { package_beside(&self.output) } else { self.output.clone() };
        let report = loop3d_package::export(&scene, &package, &settings, &mut observer).map_err(stopped)?;
        drop(progress);
        if is_page {
            let written = self.write_page(&package);
            // An error of the page is the one to report.
            let _ = fs::remove_file(&package);
            return self.report_page(&written?, Some(&report));
        }
        match (self.json, self.quiet) {
            (true, _) => print(&serde_json::to_string_pretty(&report)?),
            (false, true) => Ok(()),
            (false, false) => {
                print(&table(&report))?;
                eprintln!("{}", wrote::file(&self.output, &size(report.bytes)));
                Ok(())
            }
        }
    }

    /// Whether the source is a package that goes into a page unchanged.
    fn keeps_package(&self) -> bool {
        let is_package = self.scene.extension().is_some_and(|found| found.eq_ignore_ascii_case("glb"));
        is_package && self.codec.is_none() && self.quality.is_none() && self.max_mb.is_none()
    }

    /// The title of a page.
    fn title(&self) -> String {
        self.scene.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// The most bytes of the package in a page of at most `max_bytes`: what is left beside the viewer, as base64.
    ///
    /// # Errors
    /// Nothing is left.
    fn most_package(&self, empty: SinglePage<'_>, max_bytes: Option<u64>) -> Result<Option<u64>> {
        let Some(max_bytes) = max_bytes else { return Ok(None) };
        let mut page = Vec::new();
        empty.write(&mut page)?;
        let viewer = page.len() as u64;
        match max_bytes.saturating_sub(viewer) / 4 * 3 {
            0 => Err(mistake(format!(
                "--max-mb: found {}; the viewer in a page alone has {}; expected more, or NAME.glb",
                size(max_bytes),
                size(viewer)
            ))),
            left => Ok(Some(left)),
        }
    }

    /// Writes the page with this package inside; the sizes of both.
    fn write_page(&self, package: &Path) -> Result<PageSizes> {
        let bytes = fs::read(package).with_context(|| format!("{}: cannot be read", package.display()))?;
        let title = self.title();
        let page = SinglePage::new(&title, &bytes)?;
        loop3d_scene::write_file(&self.output, |out| page.write(out))?;
        let page_bytes = fs::metadata(&self.output).map_or(0, |about| about.len());
        Ok(PageSizes { page_bytes, package_bytes: bytes.len() as u64 })
    }

    /// Reports a page; `package` is the report of a package that was made for it.
    fn report_page(&self, sizes: &PageSizes, package: Option<&Report>) -> Result<()> {
        match (self.json, self.quiet) {
            (true, _) => print(&serde_json::to_string_pretty(&PageReport { sizes, package })?),
            (false, true) => Ok(()),
            (false, false) => {
                if let Some(report) = package {
                    print(&table(report))?;
                }
                let (all, scene) = (size(sizes.page_bytes), size(sizes.package_bytes));
                let about = format!("{all}; contains the scene ({scene}) and the viewer");
                eprintln!("{}", wrote::file(&self.output, &about));
                Ok(())
            }
        }
    }
}

/// Sizes of a page and of the package inside.
#[derive(Debug, Serialize)]
struct PageSizes {
    page_bytes: u64,
    package_bytes: u64,
}

/// What `--json` prints for a page.
#[derive(Debug, Serialize)]
struct PageReport<'a> {
    #[serde(flatten)]
    sizes: &'a PageSizes,
    /// Absent where an existing package went in unchanged.
    #[serde(flatten)]
    package: Option<&'a Report>,
}

/// Where a package waits until it is in its page.
fn package_beside(page: &Path) -> PathBuf {
    let name = page.file_name().unwrap_or_default().to_string_lossy();
    page.with_file_name(format!(".{name}.tmp-{}.glb", std::process::id()))
}

/// How a package is made where nothing is said about it.
pub fn usual_settings() -> Settings {
    Settings { codecs: CodecName::H264.codecs(QUALITY), quality: QUALITY, max_bytes: None }
}

/// The error, or that the user stopped the job.
pub fn or_stopped(error: ExportError, target: &Path) -> anyhow::Error {
    match error {
        ExportError::Stopped => anyhow::Error::new(Stopped(format!("{} was not changed", target.display()))),
        other => other.into(),
    }
}

/// The report as text.
fn table(report: &Report) -> String {
    let Report { parts, likeness, plain_png, .. } = report;
    let parts = parts.iter().map(|(name, bytes)| (name.as_str(), *bytes)).chain([("json", report.json_bytes)]);
    let mut lines = vec![format!("{:<14}{:>12}", "part", "size")];
    lines.extend(parts.map(|(name, bytes)| format!("{name:<14}{:>12}", size(bytes))));
    lines.push(String::new());
    lines.push(format!("{:<14}{:>12}{:>12}{:>12}{:>14}", "", "size", "mean dB", "worst dB", "GPU memory"));
    let name = format!("{}, q {}", report.codecs.join("+"), report.quality);
    for (name, bytes, likeness, gpu) in [
        (name.as_str(), report.bytes, likeness, report.gpu_bytes),
        ("plain PNG", plain_png.bytes, &plain_png.likeness, plain_png.gpu_bytes),
    ] {
        let (mean, worst) = (likeness.mean_db, likeness.worst_db);
        lines.push(format!("{name:<14}{:>12}{mean:>12.2}{worst:>12.2}{:>14}", size(bytes), size(gpu)));
    }
    let views = likeness.shots_db.len();
    lines.push(format!(
        "dB: PSNR against the scene, over {views} renders between the captured views. Encoding took {:.1} s, decoding {:.1} ms per frame.",
        report.coding_seconds, report.decoding_ms_per_frame
    ));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        export: ExportArgs,
    }

    #[test]
    fn a_package_goes_into_a_page_unchanged_unless_something_else_is_asked_for() {
        let keeps = |words: &str| Command::parse_from(words.split(' ')).export.keeps_package();
        assert!(keeps("x a.glb -o a.html") && keeps("x a.GLB -o a.html --json"));
        // The defaults, given explicitly, ask for an export as much as any other value does.
        for words in ["--codec h264", "--quality 50", "--max-mb 4", "--codec av1"] {
            assert!(!keeps(&format!("x a.glb -o a.html {words}")), "{words}");
        }
        assert!(!keeps("x a.loop3d -o a.html"));
    }

    #[test]
    fn the_report_of_a_page_has_its_sizes() {
        let sizes = PageSizes { page_bytes: 7, package_bytes: 5 };
        let json = serde_json::to_value(PageReport { sizes: &sizes, package: None }).unwrap();
        assert_eq!(json, serde_json::json!({ "page_bytes": 7, "package_bytes": 5 }));
    }
}
