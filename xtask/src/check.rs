//! `cargo xtask test`: every check of the project. `.ci/run` calls exactly this.

use crate::process::{command, line, run};
use crate::setup;
use crate::timing::Timing;
use crate::web;
use anyhow::{Context, Result};
use std::path::Path;
use std::process::Command;

/// Sets up, then runs the checks, quickest first, up to the first that fails. All use the dev profile, so that what links
/// libtorch is compiled once. `filters` go to the test programs.
///
/// # Errors
/// Names the step that failed.
pub fn run_all(root: &Path, filters: &[&str]) -> Result<()> {
    let mut timing = Timing::default();
    timing.step("set-up", || setup::run(root, setup::Options::default()))?;
    for (name, mut step) in steps(filters) {
        if name == TESTS {
            // The tests in a browser look at it.
            println!("\n== for the browser: cargo xtask web");
            timing.step("for the browser", || web::for_tests(root))?;
        }
        timing.step(name, || {
            println!("\n== {name}: {}", line(&step));
            run(&mut step).with_context(|| format!("the step `{name}` failed"))
        })?;
    }
    println!("\nEvery check passed.\n{timing}");
    Ok(())
}

/// The step of the test programs.
const TESTS: &str = "tests";

fn steps(filters: &[&str]) -> Vec<(&'static str, Command)> {
    let mut docs = command("cargo", ["doc", "--workspace", "--no-deps"]);
    docs.env("RUSTDOCFLAGS", "-D warnings");
    let mut tests = command("cargo", ["test", "--workspace", "--"]);
    tests.args(filters);
    vec![
        ("format", command("cargo", ["fmt", "--all", "--check"])),
        ("clippy", command("cargo", ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])),
        ("docs", docs),
        (TESTS, tests),
        ("without libtorch", command("cargo", ["check", "--package", "loop3d", "--no-default-features"])),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_reach_only_the_tests() {
        let lines: Vec<String> = steps(&["seam"]).iter().map(|(_, step)| line(step)).collect();
        let filtered: Vec<&String> = lines.iter().filter(|line| line.contains("seam")).collect();
        assert_eq!(filtered, ["cargo test --workspace -- seam"]);
    }
}
