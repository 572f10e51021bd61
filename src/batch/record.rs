//! What is known of a line: what it was made from, and how it ended. `DIR/.batch/NAME.json`.

use super::list::Job;
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How a line stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Begun, and not ended: at work, stopped or killed.
    Begun,
    Done,
    Failed,
}

/// The record of one line.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    pub state: State,
    /// SHA-256 of version, command, settings and the contents of all inputs, in hexadecimal digits.
    pub made_from: String,
    /// The inputs' files.
    pub files: Vec<Input>,
    /// The command as it was run, for people.
    pub command: Vec<String>,
    /// How often it was started for this result.
    pub attempts: u32,
    /// Exit code of the last attempt; none where a signal ended it.
    pub code: Option<i32>,
    /// What went wrong, in words.
    pub error: Option<String>,
    /// Wall-clock time of all attempts.
    pub seconds: f64,
    /// The most memory that the process itself held; on Linux only.
    pub peak_bytes: Option<u64>,
    /// Bytes of the output, of a folder all its files.
    pub output_bytes: Option<u64>,
    /// Facts about a scene, as `loop3d info --json` has them.
    pub scene: Option<serde_json::Value>,
}

/// A file that a result depends on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// Its place below the input, or the input's own number where that is a file.
    name: String,
    bytes: u64,
    /// Nanoseconds since 1970; none where the file changed so shortly before that a second change might not show.
    modified: Option<u64>,
    sha256: String,
}

impl Record {
    /// The record at this path, if there is one that can be read.
    pub fn read(path: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(path).ok()?).ok()
    }

    /// Writes it, whole or not at all.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_vec_pretty(self)?;
        Ok(loop3d_scene::write_file(path, |out| out.write_all(&text))?)
    }

    /// A record of work that begins now.
    pub fn begun(made_from: String, files: Vec<Input>, command: Vec<String>) -> Self {
        Self {
            state: State::Begun,
            made_from,
            files,
            command,
            attempts: 0,
            code: None,
            error: None,
            seconds: 0.0,
            peak_bytes: None,
            output_bytes: None,
            scene: None,
        }
    }

    /// Whether this is the finished work of these inputs and settings, and the output is still there.
    pub fn is_done(&self, made_from: &str, output: &Path) -> bool {
        self.state == State::Done && self.made_from == made_from && self.output_bytes == size(output)
    }
}

/// What a job's result depends on, and its files. A file that has the size and time of change of `before` is not read again.
///
/// Contents count, not times: a capture that was copied to another machine is the same capture.
///
/// # Errors
/// An input cannot be read.
pub fn made_from(job: &Job, before: Option<&Record>) -> Result<(String, Vec<Input>)> {
    let mut hash = Sha256::new();
    let mut add = |text: &str| {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    };
    add(env!("CARGO_PKG_VERSION"));
    add(job.kind.command());
    add(&job.name);
    for word in settings(job) {
        add(&word);
    }
    let mut files = Vec::new();
    for (number, input) in job.inputs.iter().enumerate() {
        let mut found = Vec::new();
        walk(input, &mut found).with_context(|| input.display().to_string())?;
        found.sort();
        for path in found {
            let below = path.strip_prefix(input).unwrap_or(&path).to_string_lossy().into_owned();
            let file = describe(&path, format!("{number}/{below}"), before)?;
            add(&file.name);
            add(&file.sha256);
            files.push(file);
        }
    }
    let digest: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((digest, files))
}

/// The words that a result depends on: neither where inputs lie, nor threads.
fn settings(job: &Job) -> Vec<String> {
    let mut skip = false;
    let mut kept = Vec::new();
    for word in &job.words {
        if std::mem::take(&mut skip) || word.starts_with("--threads=") {
            continue;
        }
        if word == "--threads" {
            skip = true;
            continue;
        }
        let place = job.inputs.iter().find(|input| word.ends_with(&*input.to_string_lossy()));
        kept.push(place.map_or(word.clone(), |input| word.replace(&*input.to_string_lossy(), "")));
    }
    kept
}

fn describe(path: &Path, name: String, before: Option<&Record>) -> Result<Input> {
    let place = || path.display().to_string();
    let about = fs::metadata(path).with_context(place)?;
    let changed = about.modified().ok();
    let modified = changed.and_then(|moment| Some(moment.duration_since(UNIX_EPOCH).ok()?.as_nanos() as u64));
    let known = before.and_then(|record| record.files.iter().find(|file| file.name == name));
    if let Some(known) =
        known.filter(|known| known.bytes == about.len() && known.modified.is_some() && known.modified == modified)
    {
        return Ok(known.clone());
    }
    let mut hash = Sha256::new();
    let mut file = File::open(path).with_context(place)?;
    let mut part = vec![0; 1 << 20];
    loop {
        match file.read(&mut part).with_context(place)? {
            0 => break,
            read => hash.update(&part[..read]),
        }
    }
    let sha256 = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    let settled = changed
        .and_then(|moment| SystemTime::now().duration_since(moment).ok())
        .is_some_and(|age| age > Duration::from_secs(2));
    Ok(Input { name, bytes: about.len(), modified: modified.filter(|_| settled), sha256 })
}

/// All files at or below a path.
fn walk(path: &Path, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if !fs::metadata(path)?.is_dir() {
        found.push(path.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        let path = entry?.path();
        // Links that lead nowhere are the command's to judge.
        if fs::metadata(&path).is_ok() {
            walk(&path, found)?;
        }
    }
    Ok(())
}

/// Bytes of a file, or of all files of a folder.
pub fn size(path: &Path) -> Option<u64> {
    let mut found = Vec::new();
    walk(path, &mut found).ok()?;
    found.iter().map(|file| Some(fs::metadata(file).ok()?.len())).sum()
}

#[cfg(test)]
mod tests {
    use super::super::list::parse;
    use super::*;

    #[test]
    fn contents_and_settings_count_and_places_times_and_threads_do_not() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let file = folder.path().join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        };
        write("a/g/1.png", "one");
        write("b/g/1.png", "one");
        write("c/g/1.png", "two");
        let of = |line: &str, before: Option<&Record>| {
            made_from(&parse(Path::new("list"), line, folder.path(), &[]).unwrap()[0], before).unwrap()
        };
        let a = of("a/g", None);
        assert_eq!(a.0, of("b/g", None).0);
        assert_eq!(a.0, of("{\"views\": \"a/g\", \"threads\": 3}", None).0);
        assert_ne!(a.0, of("c/g", None).0);
        assert_ne!(a.0, of("{\"views\": \"a/g\", \"seed\": 3}", None).0);
        // A file that was known with this size and time is not read: a wrong hash stays.
        let old = SystemTime::now() - Duration::from_secs(60);
        File::options().write(true).open(folder.path().join("a/g/1.png")).unwrap().set_modified(old).unwrap();
        let (hash, files) = of("a/g", None);
        assert_eq!(hash, a.0);
        let mut record = Record::begun(hash, files, Vec::new());
        record.files[0].sha256 = "wrong".to_owned();
        assert_ne!(of("a/g", Some(&record)).0, a.0);
        write("a/g/1.png", "one more");
        assert_eq!(of("a/g", Some(&record)).1[0].bytes, 8);
        assert_ne!(of("a/g", Some(&record)).1[0].sha256, "wrong");
    }
}
