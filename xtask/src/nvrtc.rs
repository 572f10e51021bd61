//! NVRTC, CUDA's run-time compiler, in `.torch/nvrtc/`. It compiles our CUDA kernels to PTX: for a GPU, and in a test that needs
//! none.

use crate::options::Options;
use crate::process::line;
use crate::wheels::{self, download, fetch, finish, remove, stamped, unpack};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// The version of the CUDA that libtorch was built with (see `libtorch.rs`).
const NVRTC: &str = "nvidia-cuda-nvrtc==13.0.88";
/// The compiler and the library that it opens by name.
const MEMBERS: &[(&str, &str)] = &[
    ("nvidia/cu13/lib/libnvrtc.so.13", "lib/libnvrtc.so.13"),
    ("nvidia/cu13/lib/libnvrtc-builtins.so.13.0", "lib/libnvrtc-builtins.so.13.0"),
];

/// Whether nothing has to be downloaded.
pub fn in_place(root: &Path) -> bool {
    !wheels::HERE || stamped(&folder(root), NVRTC)
}

/// Puts the compiler in place unless it is there. On other kinds of machines it is left out, and tests that need it say so.
///
/// # Errors
/// The download failed, or `.torch/` cannot be written.
pub fn ensure(root: &Path, options: Options) -> Result<()> {
    if !wheels::HERE {
        println!("nvrtc: downloaded for Linux on x86-64 only; tests that need it will say that they did not run");
        return Ok(());
    }
    if in_place(root) {
        println!("nvrtc: in place, {}", folder(root).display());
        return Ok(());
    }
    let new = root.join(".torch/nvrtc.new");
    if options.dry_run {
        println!("would make {}:\n  {}", folder(root).display(), line(&download(&new.join("wheels"), &[NVRTC])));
        MEMBERS.iter().for_each(|(member, target)| println!("  {target} from {member}"));
        return Ok(());
    }
    let _lock = wheels::lock(root)?;
    if in_place(root) {
        return Ok(()); // another setup made it meanwhile
    }
    println!("nvrtc: downloading {NVRTC} (90 MB) to {}", folder(root).display());
    let wheels = wheels::start(&new)?;
    fetch(&mut download(&wheels, &[NVRTC])).context("CUDA's run-time compiler")?;
    unpack(&wheels, &new, MEMBERS)?;
    remove(&wheels)?;
    finish(&new, &folder(root), NVRTC)
}

fn folder(root: &Path) -> PathBuf {
    root.join(".torch/nvrtc")
}
