//! What is done already: a step whose input is unchanged, and whose files are there, is not done again.

use super::error::PrepareError;
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};

/// The steps that are done, each with what it was done from.
pub(super) struct Journal {
    file: PathBuf,
    steps: Map<String, Value>,
}

impl Journal {
    /// Opens the journal in a work folder; an unreadable one is an empty one.
    pub(super) fn open(work: &Path) -> Self {
        let file = work.join("journal.json");
        let text = std::fs::read(&file).unwrap_or_default();
        let steps = serde_json::from_slice::<Map<String, Value>>(&text).unwrap_or_default();
        Self { file, steps }
    }

    /// Whether a step was done from this input, and its `files` are there.
    pub(super) fn is_done(&self, step: &str, input: &str, files: &[PathBuf]) -> bool {
        self.steps.get(step).and_then(Value::as_str) == Some(input) && files.iter().all(|file| file.exists())
    }

    /// Notes that a step is done, on disk as well.
    pub(super) fn done(&mut self, step: &str, input: &str) -> Result<(), PrepareError> {
        self.steps.insert(step.to_owned(), input.into());
        let text = Value::from(self.steps.clone()).to_string();
        // Written beside and renamed: a stop in between leaves the older one.
        let partial = self.file.with_extension("partial");
        let written = std::fs::write(&partial, text).and_then(|()| std::fs::rename(&partial, &self.file));
        written.map_err(|source| PrepareError::Io { file: self.file.clone(), source })
    }
}

/// Identifies a version of a file or folder: names, sizes and times of change.
pub(super) fn fingerprint(path: &Path) -> String {
    let of = |path: &Path| {
        let data = std::fs::metadata(path).ok();
        let changed = data.as_ref().and_then(|data| data.modified().ok());
        let changed =
            changed.and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok()).map_or(0, |time| time.as_nanos());
        format!("{} {} {changed}", path.display(), data.map_or(0, |data| data.len()))
    };
    if !path.is_dir() {
        return of(path);
    }
    let mut inside: Vec<PathBuf> =
        std::fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    inside.sort();
    // The folder's own time changes when anything beside is written in it.
    inside.iter().map(|path| if path.is_dir() { fingerprint(path) } else { of(path) }).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_done_while_its_input_and_files_are_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("result");
        let mut journal = Journal::open(dir.path());
        assert!(!journal.is_done("a", "1", &[]));
        journal.done("a", "1").unwrap();
        let again = Journal::open(dir.path());
        assert!(again.is_done("a", "1", &[]) && !again.is_done("a", "2", &[]) && !again.is_done("b", "1", &[]));
        assert!(!again.is_done("a", "1", std::slice::from_ref(&file)));
        std::fs::write(&file, "x").unwrap();
        assert!(again.is_done("a", "1", std::slice::from_ref(&file)));
        let before = fingerprint(dir.path());
        std::fs::write(&file, "xy").unwrap();
        assert_ne!(fingerprint(dir.path()), before);
    }
}
