//! `cargo xtask demo`: fits, measures and renders the sample capture, with the commands that a newcomer would type.

use crate::options::Options;
use crate::process::{command, line, output, run};
use crate::setup;
use crate::timing::Timing;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The held-out view; its truth comes with the sample.
const HELD_OUT: usize = 4;

/// Where the demo reads and writes.
struct Places {
    capture: PathBuf,
    truth: PathBuf,
    scene: PathBuf,
    video: PathBuf,
    table: PathBuf,
}

impl Places {
    fn new(out: &Path) -> Self {
        let capture = out.join("sample");
        Self {
            truth: capture.join(format!("truth/{HELD_OUT:04}.mp4")),
            capture,
            scene: out.join("sample.loop3d"),
            video: out.join("sample.mp4"),
            table: out.join("sample.metrics.txt"),
        }
    }

    /// Whether the sample is complete: the later steps need the poses and the truth of the held-out view.
    fn sampled(&self) -> bool {
        self.capture.join("poses_bounds.npy").exists() && self.truth.exists()
    }
}

/// Reads `[--out DIR]` [default: `out/` in the checkout].
///
/// # Errors
/// An unknown argument, or no folder after `--out`.
pub fn out_folder(root: &Path, args: &[&str]) -> Result<PathBuf> {
    match args {
        [] => Ok(root.join("out")),
        ["--out", folder] => std::path::absolute(folder).with_context(|| format!("--out {folder}")),
        _ => bail!("demo: found `{}`, expected nothing or `--out DIR`", args.join(" ")),
    }
}

/// Sets up, builds, and makes the sample, its scene, its video and its metrics.
///
/// # Errors
/// A step failed.
pub fn run_all(root: &Path, out: &Path) -> Result<()> {
    let mut timing = Timing::default();
    timing.step("setup", || setup::run(root, Options::default()))?;
    timing.step("build", || run(&mut command("cargo", ["build", "--release", "--package", "loop3d"])))?;

    // Prints short paths: the current folder is the checkout.
    let places = Places::new(out.strip_prefix(root).unwrap_or(out));
    fs::create_dir_all(out).with_context(|| format!("cannot make {}", out.display()))?;
    if places.sampled() {
        println!("{} exists already; remove it to make it again", places.capture.display());
    } else {
        timing.step("sample", || run(&mut part(sample(&places))))?;
    }
    timing.step("fit", || run(&mut part(fit(&places))))?;
    timing.step("eval", || {
        let table = output(&mut part(eval(&places)))?;
        println!("{table}");
        fs::write(&places.table, table).with_context(|| format!("cannot write {}", places.table.display()))
    })?;
    timing.step("render", || run(&mut part(render(&places))))?;

    println!("\n{timing}");
    println!("scene    {}", places.scene.display());
    println!("video    {}", places.video.display());
    println!("metrics  {}", places.table.display());
    println!("\nLook around in it: target/release/loop3d view {}", places.scene.display());
    Ok(())
}

/// Prints the command line of a step.
fn part(command: Command) -> Command {
    // A user of the installed command types what follows cargo's `--`.
    let line = line(&command);
    println!("\n$ loop3d {}", line.split_once(" -- ").map_or(&*line, |(_, own)| own));
    command
}

fn loop3d() -> Command {
    command("cargo", ["run", "--quiet", "--release", "--package", "loop3d", "--"])
}

fn sample(places: &Places) -> Command {
    let mut part = loop3d();
    part.arg("sample").arg(&places.capture);
    part
}

fn fit(places: &Places) -> Command {
    let mut part = loop3d();
    part.arg("fit").arg("--views").arg(&places.capture);
    part.args(["--hold-out", &HELD_OUT.to_string(), "--preset", "draft", "-o"]).arg(&places.scene);
    part
}

fn eval(places: &Places) -> Command {
    let mut part = loop3d();
    part.arg("eval").arg(&places.scene).arg("--views").arg(&places.capture).arg("--truth").arg(&places.truth);
    part
}

fn render(places: &Places) -> Command {
    let mut part = loop3d();
    part.arg("render").arg(&places.scene).arg("-o").arg(&places.video);
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_what_the_readme_says() {
        let places = Places::new(Path::new("out"));
        let typed =
            [sample, fit, eval, render].map(|part| line(&part(&places)).split_once(" -- ").unwrap().1.to_owned());
        assert_eq!(
            typed,
            [
                "sample out/sample",
                "fit --views out/sample --hold-out 4 --preset draft -o out/sample.loop3d",
                "eval out/sample.loop3d --views out/sample --truth out/sample/truth/0004.mp4",
                "render out/sample.loop3d -o out/sample.mp4",
            ]
        );
    }

    #[test]
    fn the_out_folder_is_the_one_given_or_that_of_the_checkout() {
        let root = Path::new("/checkout");
        assert_eq!(out_folder(root, &[]).unwrap(), Path::new("/checkout/out"));
        assert_eq!(out_folder(root, &["--out", "/tmp/x"]).unwrap(), Path::new("/tmp/x"));
        assert_eq!(
            out_folder(root, &["--out"]).unwrap_err().to_string(),
            "demo: found `--out`, expected nothing or `--out DIR`"
        );
    }
}
