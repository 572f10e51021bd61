//! `cargo xtask dist`: what people download, for x86-64 Linux with glibc 2.28 or newer.

use crate::options::Options;
use crate::process::{command, line, output, run};
use crate::{licences, setup, web, wheels};
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Links for this glibc, the one of Debian 10 and RHEL 8, whatever this machine has.
const TARGET: &str = "x86_64-unknown-linux-gnu";
const GLIBC: &str = "2.28";
/// zig as a linker, and what makes cargo use it.
const TOOLS: [&str; 2] = ["cargo-zigbuild==0.23.0", "ziglang==0.17.1"];
/// With the client of video services, and without libtorch: the archive needs nothing but ffmpeg.
pub const FEATURES: &str = "service";
/// Limit of the archive, in bytes.
const LIMIT: u64 = 30_000_000;

/// Builds the archive and its checksum.
///
/// # Errors
/// A tool cannot be installed, a build fails, or a file is over its limit.
pub fn run_all(root: &Path) -> Result<()> {
    let tools = tools(root)?;
    // The command embeds the viewer when it is built.
    if !root.join("web/dist/loop3d.js").exists() {
        setup::run(root, Options::WEB)?;
        web::run_all(root, None)?;
    }
    let target = root.join("target/dist-build");
    let mut build = command("cargo", ["zigbuild", "--release", "--package", "loop3d", "--features", FEATURES]);
    build
        .arg("--target")
        .arg(format!("{TARGET}.{GLIBC}"))
        .env("CARGO_TARGET_DIR", &target)
        .env("PATH", path_with(&tools)?);
    println!("{}", line(&build));
    run(&mut build)?;
    let program = target.join(TARGET).join("release/loop3d");
    let dist = root.join("target/dist");
    fs::create_dir_all(&dist).with_context(|| dist.display().to_string())?;
    let archive = archive(root, &program, &dist)?;
    report(&archive)
}

fn tools(root: &Path) -> Result<PathBuf> {
    let bin = root.join("target/dist-tools/venv/bin");
    if !bin.join("python").exists() {
        run(&mut command("python3", ["-m", "venv", "target/dist-tools/venv"]))?;
    }
    wheels::fetch(
        Command::new(bin.join("pip")).args(["install", "--quiet", "--disable-pip-version-check"]).args(TOOLS),
    )?;
    Ok(bin)
}

fn path_with(tools: &Path) -> Result<std::ffi::OsString> {
    let rest = std::env::var_os("PATH").unwrap_or_default();
    Ok(std::env::join_paths(std::iter::once(tools.to_owned()).chain(std::env::split_paths(&rest)))?)
}

fn archive(root: &Path, program: &Path, dist: &Path) -> Result<PathBuf> {
    let name = format!("loop3d-{}-x86_64-linux", env!("CARGO_PKG_VERSION"));
    let folder = dist.join(&name);
    wheels::remove(&folder)?;
    let make = |path: &str| {
        let path = folder.join(path);
        fs::create_dir_all(&path).with_context(|| path.display().to_string()).map(|()| path)
    };
    let copy = |from: &Path, to: &Path| {
        fs::copy(from, to).map(drop).with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))
    };
    copy(program, &make("bin")?.join("loop3d"))?;
    // Completions and man pages are the command's own words.
    run(Command::new(program).arg("shell-files").arg(make("share")?))?;
    let viewer = make("web")?;
    for entry in fs::read_dir(root.join("web/dist"))?.flatten() {
        let name = entry.file_name();
        // Scenes that somebody tried stay here.
        if entry.path().is_file()
            && !name.to_string_lossy().starts_with('.')
            && !name.to_string_lossy().ends_with(".glb")
        {
            copy(&entry.path(), &viewer.join(name))?;
        }
    }
    for file in ["README.md", "CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT"] {
        copy(&root.join(file), &folder.join(file))?;
    }
    let text = licences::of_dependencies(TARGET, FEATURES)?;
    fs::write(folder.join("THIRD-PARTY-LICENCES.txt"), text).context("cannot write the licences")?;
    let file = format!("{name}.tar.gz");
    // The same files give the same bytes.
    let tar =
        ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner", "--use-compress-program=gzip -9n"];
    run(command("tar", tar).args(["-cf", &file, &name]).current_dir(dist))?;
    let sum = output(command("sha256sum", [&file]).current_dir(dist))?;
    fs::write(dist.join(format!("{file}.sha256")), sum).context("cannot write the checksum")?;
    Ok(dist.join(file))
}

fn report(file: &Path) -> Result<()> {
    let bytes = fs::metadata(file).with_context(|| file.display().to_string())?.len();
    println!("{}: {:.1} MB", file.display(), bytes as f64 / 1e6);
    ensure!(bytes <= LIMIT, "{} is over the limit of {} MB", file.display(), LIMIT / 1_000_000);
    Ok(())
}
