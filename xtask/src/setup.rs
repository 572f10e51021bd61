//! `cargo xtask setup`: everything a build, a test and a run need.

use crate::{browser, libtorch, nvrtc, system, wasm};
use anyhow::{Result, bail};
use std::path::Path;

/// What to set up.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// PyTorch's CUDA libraries too.
    pub cuda: bool,
    /// COLMAP too, which `loop3d prepare` runs.
    pub colmap: bool,
    /// Only say what would be done.
    pub dry_run: bool,
}

impl Options {
    /// Reads the task's arguments.
    ///
    /// # Errors
    /// An unknown argument.
    pub fn parse(args: &[&str]) -> Result<Self> {
        let mut options = Self::default();
        for arg in args {
            match *arg {
                "--cuda" => options.cuda = true,
                "--colmap" => options.colmap = true,
                "--dry-run" => options.dry_run = true,
                other => bail!("setup: unknown argument `{other}`; known are --cuda, --colmap and --dry-run"),
            }
        }
        Ok(options)
    }
}

/// Programs first (pip fetches the rest), then libtorch and CUDA's run-time compiler. A second run finds everything in place and
/// changes nothing.
///
/// # Errors
/// Something is missing that this may not install, or a download failed.
pub fn run(root: &Path, options: Options) -> Result<()> {
    let download = !libtorch::in_place(root, options) || !nvrtc::in_place(root);
    system::ensure_programs(
        system::Wanted { download, colmap: options.colmap, wasm: !wasm::is_rustups(options.dry_run) },
        options.dry_run,
    )?;
    browser::ensure(root, options.dry_run);
    libtorch::ensure(root, options)?;
    nvrtc::ensure(root, options)
}
