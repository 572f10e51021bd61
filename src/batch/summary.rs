//! How all lines of a list stand: `DIR/summary.json`, and the table on the terminal.

use super::list::Job;
use super::record::{Record, State};
use super::worker::stem;
use crate::output::with_suffix;
use anyhow::Result;
use serde::Serialize;
use serde_json::{Value, json};
use std::fs::DirEntry;
use std::path::Path;
use std::time::Duration;

/// The longest that writing a summary or a page takes.
const WRITING: Duration = Duration::from_secs(60);

/// One line of the list, as it stands.
#[derive(Debug, Serialize)]
pub struct Row {
    pub line: usize,
    pub name: String,
    pub command: &'static str,
    /// "done", "failed", "unfinished" or "waiting".
    pub state: &'static str,
    pub code: Option<i32>,
    pub error: Option<String>,
    pub attempts: u32,
    pub seconds: f64,
    pub peak_bytes: Option<u64>,
    pub output_bytes: Option<u64>,
    pub scene: Option<Value>,
}

/// All lines.
#[derive(Debug, Serialize)]
pub struct Summary {
    pub version: &'static str,
    pub lines: Vec<Row>,
}

impl Summary {
    /// How the lines stand now, whoever did them.
    pub fn of(dir: &Path, jobs: &[Job]) -> Self {
        Self { version: env!("CARGO_PKG_VERSION"), lines: jobs.iter().map(|job| row(dir, job)).collect() }
    }

    /// Writes it, whole or not at all.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_vec_pretty(self)?;
        Ok(loop3d_scene::write_file(path, |out| out.write_all(&text))?)
    }

    /// How many lines are in which state.
    pub fn counts(&self) -> Value {
        let count = |state| self.lines.iter().filter(|row| row.state == state).count();
        json!({
            "done": count("done"), "failed": count("failed"), "unfinished": count("unfinished"), "waiting": count("waiting"),
        })
    }

    /// The table for people.
    pub fn table(&self) -> String {
        let width = self.lines.iter().map(|row| row.name.chars().count()).max().unwrap_or(0).clamp(4, 40);
        let mut lines =
            vec![format!("{:<width$}  {:<10}  {:>8}  {:>9}  {:>9}", "name", "state", "time", "memory", "size")];
        for row in &self.lines {
            let bytes = |bytes: Option<u64>| bytes.map_or("–".to_owned(), megabytes);
            let time = if row.attempts > 0 { duration(row.seconds) } else { "–".to_owned() };
            let error = row
                .error
                .as_ref()
                .map_or(String::new(), |error| format!("  {}", error.lines().next().unwrap_or_default()));
            let (memory, size) = (bytes(row.peak_bytes), bytes(row.output_bytes));
            lines.push(format!("{:<width$}  {:<10}  {time:>8}  {memory:>9}  {size:>9}{error}", row.name, row.state));
        }
        lines.join("\n")
    }
}

/// Removes what workers left that were killed while they wrote about all lines, unless another one may be writing it now.
pub fn sweep(dir: &Path) {
    let old = |entry: &DirEntry| entry.metadata().ok()?.modified().ok()?.elapsed().ok();
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let ours = name.starts_with(".summary.json.tmp-") || name.starts_with(".report.html.tmp-");
        if ours && old(&entry).is_some_and(|age| age > WRITING) {
            // It is only untidy: nothing depends on it.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// A number of bytes in megabytes.
pub fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

/// A number of seconds, as people say it.
pub fn duration(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match whole {
        0..100 => format!("{seconds:.1} s"),
        100..6000 => format!("{} min", (seconds / 60.0).round()),
        _ => format!("{:.1} h", seconds / 3600.0),
    }
}

fn row(dir: &Path, job: &Job) -> Row {
    let record = Record::read(&with_suffix(&stem(dir, job), ".json"));
    let state = match record.as_ref().map(|record| record.state) {
        None => "waiting",
        Some(State::Begun) => "unfinished",
        Some(State::Done) => "done",
        Some(State::Failed) => "failed",
    };
    let row = Row {
        line: job.line,
        name: job.name.clone(),
        command: job.kind.command(),
        state,
        code: None,
        error: None,
        attempts: 0,
        seconds: 0.0,
        peak_bytes: None,
        output_bytes: None,
        scene: None,
    };
    let Some(record) = record else { return row };
    Row {
        code: record.code,
        error: record.error,
        attempts: record.attempts,
        seconds: record.seconds,
        peak_bytes: record.peak_bytes,
        output_bytes: record.output_bytes,
        scene: record.scene,
        ..row
    }
}
