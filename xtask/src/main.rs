//! Tasks of this project: `cargo xtask <task>`. Builds without libtorch, since it is what fetches libtorch.
#![allow(clippy::print_stdout, reason = "a task talks to the person who started it")]

mod bench;
mod browser;
mod check;
mod demo;
mod libtorch;
mod nvrtc;
mod process;
mod setup;
mod system;
mod timing;
mod wasm;
mod web;
mod wheels;

use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const HELP: &str = "\
Usage: cargo xtask <task>

  setup [--cuda] [--dry-run]   everything a build and a run need: libtorch and NVRTC in .torch/, ffmpeg, a C++ compiler
                               --cuda: PyTorch's CUDA libraries too (3 GB); --dry-run: only say what would be done
  demo [--out DIR]             set-up, then the sample capture, its scene, a video and its metrics in DIR (out/)
  test [FILTER...]             set-up, then formatting, clippy, docs and every test (or those whose names contain a FILTER)
  web [--scene FILE]           set-up, then the browser viewer in web/dist; FILE: a package, becomes its scene
  bench [OPTION...]            set-up, then kernels against libtorch, a fit by stage, and how fits grow: tables, and
                               target/bench.json; `bench --help` has the options
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match task(&args.iter().map(String::as_str).collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn task(args: &[&str]) -> Result<()> {
    let root = workspace_root()?;
    let enter = || std::env::set_current_dir(&root).with_context(|| format!("cannot enter {}", root.display()));
    match args {
        ["setup", options @ ..] => {
            let options = setup::Options::parse(options)?;
            enter()?;
            setup::run(&root, options)
        }
        ["demo", options @ ..] => {
            let out = demo::out_folder(&root, options)?; // seen from the user's folder, so before that is left
            enter()?;
            demo::run_all(&root, &out)
        }
        ["test", filters @ ..] => {
            enter()?;
            check::run_all(&root, filters)
        }
        ["web", options @ ..] => {
            let scene = web::scene(options)?; // seen from the user's folder
            enter()?;
            setup::run(&root, setup::Options::default())?;
            web::run_all(&root, scene.as_deref())
        }
        ["bench", options @ ..] => bench::run_all(&root, options), // in the user's folder, where paths are seen from
        [] | ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            Ok(())
        }
        [unknown, ..] => bail!("no task `{unknown}`\n\n{HELP}"),
    }
}

/// The checkout that this task was built in.
fn workspace_root() -> Result<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    Ok(here.parent().with_context(|| format!("{} has no parent folder", here.display()))?.to_owned())
}
