//! The log of a run: one JSON object a line.

use super::TrainError;
use serde_json::{Map, Value};
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

pub(super) struct Log(PathBuf);

impl Log {
    pub(super) fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// Adds a line. Numbers keep five digits.
    pub(super) fn line(&self, entries: &[(&str, f64)]) -> Result<(), TrainError> {
        let short = |value: f64| format!("{value:.5e}").parse().unwrap_or(value);
        let map: Map<String, Value> = entries.iter().map(|(name, v)| ((*name).to_owned(), short(*v).into())).collect();
        let write = || {
            let mut file = OpenOptions::new().create(true).append(true).open(&self.0)?;
            writeln!(file, "{}", Value::Object(map))
        };
        write().map_err(|error| TrainError::Unwritable { path: self.0.clone(), reason: error.to_string() })
    }
}
