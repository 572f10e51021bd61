//! `cargo xtask bench` builds and runs this; see the library.
#![allow(clippy::print_stdout, reason = "tables are what it is for")]

use anyhow::{Context, Result};
use clap::{Parser, Subcommand, ValueEnum};
use loop3d_bench::browser;
use loop3d_bench::capture::{self, FRAMES, HEIGHT};
use loop3d_bench::ceiling;
use loop3d_bench::child::Task;
use loop3d_bench::fit::FitCase;
use loop3d_bench::gpu;
use loop3d_bench::growth;
use loop3d_bench::input::ViewWindow;
use loop3d_bench::kernels::{self, Bench};
use loop3d_bench::report::Report;
use loop3d_bench::viewer;
use loop3d_scene::job::Unwatched;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Length of the measured loop: the published one.
const LOOP: usize = 50;
/// Rows of the images of a quick fit.
const QUICK_HEIGHT: u32 = 108;

/// Measures kernels and fits, prints tables and writes JSON.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench", args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    hidden: Option<Hidden>,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, Subcommand)]
enum Hidden {
    /// One piece of work, for the process that started this one.
    #[command(hide = true)]
    Child { task: String },
}

#[derive(Debug, clap::Args)]
struct Options {
    /// Fewer repetitions, smaller fits.
    #[arg(long)]
    quick: bool,
    /// A capture to take real input from [default: the sample, made in target/bench/].
    #[arg(long, value_name = "DIR")]
    views: Option<PathBuf>,
    /// The fitted scene that kernels and viewers are measured on [default: fitted on the first run].
    #[arg(long, value_name = "FILE")]
    scene: Option<PathBuf>,
    /// Measure one part only.
    #[arg(long, value_enum)]
    only: Option<Part>,
    /// Where to write all numbers [default: target/bench.json].
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Each kernel against libtorch, and against the machine.
    Kernels,
    /// A whole draft fit, by stage.
    Fit,
    /// Fits of growing captures.
    Growth,
    /// The GPU renderer against drawing whole planes, and a streamed loop.
    Viewer,
    /// The viewer in Chromium against the original project's way (needs `cargo xtask web`).
    Browser,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match &cli.hidden {
        Some(Hidden::Child { task }) => child(task),
        None => cli.options.run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn child(task: &str) -> Result<()> {
    let task: Task = serde_json::from_str(task).context("the child's task")?;
    println!("{}", task.run()?);
    Ok(())
}

impl Options {
    fn wants(&self, part: Part) -> bool {
        self.only.is_none_or(|only| only == part)
    }

    fn run(&self) -> Result<()> {
        let target = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("target");
        let folder = target.join("bench");
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let json = self.json.clone().unwrap_or_else(|| target.join("bench.json"));
        let dir = capture::prepare(self.views.as_deref(), &folder)?;

        let threads = rayon::current_num_threads();
        if self.wants(Part::Kernels) {
            // Finds the GPU before libtorch is used; whether there is one shows when it is measured.
            let _ = loop3d_optimizer::cuda::ready();
        }
        tch::set_num_threads(threads as i32);
        let mut report =
            Report { threads: (threads, tch::get_num_threads() as usize), quick: self.quick, ..Report::default() };
        // Each part is written when it is done: what was measured is kept if a later one fails.
        let mut scene = self.scene.clone();
        if self.wants(Part::Fit) {
            let case = self.case(&dir, &folder);
            scene = scene.or_else(|| case.scene.clone());
            report.fit = Some(Task::Fit(case).in_child()?);
            write(&report, &json)?;
        }
        if self.wants(Part::Kernels) {
            let scene = match &scene {
                Some(scene) => scene.clone(),
                None => fitted(&dir, &folder)?,
            };
            self.kernels(&mut report, &dir, &scene)?;
            write(&report, &json)?;
        }
        if self.wants(Part::Viewer) {
            let path = match &scene {
                Some(scene) => scene.clone(),
                None => fitted(&dir, &folder)?,
            };
            let (repetitions, seconds) = if self.quick { (3, 5.0) } else { (9, 20.0) };
            report.viewer = viewer::measure(loop3d_scene::load(path)?, repetitions, seconds)?;
            write(&report, &json)?;
        }
        if self.wants(Part::Browser) {
            let path = match scene {
                Some(scene) => scene,
                None => fitted(&dir, &folder)?,
            };
            report.browser = browser::measure(&loop3d_scene::load(path)?, &folder, self.quick)?;
            write(&report, &json)?;
        }
        if self.wants(Part::Growth) {
            report.growth = growth::measure(&dir, self.quick, if self.quick { 1 } else { 3 })?;
            write(&report, &json)?;
        }
        println!("{report}\nall numbers: {}", json.display());
        Ok(())
    }

    /// The fit that is measured by stage; a quick one leaves no scene, since kernels are measured at full size.
    fn case(&self, dir: &Path, folder: &Path) -> FitCase {
        let whole = whole_fit(dir, folder);
        if self.quick { FitCase { height: QUICK_HEIGHT, scene: None, ..whole } } else { whole }
    }

    fn kernels(&self, report: &mut Report, dir: &Path, path: &Path) -> Result<()> {
        let repetitions = if self.quick { 3 } else { 7 };
        let scene = loop3d_scene::load(path)?;
        let view_window = ViewWindow::new(&scene)?;
        let capture = capture::posed(dir, HEIGHT)?.load(&[view_window.view], &mut Unwatched)?;
        let clip = view_window.cut(&capture.views[0].clip, FRAMES);
        report.gpu = gpu::measure(&scene, &view_window, &clip, repetitions)?;
        // What runs libtorch on a GPU leaves it one thread here.
        tch::set_num_threads(rayon::current_num_threads() as i32);
        let ceiling = ceiling::measure(repetitions)?;
        report.ceiling = Some(ceiling);
        report.memory = kernels::memory(path)?;
        report.kernels = Bench::new(&scene, view_window, clip, repetitions, ceiling).run()?;
        Ok(())
    }
}

fn whole_fit(dir: &Path, folder: &Path) -> FitCase {
    let name = dir.file_name().unwrap_or(dir.as_os_str());
    let scene = folder.join(name).with_extension("loop3d");
    let capture = dir.to_owned();
    FitCase { capture, height: HEIGHT, views: None, clip_frames: FRAMES, frames: Some(LOOP), scene: Some(scene) }
}

/// The scene that kernels are measured on; fitted where an earlier run has not left it.
fn fitted(dir: &Path, folder: &Path) -> Result<PathBuf> {
    let case = whole_fit(dir, folder);
    let scene = case.scene.clone().context("a whole fit writes its scene")?;
    if scene.exists() {
        eprintln!("measuring kernels on {}, from an earlier run", scene.display());
    } else {
        eprintln!("fitting {} for the kernels", scene.display());
        Task::Fit(case).in_child::<serde_json::Value>()?;
    }
    Ok(scene)
}

fn write(report: &Report, path: &Path) -> Result<()> {
    let text = serde_json::to_string_pretty(report)? + "\n";
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn options(arguments: &[&str]) -> Options {
        Cli::try_parse_from([&["bench"], arguments].concat()).unwrap().options
    }

    #[test]
    fn arguments() {
        Cli::command().debug_assert();
        let all = options(&[]);
        assert!(
            !all.quick
                && [Part::Kernels, Part::Fit, Part::Growth, Part::Viewer, Part::Browser]
                    .into_iter()
                    .all(|part| all.wants(part))
        );
        let some = options(&["--quick", "--only", "growth", "--views", "a/b", "--json", "c.json"]);
        assert!(some.quick && some.wants(Part::Growth) && !some.wants(Part::Fit) && !some.wants(Part::Kernels));
        assert_eq!((some.views, some.json), (Some("a/b".into()), Some("c.json".into())));
        for wrong in [["--only", "everything"], ["--fast", "x"]] {
            Cli::try_parse_from(["bench", wrong[0], wrong[1]]).unwrap_err();
        }
    }

    #[test]
    fn a_quick_fit_is_small_and_leaves_no_scene() {
        let (dir, folder) = (Path::new("x/garden"), Path::new("t"));
        let whole = options(&[]).case(dir, folder);
        assert_eq!(whole.scene, Some("t/garden.loop3d".into()));
        let quick = options(&["--quick"]).case(dir, folder);
        assert!(quick.scene.is_none() && quick.height < whole.height);
    }

    #[test]
    fn a_child_gets_its_task_as_json() {
        let task = Task::Fit(whole_fit(Path::new("x"), Path::new("t")));
        let cli = Cli::try_parse_from(["bench", "child", &serde_json::to_string(&task).unwrap()]).unwrap();
        let Some(Hidden::Child { task: text }) = cli.hidden else { panic!("no child") };
        assert_eq!(serde_json::from_str::<Task>(&text).unwrap(), task);
    }
}
