//! libtorch in `.torch/`, from the wheels of PyTorch on PyPI: no account, no other download site.
//!
//! - `.torch/libtorch/`: the CPU's half, what builds link. `libtorch_cuda.so` stays out: torch-sys links CUDA as soon as it sees
//!   that file, and then every machine would need cuDNN, NCCL and the rest.
//! - `.torch/cuda/` (`--cuda` only): PyTorch whole with its NVIDIA libraries, of the same version. A program built against the
//!   first folder opens `libtorch_cuda.so` there by its name (rpath of `optimizer/build.rs`) before it makes its first tensor.
//!
//! Each folder is made under another name and renamed when whole, with a stamp that names what it was made from.

use crate::process::{command, line, run};
use crate::setup::Options;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The version that the crate `tch` of the root Cargo.toml wants.
const TORCH: &str = "torch==2.11.0";
/// The versions that this torch was built with; its CPU library asks for these two even where there is no GPU.
const CUPTI: &str = "nvidia-cuda-cupti==13.0.85";
const CUDART: &str = "nvidia-cuda-runtime==13.0.96";
/// Changes when the folders' layout does, so that an old folder is made anew.
const LAYOUT: &str = "layout 1";

/// Wheels are chosen for this machine's kind and one Python version, whatever python3 runs pip: only C++ libraries are taken
/// from them.
const WHEEL_CHOICE: &[&str] = &[
    "--only-binary=:all:",
    "--python-version=3.11",
    "--implementation=cp",
    "--platform=manylinux_2_28_x86_64",
    "--platform=manylinux_2_27_x86_64",
    "--platform=manylinux_2_25_x86_64",
    "--platform=manylinux_2_17_x86_64",
    "--platform=manylinux2014_x86_64",
    "--platform=any",
];

/// Members of the wheels and where they go; a trailing slash means a whole folder.
const MEMBERS: &[(&str, &str)] = &[
    ("torch/include/", "include/"),
    ("torch/lib/libtorch_cpu.so", "lib/libtorch_cpu.so"),
    ("torch/lib/libc10.so", "lib/libc10.so"),
    ("torch/lib/libgomp.so.1", "lib/libgomp.so.1"),
    ("nvidia/cu13/lib/libcupti.so.13", "lib/libcupti.so.13"),
    ("nvidia/cu13/lib/libcudart.so.13", "lib/libcudart.so.13"),
];

/// Takes a folder of wheels, a target folder, and pairs of member and target. With python3's own zipfile, because a bare machine has no unzip program.
const UNPACK: &str = r#"
import os, shutil, sys, zipfile
wheels, target, members = sys.argv[1], sys.argv[2], sys.argv[3:]
left = dict(zip(members[0::2], members[1::2]))
for wheel in sorted(os.listdir(wheels)):
    with zipfile.ZipFile(os.path.join(wheels, wheel)) as archive:
        names = archive.namelist()
        for member in list(left):
            whole = member.endswith("/")
            found = [n for n in names if not n.endswith("/") and (n.startswith(member) if whole else n == member)]
            for name in found:
                path = os.path.join(target, left[member] + name[len(member):])
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with archive.open(name) as source, open(path, "wb") as sink:
                    shutil.copyfileobj(source, sink, 1 << 20)
            if found:
                del left[member]
if left:
    sys.exit("not found in the downloaded wheels: " + ", ".join(left))
"#;

/// Whether nothing has to be fetched: the folders are whole, or the user has a libtorch of their own.
pub fn in_place(root: &Path, options: Options) -> bool {
    let cuda = !options.cuda || stamped(&cuda_folder(root), &cuda_stamp());
    cuda && (own_libtorch(root).is_some() || stamped(&cpu_folder(root), &cpu_stamp()))
}

/// Puts libtorch in place, or does nothing where it is.
///
/// # Errors
/// This kind of machine has no wheels, a download failed, or `.torch/` cannot be written.
pub fn ensure(root: &Path, options: Options) -> Result<()> {
    if let Some(own) = own_libtorch(root) {
        println!("libtorch: yours is used, {own}");
        if options.cuda {
            bail!("--cuda fills .torch/, which {own} replaces: unset it, or give that libtorch CUDA yourself");
        }
        return Ok(());
    }
    if in_place(root, options) {
        println!("libtorch: in place, {}", root.join(".torch").display());
        return Ok(());
    }
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        bail!(
            "libtorch is fetched for Linux on x86-64 only, and this is {} on {}. Here, install PyTorch 2.11.0 (`pip install {TORCH}`) and \
             set LIBTORCH_USE_PYTORCH=1, or unpack a libtorch 2.11.0 and set LIBTORCH to its folder",
            std::env::consts::OS,
            std::env::consts::ARCH
        );
    }
    if options.dry_run {
        return plan(root, options);
    }
    let torch = root.join(".torch");
    fs::create_dir_all(&torch).with_context(|| format!("cannot make {}", torch.display()))?;
    let lock = fs::File::create(torch.join("lock")).context("cannot make .torch/lock")?;
    lock.lock().context("cannot lock .torch/lock")?; // another set-up may be running; it ends when the file closes
    if !stamped(&cpu_folder(root), &cpu_stamp()) {
        fetch_cpu(root).context("libtorch for the CPU")?;
    }
    if options.cuda && !stamped(&cuda_folder(root), &cuda_stamp()) {
        fetch_cuda(root).context("PyTorch's CUDA libraries")?;
    }
    Ok(())
}

fn fetch_cpu(root: &Path) -> Result<()> {
    println!("libtorch: fetching {TORCH} (550 MB) for {}", cpu_folder(root).display());
    let new = root.join(".torch/libtorch.new");
    let wheels = new.join("wheels");
    remove(&new)?; // what an interrupted run left
    fs::create_dir_all(&wheels).with_context(|| format!("cannot make {}", wheels.display()))?;
    fetch(&mut download(&wheels))?;
    println!("libtorch: unpacking");
    unpack(&wheels, &new, MEMBERS)?;
    link_name(&new)?;
    remove(&wheels)?;
    // torch-sys compares this with the version it wants.
    fs::write(new.join("build-version"), TORCH.trim_start_matches("torch==")).context("cannot write build-version")?;
    finish(&new, &cpu_folder(root), &cpu_stamp())
}

fn unpack(wheels: &Path, target: &Path, members: &[(&str, &str)]) -> Result<()> {
    let mut python = command("python3", ["-c", UNPACK]);
    python.arg(wheels).arg(target).args(members.iter().flat_map(|(member, place)| [member, place]));
    // Not process::run: its error would print the whole script.
    let status = python.status().context("cannot start python3")?;
    if !status.success() {
        bail!(
            "the wheels of {} could not be unpacked into {} (python's reason is above)",
            wheels.display(),
            target.display()
        );
    }
    Ok(())
}

fn fetch_cuda(root: &Path) -> Result<()> {
    println!("libtorch: fetching {TORCH} with CUDA (3 GB) for {}", cuda_folder(root).display());
    let new = root.join(".torch/cuda.new");
    remove(&new)?;
    fetch(&mut install(&new))?;
    let library = new.join("torch/lib/libtorch_cuda.so");
    if !library.exists() {
        bail!("pip ended well, but {} is not there", library.display());
    }
    finish(&new, &cuda_folder(root), &cuda_stamp())
}

/// pip, with an error that says what usually is the matter.
fn fetch(pip: &mut Command) -> Result<()> {
    run(pip).context("the download failed: is this machine online, and does its pip reach PyPI or a mirror of it?")
}

fn download(wheels: &Path) -> Command {
    let mut pip =
        command("python3", ["-m", "pip", "download", "--no-deps", "--no-cache-dir", "--disable-pip-version-check"]);
    pip.args(WHEEL_CHOICE).arg("--dest").arg(wheels).args([TORCH, CUPTI, CUDART]);
    pip
}

/// With `--target`, pip leaves the system's Python alone, so a Python that is "externally managed" does not object.
fn install(target: &Path) -> Command {
    let mut pip =
        command("python3", ["-m", "pip", "install", "--no-cache-dir", "--no-compile", "--disable-pip-version-check"]);
    pip.args(WHEEL_CHOICE).arg("--target").arg(target).arg(TORCH);
    pip
}

/// The linker looks for `libtorch.so`; the wheel's own one would pull in CUDA.
fn link_name(folder: &Path) -> Result<()> {
    #[cfg(unix)]
    std::os::unix::fs::symlink("libtorch_cpu.so", folder.join("lib/libtorch.so"))
        .context("cannot link lib/libtorch.so")?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

fn finish(new: &Path, folder: &Path, stamp: &str) -> Result<()> {
    fs::write(new.join("stamp"), stamp).with_context(|| format!("cannot write {}/stamp", new.display()))?;
    remove(folder)?; // of an older version
    fs::rename(new, folder).with_context(|| format!("cannot rename {} to {}", new.display(), folder.display()))?;
    println!("libtorch: done, {}", folder.display());
    Ok(())
}

fn plan(root: &Path, options: Options) -> Result<()> {
    if !stamped(&cpu_folder(root), &cpu_stamp()) {
        println!(
            "would make {}:\n  {}",
            cpu_folder(root).display(),
            line(&download(&root.join(".torch/libtorch.new/wheels")))
        );
        MEMBERS.iter().for_each(|(member, target)| println!("  {target} from {member}"));
        println!("  lib/libtorch.so -> libtorch_cpu.so");
    }
    if options.cuda && !stamped(&cuda_folder(root), &cuda_stamp()) {
        println!("would make {}:\n  {}", cuda_folder(root).display(), line(&install(&root.join(".torch/cuda.new"))));
        println!("  torch/lib/libtorch_cuda.so there is what programs open by its name");
    }
    Ok(())
}

/// The user's own libtorch, as the variable that names it. Cargo sets LIBTORCH to the folder of this module where the user has
/// none (`.cargo/config.toml`), so that value is not theirs.
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

fn stamped(folder: &Path, stamp: &str) -> bool {
    fs::read_to_string(folder.join("stamp")).is_ok_and(|found| found == stamp)
}

fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A fresh folder of this test's own.
    fn scratch(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("loop3d-xtask-{}-{name}", std::process::id()));
        remove(&folder).unwrap();
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    /// A wheel with a library of three bytes and a header two folders deep.
    fn wheels(folder: &Path) -> PathBuf {
        let wheels = folder.join("wheels");
        fs::create_dir(&wheels).unwrap();
        let script = "import sys, zipfile\n\
            with zipfile.ZipFile(sys.argv[1], 'w') as z:\n\
            \x20 z.writestr('torch/lib/a.so', 'abc'); z.writestr('torch/include/', ''); z.writestr('torch/include/x/y.h', 'h')";
        run(command("python3", ["-c", script]).arg(wheels.join("a.whl"))).unwrap();
        wheels
    }

    #[test]
    fn members_land_where_told() {
        let folder = scratch("unpack");
        unpack(&wheels(&folder), &folder, &[("torch/lib/a.so", "lib/b.so"), ("torch/include/", "include/")]).unwrap();
        assert_eq!(fs::read(folder.join("lib/b.so")).unwrap(), b"abc");
        assert_eq!(fs::read(folder.join("include/x/y.h")).unwrap(), b"h");
        remove(&folder).unwrap();
    }

    #[test]
    fn a_missing_member_is_an_error() {
        let folder = scratch("missing");
        let error = unpack(&wheels(&folder), &folder, &[("torch/lib/other.so", "lib/other.so")]).unwrap_err();
        assert!(error.to_string().contains("could not be unpacked"), "{error}");
        remove(&folder).unwrap();
    }

    #[test]
    fn a_finished_folder_replaces_an_older_one_and_is_recognised_by_its_stamp() {
        let folder = scratch("stamp");
        let (new, place) = (folder.join("new"), folder.join("place"));
        fs::create_dir_all(place.join("old")).unwrap();
        fs::create_dir(&new).unwrap();
        fs::write(place.join("stamp"), "version 1").unwrap();
        assert!(!stamped(&place, "version 2"));
        finish(&new, &place, "version 2").unwrap();
        assert!(stamped(&place, "version 2"));
        assert!(!place.join("old").exists() && !new.exists());
        remove(&folder).unwrap();
    }

    #[test]
    fn the_pinned_crate_is_the_one_for_this_torch() {
        // tch 0.24.0 is made for libtorch 2.11.0; who moves one of them is to move the other.
        let manifest = include_str!("../../Cargo.toml");
        assert!(
            manifest.contains("tch = { version = \"=0.24.0\"")
                && manifest.contains("torch-sys = { version = \"=0.24.0\"")
        );
        assert_eq!(TORCH, "torch==2.11.0");
    }
}
