//! Tasks of this project: `cargo xtask <task>`. This crate builds without libtorch, because it is what downloads libtorch.
#![allow(clippy::print_stdout, reason = "a task talks to the person who started it")]

mod animation;
mod bench;
mod browser;
mod check;
mod demo;
mod deploy;
mod dist;
mod help;
mod libraries;
mod libtorch;
mod licences;
mod options;
mod process;
mod setup;
mod system;
mod timing;
mod wasm;
mod web;
mod wheels;

use anyhow::{Context, Result, bail};
use options::Options;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

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
    if let Some(text) = help::asked(args) {
        print!("{text}");
        return Ok(());
    }
    match args {
        ["setup", options @ ..] => {
            let options = Options::parse(options)?;
            enter()?;
            setup::run(&root, options)
        }
        ["demo", options @ ..] => {
            let demo = demo::Demo::parse(&root, options)?; // relative to the user's folder, so before that is left
            enter()?;
            demo.run(&root)
        }
        ["test", filters @ ..] => {
            enter()?;
            check::run_all(&root, filters)
        }
        ["web", options @ ..] => {
            let scene = web::scene(options)?.or_else(|| web::of_demo(&root)); // relative to the user's folder
            enter()?;
            setup::run(&root, Options::WEB)?;
            web::run_all(&root, scene.as_deref())
        }
        ["dist"] => {
            enter()?;
            dist::run_all(&root)
        }
        ["check-deploy"] => {
            enter()?;
            deploy::run_all(&root)
        }
        ["readme-animation", options @ ..] => {
            let scene = animation::scene(&root, options)?; // relative to the user's folder
            enter()?;
            animation::run_all(&root, &scene)
        }
        ["bench", options @ ..] => bench::run_all(&root, options), // in the user's folder, which its paths are relative to
        [unknown, ..] => bail!("unknown task `{unknown}`\n\n{}", help::all()),
        [] => bail!("no task\n\n{}", help::all()),
    }
}

/// The checkout that this task was built in.
fn workspace_root() -> Result<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    Ok(here.parent().with_context(|| format!("{} has no parent folder", here.display()))?.to_owned())
}
