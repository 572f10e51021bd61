//! Tasks of this project: `cargo xtask <task>`. Builds without libtorch, since it is what fetches libtorch.
#![allow(clippy::print_stdout, reason = "a task talks to the person who started it")]

mod libtorch;
mod process;
mod setup;
mod system;

use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const HELP: &str = "\
Usage: cargo xtask <task>

  setup [--cuda] [--dry-run]   everything a build and a run need: libtorch in .torch/, ffmpeg, a C++ compiler
                               --cuda: PyTorch's CUDA libraries too (3 GB); --dry-run: only say what would be done
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
    std::env::set_current_dir(&root).with_context(|| format!("cannot enter {}", root.display()))?;
    match args {
        ["setup", options @ ..] => setup::run(&root, setup::Options::parse(options)?),
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
