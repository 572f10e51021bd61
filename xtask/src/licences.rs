//! The licences of everything that is linked into the command.

use crate::process::{command, output};
use anyhow::{Context, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

/// Names of files that hold a licence, in small letters, begin like this.
const NAMES: [&str; 5] = ["license", "licence", "copying", "copyright", "notice"];

/// One text: a table of packages with their licences, then each licence text with the packages that carry it.
///
/// # Errors
/// cargo fails, or its registry cannot be read.
pub fn of_dependencies(target: &str, features: &str) -> Result<String> {
    let format = ["tree", "--package", "loop3d", "--edges", "normal", "--prefix", "none", "--format", "{p}|{l}|{r}"];
    let tree = output(command("cargo", format).args(["--target", target, "--features", features]))?;
    let packages: BTreeSet<Package<'_>> = tree.lines().filter_map(package).collect();
    let mut text = "loop3d contains the following packages.\n\n".to_owned();
    let mut carriers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for Package { name, version, licence, home } in &packages {
        writeln!(text, "{name} {version}: {licence} <{home}>")?;
        for content in texts(name, version)? {
            carriers.entry(content).or_default().push(format!("{name} {version}"));
        }
    }
    for (content, names) in carriers {
        writeln!(text, "\n{}\n{}:\n\n{content}", "-".repeat(80), names.join(", "))?;
    }
    Ok(text)
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Package<'a> {
    name: &'a str,
    version: &'a str,
    licence: &'a str,
    home: &'a str,
}

/// A line of `cargo tree`; none for packages of this workspace.
fn package(line: &str) -> Option<Package<'_>> {
    let mut fields = line.trim_end_matches(" (*)").split('|');
    let (package, licence, home) = (fields.next()?, fields.next()?, fields.next()?);
    let mut words = package.split_whitespace();
    let (name, version) = (words.next()?, words.next()?.strip_prefix('v')?);
    let here = words.any(|word| word.starts_with("(/"));
    (!here).then_some(Package { name, version, licence, home: home.trim_end_matches(" (*)") })
}

/// The texts of licences in a package.
fn texts(name: &str, version: &str) -> Result<Vec<String>> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    let sources = home.context("neither CARGO_HOME nor HOME is set")?.join("registry/src");
    let mut found = Vec::new();
    for registry in fs::read_dir(&sources).with_context(|| sources.display().to_string())?.flatten() {
        let Ok(files) = fs::read_dir(registry.path().join(format!("{name}-{version}"))) else { continue };
        let mut files: Vec<PathBuf> = files.flatten().map(|entry| entry.path()).filter(|path| path.is_file()).collect();
        files.sort();
        for file in files {
            let small = file.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
            if NAMES.iter().any(|start| small.starts_with(start)) {
                found.push(String::from_utf8_lossy(&fs::read(&file)?).replace("\r\n", "\n").trim().to_owned());
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_cargo_tree_are_read() {
        let found = package("serde v1.0.2 (proc-macro)|MIT OR Apache-2.0|https://a.b (*)").unwrap();
        assert_eq!((found.name, found.version, found.home), ("serde", "1.0.2", "https://a.b"));
        assert_eq!(package("loop3d-scene v0.1.0 (/a/scene)|MIT|"), None);
        assert_eq!(package(""), None);
    }
}
