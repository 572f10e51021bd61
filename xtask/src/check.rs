//! `cargo xtask test`: every check of the project. `.ci/run` calls exactly this.

use crate::options::Options;
use crate::process::{command, line, run};
use crate::setup;
use crate::timing::Timing;
use crate::web;
use anyhow::{Context, Result};
use std::path::Path;
use std::process::Command;

/// All optional features: checks and tests cover them.
const FEATURES: &str =
    "loop3d/torch,loop3d/cuda,loop3d/blocks,loop3d-bench/torch,loop3d-generator/torch,loop3d/service";

/// Sets up, then runs the checks up to the first that fails. `filters` go to the test programs.
///
/// # Errors
/// Names the step that failed.
pub fn run_all(root: &Path, filters: &[&str]) -> Result<()> {
    let mut timing = Timing::default();
    timing.step("setup", || setup::run(root, Options::TESTS))?;
    for (name, mut step) in steps(filters) {
        if name == TESTS {
            // The browser tests need it.
            println!("\n== browser viewer: cargo xtask web");
            timing.step("browser viewer", || web::for_tests(root))?;
        }
        timing.step(name, || {
            println!("\n== {name}: {}", line(&step));
            run(&mut step).with_context(|| format!("the step `{name}` failed"))
        })?;
    }
    println!("\nEvery check passed.\n{timing}");
    Ok(())
}

/// The step that runs the test programs.
const TESTS: &str = "tests";

/// The instructions that libtorch and its oneDNN sum with in tests: those of the machine of the generator's reference data. With wider
/// ones, sums come in another order, and parity to the last bit is off by 1e-6.
const REFERENCE_SUMS: [(&str, &str); 2] = [("ATEN_CPU_CAPABILITY", "avx2"), ("ONEDNN_MAX_CPU_ISA", "AVX2")];

/// The steps, the quickest first. All use the dev profile, so that torch-sys is compiled once.
fn steps(filters: &[&str]) -> Vec<(&'static str, Command)> {
    let workspace = |task: &str, options: &[&str]| {
        command("cargo", [&[task, "--workspace", "--features", FEATURES], options].concat())
    };
    let mut docs = workspace("doc", &["--no-deps"]);
    docs.env("RUSTDOCFLAGS", "-D warnings");
    let mut tests = workspace("test", &["--"]);
    tests.args(filters).envs(REFERENCE_SUMS);
    vec![
        ("format", command("cargo", ["fmt", "--all", "--check"])),
        ("clippy", workspace("clippy", &["--all-targets", "--", "-D", "warnings"])),
        ("docs", docs),
        (TESTS, tests),
        ("default build", command("cargo", ["check", "--workspace"])),
        ("without a viewer", command("cargo", ["check", "--package", "loop3d", "--no-default-features"])),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_reach_only_the_tests() {
        let lines: Vec<String> = steps(&["seam"]).iter().map(|(_, step)| line(step)).collect();
        let filtered: Vec<&String> = lines.iter().filter(|line| line.contains("seam")).collect();
        assert_eq!(filtered, [&format!("cargo test --workspace --features {FEATURES} -- seam")]);
    }

    #[test]
    fn everything_is_checked_with_all_features_and_with_the_default_ones() {
        let lines: Vec<String> = steps(&[]).iter().map(|(_, step)| line(step)).collect();
        assert_eq!(lines.iter().filter(|line| line.contains(FEATURES)).count(), 3);
        assert!(lines.contains(&"cargo check --workspace".to_owned()));
    }
}
