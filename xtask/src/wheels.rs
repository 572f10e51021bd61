//! Libraries from PyPI wheels, unpacked into folders of `.torch/`.
//!
//! Each folder is made under a temporary name, gets a stamp that names what it was made from, and is renamed when it is complete.

use crate::process::{command, run};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Selects wheels for this kind of machine and one Python version, whatever python3 runs pip: only C++ libraries are taken from
/// them.
pub const WHEEL_CHOICE: &[&str] = &[
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

/// Arguments: a folder of wheels, a target folder, and pairs of member and target. It uses Python's zipfile, because a bare machine
/// has no unzip program.
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

/// Whether there are wheels for this kind of machine.
pub const HERE: bool = cfg!(all(target_os = "linux", target_arch = "x86_64"));

/// Makes `.torch/` and locks it for the one setup that may write there, until the file is closed.
///
/// # Errors
/// `.torch/` cannot be written.
pub fn lock(root: &Path) -> Result<fs::File> {
    let torch = root.join(".torch");
    fs::create_dir_all(&torch).with_context(|| format!("cannot make {}", torch.display()))?;
    let lock = fs::File::create(torch.join("lock")).context("cannot make .torch/lock")?;
    lock.lock().context("cannot lock .torch/lock")?;
    Ok(lock)
}

/// Makes an empty folder for wheels inside an empty new folder.
///
/// # Errors
/// It cannot be written.
pub fn start(new: &Path) -> Result<PathBuf> {
    let wheels = new.join("wheels");
    remove(new)?; // what an interrupted run left
    fs::create_dir_all(&wheels).with_context(|| format!("cannot make {}", wheels.display()))?;
    Ok(wheels)
}

/// Downloads packages without their dependencies.
pub fn download(wheels: &Path, packages: &[&str]) -> Command {
    let mut pip =
        command("python3", ["-m", "pip", "download", "--no-deps", "--no-cache-dir", "--disable-pip-version-check"]);
    pip.args(WHEEL_CHOICE).arg("--dest").arg(wheels).args(packages);
    pip
}

/// Unpacks members of the wheels into `target`: pairs of member and place. A trailing slash stands for a whole folder.
///
/// # Errors
/// No wheel has a member.
pub fn unpack(wheels: &Path, target: &Path, members: &[(&str, &str)]) -> Result<()> {
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

/// Runs pip, with an error that names the usual cause.
///
/// # Errors
/// pip's.
pub fn fetch(pip: &mut Command) -> Result<()> {
    run(pip).context("the download failed; check that this machine is online and that pip reaches PyPI or a mirror")
}

/// Stamps a new folder and puts it in place of an older one.
///
/// # Errors
/// It cannot be written.
pub fn finish(new: &Path, folder: &Path, stamp: &str) -> Result<()> {
    fs::write(new.join("stamp"), stamp).with_context(|| format!("cannot write {}/stamp", new.display()))?;
    remove(folder)?; // of an older version
    fs::rename(new, folder).with_context(|| format!("cannot rename {} to {}", new.display(), folder.display()))?;
    println!("{}: complete", folder.display());
    Ok(())
}

/// Whether a folder is complete and made from what the stamp names.
pub fn stamped(folder: &Path, stamp: &str) -> bool {
    fs::read_to_string(folder.join("stamp")).is_ok_and(|found| found == stamp)
}

/// Removes a folder if it exists.
///
/// # Errors
/// It cannot be removed.
pub fn remove(folder: &Path) -> Result<()> {
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
    fn members_go_to_their_places() {
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
}
