//! The help of `cargo xtask` and of each task.

/// Name and arguments of a task, and what it does.
const TASKS: &[(&str, &str, &str)] = &[
    (
        "setup",
        "[--torch] [--cuda] [--colmap] [--tests] [--dry-run]",
        "Installs what a build and a run need: ffmpeg and a C compiler. Nothing is downloaded for the default build.
--torch: libtorch in .torch/ (550 MB), for the feature `torch`
--cuda: as --torch, with PyTorch's CUDA libraries (3 GB) and NVRTC, for the feature `cuda`
--colmap: COLMAP, which `loop3d prepare` runs
--tests: everything that `cargo xtask test` uses
--dry-run: only print what would be done",
    ),
    (
        "demo",
        "[--generate] [--out DIR]",
        "Sets up and builds, then makes the sample capture and its scene in DIR [default: out]: a video, a package for the web,
one HTML page (where Node.js or the browser viewer is there), a scene from one clip, and the metrics.
--generate: with libtorch, clips from words, their scene and a video instead",
    ),
    (
        "web",
        "[--scene FILE]",
        "Sets up and builds the browser viewer in web/dist. `loop3d serve` and `export -o NAME.html` find it there.
--scene: a scene (*.glb, *.loop3d) that the page shows [default: out/sample.glb or out/sample.loop3d, if the demo made one]",
    ),
    (
        "test",
        "[FILTER...]",
        "Sets up, then runs every check: format, clippy, docs, and all tests or those that match a FILTER.",
    ),
    (
        "bench",
        "[OPTION...]",
        "Sets up, then measures kernels against libtorch, a fit by stage, and how fits grow. Results: tables and
target/bench.json.
--quick: fewer repetitions, smaller fits
--views DIR: a capture to take real input from [default: the sample, made in target/bench/]
--scene FILE: the fitted scene that kernels and viewers are measured on [default: fitted on the first run]
--only PART: one of kernels, fit, growth, viewer, browser
--json FILE: where to write all numbers [default: target/bench.json]",
    ),
    (
        "dist",
        "",
        "Builds what people download, for x86-64 Linux with glibc 2.28 or newer: target/dist/loop3d-VERSION-x86_64-linux.tar.gz with the command,
the browser viewer, shell completions, man pages and licences, and its SHA-256. Installs zig as a linker from PyPI into target/dist-tools.",
    ),
    (
        "check-deploy",
        "",
        "Checks the templates of deploy/, and runs ten tiny captures on Ray with two workers, one of which is killed. Installs the
tools for that from PyPI into target/deploy-tools.",
    ),
    (
        "readme-animation",
        "[--scene FILE]",
        "Renders the README's animation, docs/images/sample.webp, from FILE [default: the scene of the demo].",
    ),
];

/// The help that these arguments ask for. Nothing is set up or built for it.
pub fn asked(args: &[&str]) -> Option<String> {
    let is_help = |word: &&str| matches!(*word, "--help" | "-h");
    match args {
        [] | ["help" | "--help" | "-h"] => Some(all()),
        ["help", name] => of(name),
        [name, options @ ..] if options.iter().any(is_help) => of(name),
        _ => None,
    }
}

/// All tasks.
pub fn all() -> String {
    let tasks: String = TASKS.iter().map(|(name, options, text)| section(name, options, text)).collect();
    format!("Usage: cargo xtask <task>\n{tasks}")
}

fn of(name: &str) -> Option<String> {
    let (name, options, text) = TASKS.iter().find(|(known, ..)| *known == name)?;
    Some(format!("Usage: cargo xtask {name} {options}\n\n{text}\n"))
}

fn section(name: &str, options: &str, text: &str) -> String {
    let lines: String = text.lines().map(|line| format!("      {line}\n")).collect();
    format!("\n  {name} {options}\n{lines}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_has_help() {
        assert_eq!(asked(&[]), Some(all()));
        assert!(asked(&["setup", "--help"]).unwrap().contains("--colmap"));
        assert_eq!(asked(&["setup", "-h"]), asked(&["help", "setup"]));
        for (name, ..) in TASKS {
            let help = asked(&[name, "--help"]).unwrap();
            assert!(help.starts_with(&format!("Usage: cargo xtask {name}")), "{help}");
        }
        assert!(asked(&["bench", "--only", "fit", "-h"]).unwrap().contains("--json FILE"));
        assert_eq!(asked(&["dance", "--help"]), None);
        assert_eq!(asked(&["test", "seam"]), None);
    }
}
