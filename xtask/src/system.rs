//! The programs that builds, tests and runs start.
//!
//! As root on Debian or Ubuntu (a container, a CI machine), missing programs are installed with apt. On other systems nothing is
//! installed: setup prints what is missing, with the commands that install it.

use crate::options::Options;
use crate::process::{command, line, run, succeeds};
use anyhow::{Result, bail};
use std::fs;
use std::process::Command;

/// A program or component that may be missing.
struct Need {
    what: &'static str,
    probe: &'static [&'static str],
    from: Source,
}

/// Where a missing program comes from.
enum Source {
    /// A Debian package.
    Apt(&'static str),
    /// A component of the Rust toolchain.
    Rustup(&'static str),
}

/// The default build and every run.
const ALWAYS: &[Need] = &[
    Need { what: "a C compiler (cc)", probe: &["cc", "--version"], from: Source::Apt("gcc") },
    Need { what: "ffmpeg", probe: &["ffmpeg", "-version"], from: Source::Apt("ffmpeg") },
    Need { what: "ffprobe", probe: &["ffprobe", "-version"], from: Source::Apt("ffmpeg") },
];

/// The features `torch` and `blocks` compile C++.
const FOR_TORCH: &[Need] =
    &[Need { what: "a C++ compiler (c++)", probe: &["c++", "--version"], from: Source::Apt("g++") }];

const FOR_DOWNLOAD: &[Need] = &[
    Need { what: "python3", probe: &["python3", "--version"], from: Source::Apt("python3") },
    Need { what: "pip of python3", probe: &["python3", "-m", "pip", "--version"], from: Source::Apt("python3-pip") },
];

const FOR_COLMAP: &[Need] =
    &[Need { what: "COLMAP", probe: &["sh", "-c", "command -v colmap"], from: Source::Apt("colmap") }];

const FOR_WEB: &[Need] = &[
    Need { what: "node", probe: &["node", "--version"], from: Source::Apt("nodejs") },
    Need { what: "npm", probe: &["npm", "--version"], from: Source::Apt("npm") },
];

/// A compiler for the browser, if rustup has none.
const FOR_WASM: &[Need] = &[
    Need {
        what: "a compiler for wasm32 (rustc-web)",
        probe: &["/usr/bin/rustc", "--version"],
        from: Source::Apt("rustc-web"),
    },
    Need {
        what: "the standard library's source (rust-web-src)",
        probe: &["dpkg", "-s", "rust-web-src"],
        from: Source::Apt("rust-web-src"),
    },
    Need { what: "a linker for wasm32", probe: &["wasm-ld-22", "--version"], from: Source::Apt("lld-22") },
];

const FOR_CHECKS: &[Need] = &[
    Need { what: "rustfmt", probe: &["cargo", "fmt", "--version"], from: Source::Rustup("rustfmt") },
    Need { what: "clippy", probe: &["cargo", "clippy", "--version"], from: Source::Rustup("clippy") },
];

/// A GPU and a screen in software, and a browser, for the tests of the renderer, its window and packages. Without them these tests
/// say that they did not run.
const FOR_TESTS: &[Need] = &[
    Need {
        what: "a Vulkan driver",
        probe: &["sh", "-c", "ls /usr/share/vulkan/icd.d/*.json"],
        from: Source::Apt("mesa-vulkan-drivers"),
    },
    Need {
        what: "Vulkan's loader",
        probe: &["sh", "-c", "ldconfig -p | grep libvulkan.so.1"],
        from: Source::Apt("libvulkan1"),
    },
    Need { what: "EGL", probe: &["sh", "-c", "ldconfig -p | grep libEGL.so.1"], from: Source::Apt("libegl1") },
    Need {
        what: "a GL driver",
        probe: &["sh", "-c", "ls /usr/lib/*/dri/swrast_dri.so || ls /usr/lib/*/libgallium-*.so"],
        from: Source::Apt("libgl1-mesa-dri"),
    },
    Need {
        what: "X11's keyboard library",
        probe: &["sh", "-c", "ldconfig -p | grep libxkbcommon-x11.so.0"],
        from: Source::Apt("libxkbcommon-x11-0"),
    },
    Need {
        what: "X11's pointer library",
        probe: &["sh", "-c", "ldconfig -p | grep libXcursor.so.1"],
        from: Source::Apt("libxcursor1"),
    },
    Need {
        what: "X11's input library",
        probe: &["sh", "-c", "ldconfig -p | grep libXi.so.6"],
        from: Source::Apt("libxi6"),
    },
    Need { what: "Xvfb", probe: &["sh", "-c", "command -v Xvfb"], from: Source::Apt("xvfb") },
    Need { what: "Chromium", probe: &["sh", "-c", "command -v chromium"], from: Source::Apt("chromium") },
    Need { what: "xdotool", probe: &["xdotool", "--version"], from: Source::Apt("xdotool") },
];

/// What is needed besides [`ALWAYS`].
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    pub options: Options,
    /// pip has something to download.
    pub download: bool,
    /// rustup has no compiler for the browser.
    pub wasm: bool,
}

impl Wanted {
    /// The programs to find. What only tests use is looked for only if it may be installed: other systems have other names for it.
    fn needs(self, may_install: bool) -> Vec<&'static Need> {
        let Options { torch, colmap, web, tests, .. } = self.options;
        let lists = [
            (ALWAYS, true),
            (FOR_TORCH, torch),
            (FOR_DOWNLOAD, self.download),
            (FOR_COLMAP, colmap),
            (FOR_WEB, web && (may_install || !tests)),
            (FOR_WASM, self.wasm && may_install),
            (FOR_CHECKS, tests),
            (FOR_TESTS, tests && may_install),
        ];
        lists.into_iter().filter(|(_, wanted)| *wanted).flat_map(|(needs, _)| needs).collect()
    }
}

/// Finds or installs the programs.
///
/// # Errors
/// Something is missing and may not be installed here, or its installation failed.
pub fn ensure_programs(wanted: Wanted) -> Result<()> {
    let may_install = is_debian() && is_root();
    let needs = wanted.needs(may_install);
    let missing: Vec<&Need> = needs.into_iter().filter(|need| !found(need)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names = missing.iter().map(|need| need.what).collect::<Vec<_>>().join(", ");
    let mut installs = installs(&missing);
    if wanted.options.dry_run {
        println!("missing: {names}; would run:");
        installs.iter().for_each(|install| println!("  {}", line(install)));
        return Ok(());
    }
    if !may_install {
        let lines = installs.iter().map(|install| format!("\n  {}", line(install))).collect::<String>();
        bail!(
            "missing: {names}. Setup installs only as root on Debian or Ubuntu. There, these commands install what is missing; on other \
             systems, use your own package manager:{lines}"
        );
    }
    println!("missing: {names}; installing");
    for install in &mut installs {
        println!("  {}", line(install));
        run(install.env("DEBIAN_FRONTEND", "noninteractive"))?;
    }
    match missing.iter().find(|need| !found(need)) {
        Some(need) => {
            bail!("{} was installed but is still not found (tried `{}`)", need.what, need.probe.join(" "))
        }
        None => Ok(()),
    }
}

/// The commands that install what is missing.
fn installs(missing: &[&Need]) -> Vec<Command> {
    let (mut packages, mut components) = (Vec::new(), Vec::new());
    for need in missing {
        match need.from {
            Source::Apt(package) if !packages.contains(&package) => packages.push(package),
            Source::Rustup(component) => components.push(component),
            Source::Apt(_) => {}
        }
    }
    let mut installs = Vec::new();
    if !packages.is_empty() {
        // Waits until another apt run has ended.
        let wait = ["-o", "DPkg::Lock::Timeout=300"];
        installs.push(command("apt-get", ["-q", "update"]));
        let words = ["-q", "install", "-y", "--no-install-recommends"];
        installs.push(command("apt-get", wait.iter().chain(&words).chain(&packages)));
    }
    if !components.is_empty() {
        installs.push(command("rustup", ["component", "add"].iter().chain(&components)));
    }
    installs
}

fn found(need: &Need) -> bool {
    need.probe.split_first().is_some_and(|(program, args)| succeeds(&mut command(program, args)))
}

fn is_debian() -> bool {
    fs::exists("/etc/debian_version").unwrap_or(false)
}

fn is_root() -> bool {
    let id = command("id", ["-u"]).output();
    id.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_package_is_named_once_and_components_come_from_rustup() {
        let missing: Vec<&Need> = ALWAYS.iter().chain(FOR_DOWNLOAD).chain(FOR_CHECKS).collect();
        let lines: Vec<String> = installs(&missing).iter().map(line).collect();
        assert_eq!(
            lines,
            [
                "apt-get -q update",
                "apt-get -o DPkg::Lock::Timeout=300 -q install -y --no-install-recommends gcc ffmpeg python3 python3-pip",
                "rustup component add rustfmt clippy",
            ]
        );
        assert!(installs(&[]).is_empty());
    }

    #[test]
    fn the_default_build_needs_no_python_no_browser_and_no_cpp() {
        let names = |options, download, may_install| -> Vec<&str> {
            Wanted { options, download, wasm: false }.needs(may_install).into_iter().map(|need| need.what).collect()
        };
        assert_eq!(names(Options::default(), false, true), ["a C compiler (cc)", "ffmpeg", "ffprobe"]);
        let tests = names(Options::TESTS, true, true);
        for what in ["a C++ compiler (c++)", "python3", "clippy", "Chromium", "Xvfb", "npm"] {
            assert!(tests.contains(&what), "{what}");
        }
        // Tests do without a browser where it cannot be installed; the browser viewer needs npm everywhere.
        assert!(!names(Options::TESTS, false, false).contains(&"Chromium"));
        assert!(names(Options::WEB, false, false).contains(&"npm"));
    }

    #[test]
    fn a_missing_program_is_seen() {
        assert!(found(&Need { what: "sh", probe: &["sh", "-c", "true"], from: Source::Apt("dash") }));
        assert!(!found(&Need { what: "x", probe: &["no-such-program"], from: Source::Apt("x") }));
        assert!(!found(&Need { what: "x", probe: &["sh", "-c", "exit 1"], from: Source::Apt("x") }));
    }
}
