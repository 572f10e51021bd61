//! `cargo xtask bench`: the program of the crate `loop3d-bench`, in release.

use crate::options::Options;
use crate::process::{command, run};
use crate::setup;
use anyhow::Result;
use std::path::Path;
use std::process::Command;

/// Sets up, builds the program and runs it. The program reads `options` itself.
///
/// # Errors
/// A step failed.
pub fn run_all(root: &Path, options: &[&str]) -> Result<()> {
    setup::run(root, Options::BENCH)?;
    println!("building and running the measurements");
    run(&mut program(root, options))
}

fn program(root: &Path, options: &[&str]) -> Command {
    let mut program = command("cargo", ["run", "--release", "--package", "loop3d-bench", "--features", "torch"]);
    program.arg("--manifest-path").arg(root.join("Cargo.toml")).arg("--").args(options);
    program
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::line;

    #[test]
    fn options_reach_the_program() {
        assert_eq!(
            line(&program(Path::new("/x"), &["--only", "fit"])),
            "cargo run --release --package loop3d-bench --features torch --manifest-path /x/Cargo.toml -- --only fit"
        );
    }
}
