//! The compiler for the browser: rustup's target, or where rustup has none (Debian's mirrors), Debian's own compiler beside it.

use crate::process::{command, output, succeeds};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What browsers run.
const TARGET: &str = "wasm32-unknown-unknown";

/// Whether rustup has the target or can fetch it. `dry_run`: nothing is fetched.
pub fn is_rustups(dry_run: bool) -> bool {
    has_target() || !dry_run && succeeds(&mut command("rustup", ["target", "add", TARGET])) && has_target()
}

fn has_target() -> bool {
    let sysroot = output(&mut command("rustc", ["--print", "sysroot"]));
    sysroot.is_ok_and(|root| Path::new(root.trim()).join("lib/rustlib").join(TARGET).join("lib").is_dir())
}

/// `cargo check` of a package for the browser, in a target directory of its own: the compiler may be another one.
pub fn check(package: &str) -> Command {
    cargo_check(package, has_target())
}

fn cargo_check(package: &str, is_rustups: bool) -> Command {
    let folder: PathBuf = ["target", "wasm"].iter().collect();
    let mut check = command("cargo", ["check", "--package", package, "--target", TARGET, "--target-dir"]);
    check.arg(folder);
    if !is_rustups {
        // Debian's compiler has no ready-made standard library for this target: it is built from source.
        check.args(["-Z", "build-std=std,panic_abort"]);
        check.env("RUSTC", "/usr/bin/rustc").env("RUSTC_BOOTSTRAP", "1");
    }
    check
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::line;

    #[test]
    fn without_rustups_target_debians_compiler_builds_the_standard_library() {
        let check = "cargo check --package x --target wasm32-unknown-unknown --target-dir target/wasm";
        assert_eq!(line(&cargo_check("x", true)), check);
        let debians = cargo_check("x", false);
        assert_eq!(line(&debians), format!("{check} -Z build-std=std,panic_abort"));
        assert!(debians.get_envs().any(|(name, value)| name == "RUSTC" && value == Some("/usr/bin/rustc".as_ref())));
        assert_eq!(cargo_check("x", true).get_envs().count(), 0);
    }
}
