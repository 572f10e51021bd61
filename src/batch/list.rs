//! The list of a batch: one job a line, checked as a whole before anything starts.

use crate::failure::{bad_input, mistake};
use anyhow::Result;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

/// What a line asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A capture becomes a scene.
    Fit,
    /// Words become clips.
    Generate,
    /// A clip becomes a loop.
    Loop,
}

impl Kind {
    /// The command that does it.
    pub fn command(self) -> &'static str {
        match self {
            Self::Fit => "fit",
            Self::Generate => "generate",
            Self::Loop => "loop",
        }
    }

    /// The key of a line that names what goes in.
    fn input_key(self) -> &'static str {
        match self {
            Self::Fit => "views",
            Self::Generate => "prompt",
            Self::Loop => "clip",
        }
    }
}

/// One line of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its line, from 1.
    pub line: usize,
    pub kind: Kind,
    /// The output's path within the batch's folder, with `/`: the job's name.
    pub name: String,
    /// Arguments of the command, without the output.
    pub words: Vec<String>,
    /// Files and folders that the result depends on.
    pub inputs: Vec<PathBuf>,
}

/// Keys of a line that are no flags.
const KEYS: [&str; 5] = ["command", "views", "clip", "prompt", "out"];
/// Flags that the batch sets itself.
const OWN: [&str; 3] = ["output", "resume", "quiet"];
/// Flags whose value is a file that the result depends on.
const FILES: [&str; 6] = ["depth", "depth-model", "fill", "mask", "still", "image"];

/// Reads a list. Relative paths in it start at `base`; `flags` go to every fit.
///
/// # Errors
/// A line that is neither a folder nor a good object, a path that does not exist, two lines with one output, or no line at all.
pub fn parse(list: &Path, text: &str, base: &Path, flags: &[String]) -> Result<Vec<Job>> {
    let mut jobs: Vec<Job> = Vec::new();
    let mut outputs: HashMap<String, usize> = HashMap::new();
    for (index, content) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let (line, content) = (index + 1, content.trim());
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        let said = |problem: String| bad_input(format!("{}, line {line}: {problem}", list.display()));
        let job = if content.starts_with('{') {
            let object = serde_json::from_str(content)
                .map_err(|error| said(format!("is not JSON, at column {}: {}", error.column(), reason(&error))))?;
            of_object(line, &object, base, flags)
        } else {
            of_path(line, content, base, flags)
        };
        let job = job.map_err(said)?;
        // Systems that take capitals for small letters would mix up the two.
        if let Some(first) = outputs.insert(job.name.to_lowercase(), line) {
            return Err(said(format!("writes {}, as line {first} does; give one of them another \"out\"", job.name)));
        }
        jobs.push(job);
    }
    if jobs.is_empty() {
        return Err(bad_input(format!(
            "{}: found no line with a capture; expected one folder or one JSON object a line",
            list.display()
        )));
    }
    Ok(jobs)
}

/// serde's message without its "at line 1 column N".
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or(&text).to_owned()
}

fn of_path(line: usize, content: &str, base: &Path, flags: &[String]) -> Result<Job, String> {
    let mut object = Map::new();
    object.insert("views".to_owned(), Value::from(content));
    of_object(line, &object, base, flags)
}

fn of_object(line: usize, object: &Map<String, Value>, base: &Path, flags: &[String]) -> Result<Job, String> {
    let text = |key: &str| match object.get(key) {
        None => Ok(None),
        Some(Value::String(value)) if !value.is_empty() => Ok(Some(value.as_str())),
        Some(other) => Err(format!("\"{key}\": found {other}, expected a text")),
    };
    let kind = match text("command")?.unwrap_or("fit") {
        "fit" => Kind::Fit,
        "generate" => Kind::Generate,
        "loop" => Kind::Loop,
        other => return Err(format!("\"command\": found \"{other}\", expected \"fit\", \"generate\" or \"loop\"")),
    };
    for key in ["views", "clip", "prompt"] {
        if key != kind.input_key() && object.contains_key(key) {
            return Err(format!("\"{key}\" is no key of {}; expected \"{}\"", kind.command(), kind.input_key()));
        }
    }
    let input = text(kind.input_key())?
        .ok_or_else(|| format!("\"{}\" is missing, which {} needs", kind.input_key(), kind.command()))?;
    let mut inputs = Vec::new();
    let mut words = Vec::new();
    match kind {
        Kind::Generate => words.push(input.to_owned()),
        Kind::Fit | Kind::Loop => {
            let path = existing(base, input)?;
            if kind == Kind::Fit
                && path.is_file()
                && !["depth", "depth_model", "depth-model"].iter().any(|key| object.contains_key(*key))
            {
                return Err(format!(
                    "{} is a file; expected the folder of a capture, or \"depth\" for one clip, or \"command\": \"loop\"",
                    path.display()
                ));
            }
            if kind == Kind::Fit {
                words.push("--views".to_owned());
            }
            words.push(path.to_string_lossy().into_owned());
            inputs.push(path);
        }
    }
    for (key, value) in object.iter().filter(|(key, _)| !KEYS.contains(&key.as_str())) {
        let flag = key.replace('_', "-");
        if OWN.contains(&flag.as_str()) {
            return Err(format!("\"{key}\": is set by the batch itself; \"out\" names the output"));
        }
        let value = match value {
            Value::Bool(true) => {
                words.push(format!("--{flag}"));
                continue;
            }
            Value::Bool(false) => continue,
            Value::String(value) => value.clone(),
            Value::Number(value) => value.to_string(),
            Value::Array(values) => {
                let parts = values.iter().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
                parts.collect::<Vec<_>>().join(",")
            }
            other => return Err(format!("\"{key}\": found {other}, expected a text, a number, true, false or a list")),
        };
        let value = if FILES.contains(&flag.as_str()) {
            inputs.push(existing(base, &value)?);
            inputs.last().map_or(value, |path| path.to_string_lossy().into_owned())
        } else {
            value
        };
        words.push(format!("--{flag}={value}"));
    }
    if kind == Kind::Fit {
        words.extend(flags.iter().cloned());
    }
    let name = match text("out")? {
        Some(out) => within(out)?,
        None if kind == Kind::Fit => {
            let whole = inputs.first().and_then(|path| path.canonicalize().ok());
            let stem =
                whole.as_deref().and_then(|path| if path.is_file() { path.file_stem() } else { path.file_name() });
            format!("{}.loop3d", stem.ok_or("\"out\" is missing, and the path has no name")?.to_string_lossy())
        }
        None => return Err(format!("\"out\" is missing, which {} needs", kind.command())),
    };
    Ok(Job { line, kind, name, words, inputs })
}

fn existing(base: &Path, path: &str) -> Result<PathBuf, String> {
    let path = base.join(path);
    if path.exists() { Ok(path) } else { Err(format!("{}: no such file or folder", path.display())) }
}

/// A path below the batch's folder.
fn within(out: &str) -> Result<String, String> {
    let wrong = |why: &str| Err(format!("\"out\": found \"{out}\", {why}; expected a path below the batch's folder"));
    let mut parts = Vec::new();
    for part in Path::new(out).components() {
        match part {
            Component::Normal(name) => parts.push(name.to_string_lossy().into_owned()),
            Component::CurDir => {}
            Component::ParentDir => return wrong("which leaves the folder"),
            Component::RootDir | Component::Prefix(_) => return wrong("an absolute path"),
        }
    }
    match parts.first().map(String::as_str) {
        None => wrong("which has no name"),
        Some(".batch") => wrong("where the batch keeps its notes"),
        Some("report.html" | "summary.json") if parts.len() == 1 => wrong("which the batch writes itself"),
        Some(_) => Ok(parts.join("/")),
    }
}

/// Which of so many workers this one is, of how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    pub index: usize,
    pub count: usize,
}

impl std::str::FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers = text.split_once('/').and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
        match numbers {
            Some((index, count)) if index < count => Ok(Self { index, count }),
            _ => Err("expected I/N with I from 0 to N-1, such as 0/4".to_owned()),
        }
    }
}

impl Share {
    /// The share that a cluster's variables give this worker, as `read` reads them; all of the list where there are none. A cluster that
    /// does not tell its number of workers is told by `--workers`.
    ///
    /// # Errors
    /// A variable that is no number, or a number of workers that is missing or too small.
    pub fn of_cluster(read: &dyn Fn(&str) -> Option<String>, workers: Option<usize>) -> Result<Option<Self>> {
        let number = |name: &str| -> Result<Option<usize>> {
            let Some(text) = read(name).filter(|text| !text.is_empty()) else { return Ok(None) };
            let wrong =
                |_| mistake(format!("{name}: found {text}, expected a number from 0; --index I/N overrides it"));
            text.parse().map(Some).map_err(wrong)
        };
        let (name, index, count) = if let Some(task) = number("SLURM_ARRAY_TASK_ID")? {
            let first = number("SLURM_ARRAY_TASK_MIN")?.unwrap_or(0);
            ("SLURM_ARRAY_TASK_ID", task.saturating_sub(first), number("SLURM_ARRAY_TASK_COUNT")?)
        } else if let Some(index) = number("JOB_COMPLETION_INDEX")? {
            ("JOB_COMPLETION_INDEX", index, None)
        } else if let Some(index) = number("AWS_BATCH_JOB_ARRAY_INDEX")? {
            ("AWS_BATCH_JOB_ARRAY_INDEX", index, number("AWS_BATCH_JOB_ARRAY_SIZE")?)
        } else {
            return Ok(None);
        };
        let count = workers.or(count).ok_or_else(|| {
            mistake(format!("{name} is {index}, but of how many workers? Pass --workers N, or --index I/N"))
        })?;
        if index >= count {
            return Err(mistake(format!("{name}: found worker {index}, counted from 0, of {count}; pass --index I/N")));
        }
        Ok(Some(Self { index, count }))
    }

    /// Whether the job at this place of the list is this worker's.
    pub fn has(self, place: usize) -> bool {
        place % self.count == self.index
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Result<Vec<Job>> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("a/garden")).unwrap();
        std::fs::write(folder.path().join("clip.mp4"), "").unwrap();
        let mut jobs = parse(Path::new("list"), text, folder.path(), &["--planes=6".to_owned()])?;
        for job in &mut jobs {
            for word in &mut job.words {
                *word = word.replace(&*folder.path().to_string_lossy(), "BASE");
            }
        }
        Ok(jobs)
    }

    #[test]
    fn lines_become_commands() {
        let text = "\u{feff}# captures\n\n a/garden \r\n{\"views\": \"a/garden\", \"out\": \"x/b.loop3d\", \"hold_out\": [1, 4], \
                    \"losses\": true, \"seed\": 3}\n{\"command\": \"loop\", \"clip\": \"clip.mp4\", \"out\": \"c.mp4\"}\n";
        let jobs = one(text).unwrap();
        let all: Vec<_> = jobs.iter().map(|job| (job.line, job.name.as_str(), job.words.join(" "))).collect();
        assert_eq!(all[0], (3, "garden.loop3d", "--views BASE/a/garden --planes=6".to_owned()));
        assert_eq!((all[1].0, all[1].1), (4, "x/b.loop3d"));
        assert_eq!(all[1].2, "--views BASE/a/garden --hold-out=1,4 --losses --seed=3 --planes=6");
        assert_eq!(all[2], (5, "c.mp4", "BASE/clip.mp4".to_owned()));
    }

    #[test]
    fn bad_lists_are_told_with_the_line() {
        for (text, said) in [
            ("", "found no line"),
            ("a/garden\n{\"views\": }", "line 2: is not JSON, at column 11: expected value"),
            ("nowhere", "nowhere: no such file or folder"),
            ("a/garden\na/../a/garden", "line 2: writes garden.loop3d, as line 1 does"),
            ("{\"views\": \"a/garden\", \"out\": \"../b\"}", "which leaves the folder"),
            ("{\"views\": \"a/garden\", \"out\": \"/b\"}", "an absolute path"),
            ("{\"views\": \"a/garden\", \"resume\": true}", "is set by the batch itself"),
            ("{\"views\": \"a/garden\", \"planes\": {}}", "\"planes\": found {}"),
            ("{\"command\": \"dance\"}", "found \"dance\""),
            ("{\"command\": \"loop\", \"views\": \"a\"}", "\"views\" is no key of loop"),
            ("{\"command\": \"generate\", \"prompt\": \"a fire\"}", "\"out\" is missing"),
            ("clip.mp4", "is a file"),
        ] {
            let error = one(text).unwrap_err().to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
    }

    #[test]
    fn shares_come_from_clusters() {
        let share = |variables: &[(&str, &str)], workers| {
            let read = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, v)| (*v).to_owned());
            Share::of_cluster(&read, workers)
        };
        assert_eq!(share(&[], None).unwrap(), None);
        assert_eq!(share(&[("JOB_COMPLETION_INDEX", "2")], Some(4)).unwrap(), Some(Share { index: 2, count: 4 }));
        assert!(share(&[("JOB_COMPLETION_INDEX", "2")], None).unwrap_err().to_string().contains("--workers N"));
        let slurm = [("SLURM_ARRAY_TASK_ID", "5"), ("SLURM_ARRAY_TASK_MIN", "3"), ("SLURM_ARRAY_TASK_COUNT", "4")];
        assert_eq!(share(&slurm, None).unwrap(), Some(Share { index: 2, count: 4 }));
        assert!(share(&[("AWS_BATCH_JOB_ARRAY_INDEX", "4")], Some(4)).unwrap_err().to_string().contains("worker 4"));
        assert!(share(&[("AWS_BATCH_JOB_ARRAY_INDEX", "x")], Some(4)).is_err());
        assert!("4/4".parse::<Share>().is_err() && "1/3".parse() == Ok(Share { index: 1, count: 3 }));
    }
}
