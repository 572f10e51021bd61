//! Compiling to wasm: with rustup's target, or where rustup cannot fetch it (Debian's mirrors), with Debian's own compiler.

use crate::process::{command, output, succeeds};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The target that browsers run.
const TARGET: &str = "wasm32-unknown-unknown";

/// Whether rustup has the target or can fetch it. With `dry_run` nothing is fetched.
pub fn is_rustups(dry_run: bool) -> bool {
    has_target() || !dry_run && succeeds(&mut command("rustup", ["target", "add", TARGET])) && has_target()
}

fn has_target() -> bool {
    let sysroot = output(&mut command("rustc", ["--print", "sysroot"]));
    sysroot.is_ok_and(|root| Path::new(root.trim()).join("lib/rustlib").join(TARGET).join("lib").is_dir())
}

/// The command that builds a library for the browser with one of its features, as small as possible. It has a target directory of its
/// own, since the compiler may be a different one. The result is at [`built`].
pub fn build(package: &str, feature: &str) -> Command {
    cargo_build(package, feature, has_target())
}

/// The wasm file of a library that [`build`] writes.
pub fn built(root: &Path, library: &str) -> PathBuf {
    root.join(target_folder()).join(TARGET).join("wasm").join(format!("{library}.wasm"))
}

fn target_folder() -> PathBuf {
    ["target", "wasm"].iter().collect()
}

fn cargo_build(package: &str, feature: &str, is_rustups: bool) -> Command {
    let words = ["build", "--package", package, "--features", feature, "--profile", "wasm", "--target", TARGET];
    let mut build = command("cargo", words);
    build.arg("--target-dir").arg(target_folder());
    // web-sys offers WebCodecs and WebGPU only with this.
    build.env("RUSTFLAGS", "--cfg=web_sys_unstable_apis");
    if !is_rustups {
        // Debian's compiler has no prebuilt standard library for this target, so it is built from source.
        build.args(["-Z", "build-std=std,panic_abort"]);
        build.env("RUSTC", "/usr/bin/rustc").env("RUSTC_BOOTSTRAP", "1");
        build.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", "/usr/bin/wasm-ld-22");
    }
    build
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::line;

    #[test]
    fn without_rustups_target_debians_compiler_builds_the_standard_library() {
        let build = "cargo build --package x --features y --profile wasm --target wasm32-unknown-unknown --target-dir target/wasm";
        assert_eq!(line(&cargo_build("x", "y", true)), build);
        let debians = cargo_build("x", "y", false);
        assert_eq!(line(&debians), format!("{build} -Z build-std=std,panic_abort"));
        assert!(debians.get_envs().any(|(name, value)| name == "RUSTC" && value == Some("/usr/bin/rustc".as_ref())));
        assert_eq!(cargo_build("x", "y", true).get_envs().count(), 1);
        assert_eq!(built(Path::new("r"), "x"), Path::new("r/target/wasm/wasm32-unknown-unknown/wasm/x.wasm"));
    }
}
