//! libtorch in `.torch/`, from the PyTorch wheels on PyPI: no account and no other download site is needed.
//!
//! - `.torch/libtorch/`: the CPU libraries, which builds link. `libtorch_cuda.so` is left out: torch-sys links CUDA as soon as it
//!   sees that file, and then every machine would need cuDNN, NCCL and the rest.
//! - `.torch/cuda/` (`--cuda` only): all of PyTorch with its NVIDIA libraries, of the same version. A program built against the
//!   first folder opens `libtorch_cuda.so` there by name (through its rpath) before it makes its first tensor.

use crate::options::Options;
use crate::process::{command, line};
use crate::wheels::{self, WHEEL_CHOICE, download, fetch, finish, remove, stamped, unpack};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The version for the crate `tch` in the root Cargo.toml.
const TORCH: &str = "torch==2.11.0";
/// The versions that this torch was built with; its CPU library needs both even without a GPU.
const CUPTI: &str = "nvidia-cuda-cupti==13.0.85";
const CUDART: &str = "nvidia-cuda-runtime==13.0.96";
const PACKAGES: &[&str] = &[TORCH, CUPTI, CUDART];
/// Changes with the layout of the folders, so that an old folder is replaced.
const LAYOUT: &str = "layout 1";

/// Members of the wheels, and where they go.
const MEMBERS: &[(&str, &str)] = &[
    ("torch/include/", "include/"),
    ("torch/lib/libtorch_cpu.so", "lib/libtorch_cpu.so"),
    ("torch/lib/libc10.so", "lib/libc10.so"),
    ("torch/lib/libgomp.so.1", "lib/libgomp.so.1"),
    ("nvidia/cu13/lib/libcupti.so.13", "lib/libcupti.so.13"),
    ("nvidia/cu13/lib/libcudart.so.13", "lib/libcudart.so.13"),
];

/// Whether nothing has to be downloaded: the folders are complete, or the user has a libtorch of their own.
pub fn in_place(root: &Path, options: Options) -> bool {
    let cuda = !options.cuda || stamped(&cuda_folder(root), &cuda_stamp());
    cuda && (own_libtorch(root).is_some() || stamped(&cpu_folder(root), &cpu_stamp()))
}

/// Puts libtorch in place unless it is there.
///
/// # Errors
/// There are no wheels for this kind of machine, a download failed, or `.torch/` cannot be written.
pub fn ensure(root: &Path, options: Options) -> Result<()> {
    if let Some(own) = own_libtorch(root) {
        println!("libtorch: using yours, {own}");
        if options.cuda {
            bail!(
                "--cuda fills .torch/, which is not used because of {own}; unset it, or add CUDA to that libtorch yourself"
            );
        }
        return Ok(());
    }
    if in_place(root, options) {
        println!("libtorch: in place, {}", root.join(".torch").display());
        return Ok(());
    }
    if !wheels::HERE {
        bail!(
            "libtorch is downloaded for Linux on x86-64 only, and this is {} on {}. Install PyTorch 2.11.0 (`pip install {TORCH}`) and set \
             LIBTORCH_USE_PYTORCH=1, or unpack libtorch 2.11.0 and set LIBTORCH to its folder",
            std::env::consts::OS,
            std::env::consts::ARCH
        );
    }
    if options.dry_run {
        return plan(root, options);
    }
    let _lock = wheels::lock(root)?; // another setup may be running
    if !stamped(&cpu_folder(root), &cpu_stamp()) {
        fetch_cpu(root).context("libtorch for the CPU")?;
    }
    if options.cuda && !stamped(&cuda_folder(root), &cuda_stamp()) {
        fetch_cuda(root).context("PyTorch's CUDA libraries")?;
    }
    Ok(())
}

fn fetch_cpu(root: &Path) -> Result<()> {
    println!("libtorch: downloading {TORCH} (550 MB) to {}", cpu_folder(root).display());
    let new = root.join(".torch/libtorch.new");
    let wheels = wheels::start(&new)?;
    fetch(&mut download(&wheels, PACKAGES))?;
    println!("libtorch: unpacking");
    unpack(&wheels, &new, MEMBERS)?;
    link_name(&new)?;
    remove(&wheels)?;
    // torch-sys compares this with the version it wants.
    fs::write(new.join("build-version"), TORCH.trim_start_matches("torch==")).context("cannot write build-version")?;
    finish(&new, &cpu_folder(root), &cpu_stamp())
}

fn fetch_cuda(root: &Path) -> Result<()> {
    println!("libtorch: downloading {TORCH} with CUDA (3 GB) to {}", cuda_folder(root).display());
    let new = root.join(".torch/cuda.new");
    remove(&new)?;
    fetch(&mut install(&new))?;
    let library = new.join("torch/lib/libtorch_cuda.so");
    if !library.exists() {
        bail!("pip succeeded, but {} is missing", library.display());
    }
    finish(&new, &cuda_folder(root), &cuda_stamp())
}

/// With `--target`, pip leaves the system's Python alone, so a Python that is "externally managed" does not object.
fn install(target: &Path) -> Command {
    let mut pip =
        command("python3", ["-m", "pip", "install", "--no-cache-dir", "--no-compile", "--disable-pip-version-check"]);
    pip.args(WHEEL_CHOICE).arg("--target").arg(target).arg(TORCH);
    pip
}

/// The linker looks for `libtorch.so`; the one in the wheel would pull in CUDA.
fn link_name(folder: &Path) -> Result<()> {
    #[cfg(unix)]
    std::os::unix::fs::symlink("libtorch_cpu.so", folder.join("lib/libtorch.so"))
        .context("cannot link lib/libtorch.so")?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

fn plan(root: &Path, options: Options) -> Result<()> {
    if !stamped(&cpu_folder(root), &cpu_stamp()) {
        println!(
            "would make {}:\n  {}",
            cpu_folder(root).display(),
            line(&download(&root.join(".torch/libtorch.new/wheels"), PACKAGES))
        );
        MEMBERS.iter().for_each(|(member, target)| println!("  {target} from {member}"));
        println!("  lib/libtorch.so -> libtorch_cpu.so");
    }
    if options.cuda && !stamped(&cuda_folder(root), &cuda_stamp()) {
        println!("would make {}:\n  {}", cuda_folder(root).display(), line(&install(&root.join(".torch/cuda.new"))));
        println!("  programs open torch/lib/libtorch_cuda.so there by name");
    }
    Ok(())
}

/// The user's own libtorch, as the variable that names it. If the user has none, cargo sets LIBTORCH to the folder of this module
/// (`.cargo/config.toml`), which does not count.
fn own_libtorch(root: &Path) -> Option<String> {
    if let Some(value) = std::env::var_os("LIBTORCH_USE_PYTORCH") {
        return Some(format!("LIBTORCH_USE_PYTORCH={}", value.display()));
    }
    let value = std::env::var_os("LIBTORCH")?;
    (Path::new(&value) != cpu_folder(root)).then(|| format!("LIBTORCH={}", value.display()))
}

fn cpu_folder(root: &Path) -> PathBuf {
    root.join(".torch/libtorch")
}

fn cuda_folder(root: &Path) -> PathBuf {
    root.join(".torch/cuda")
}

fn cpu_stamp() -> String {
    format!("{TORCH} {CUPTI} {CUDART} {LAYOUT}\n")
}

fn cuda_stamp() -> String {
    format!("{TORCH} {LAYOUT}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pinned_crate_is_the_one_for_this_torch() {
        // tch 0.24.0 is made for libtorch 2.11.0: both versions change together.
        let manifest = include_str!("../../Cargo.toml");
        assert!(
            manifest.contains("tch = { version = \"=0.24.0\"")
                && manifest.contains("torch-sys = { version = \"=0.24.0\"")
        );
        assert_eq!(TORCH, "torch==2.11.0");
    }
}
