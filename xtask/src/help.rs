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
        "Sets up and builds, then makes the sample capture, its scene, a video and its metrics in DIR [default: out].
--generate: with libtorch, clips from words, their scene and a video instead",
    ),
    (
        "web",
        "[--scene FILE]",
        "Sets up and builds the browser viewer in web/dist.
--scene: a package (*.glb) that the page shows",
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
target/bench.json. `cargo xtask bench --help` lists the options.",
    ),
    (
        "dist",
        "[--wheel]",
        "Builds what people download, for x86-64 Linux with glibc 2.28 or newer: target/dist/loop3d-VERSION-x86_64-linux.tar.gz with the command,
the browser viewer, shell completions, man pages and licences, and its SHA-256.
--wheel: also a wheel for pip",
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

/// The help that these arguments ask for. `bench` has its own.
pub fn asked(args: &[&str]) -> Option<String> {
    let is_help = |word: &&str| matches!(*word, "--help" | "-h");
    match args {
        [] | ["help" | "--help" | "-h"] => Some(all()),
        ["bench", ..] => None,
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
    fn every_task_has_help_and_bench_answers_itself() {
        assert_eq!(asked(&[]), Some(all()));
        assert!(asked(&["setup", "--help"]).unwrap().contains("--colmap"));
        assert_eq!(asked(&["setup", "-h"]), asked(&["help", "setup"]));
        assert_eq!(asked(&["bench", "--help"]), None);
        assert_eq!(asked(&["dance", "--help"]), None);
        assert_eq!(asked(&["test", "seam"]), None);
    }
}
