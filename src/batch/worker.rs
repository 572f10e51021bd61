//! One line from claim to record.

use super::child;
use super::claim::{Claim, Claimed, claim};
use super::list::{Job, Kind};
use super::picture;
use super::record::{self, Record, State};
use crate::fit::checkpoint_of;
use crate::output::with_suffix;
use crate::stop::Stop;
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// The exit code after which the same command may succeed later.
const AGAIN: i32 = 75;

/// What came of a line.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It was finished before.
    Skipped,
    Done(Record),
    Failed(Record),
    /// Another worker has it.
    Taken,
    /// Asked to stop.
    Stopped,
}

/// What a worker does its lines with.
pub struct Worker<'a> {
    /// The batch's folder.
    pub dir: &'a Path,
    pub lease: Duration,
    pub retries: u32,
    pub wait: Duration,
    /// For each child; none leaves it to the child.
    pub threads: Option<usize>,
    pub stop: &'a Stop,
}

impl Worker<'_> {
    /// Does one line, if nobody else does.
    ///
    /// # Errors
    /// Notes or folders that cannot be read or written.
    pub fn line(&self, job: &Job, tell: &dyn Fn(&str, &Record)) -> Result<Outcome> {
        let (output, stem) = (self.dir.join(&job.name), stem(self.dir, job));
        for path in [&output, &stem] {
            let folder = path.parent().unwrap_or(self.dir);
            fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        }
        let notes = with_suffix(&stem, ".json");
        let before = Record::read(&notes);
        let (made_from, files) = record::made_from(job, before.as_ref())?;
        if before.is_some_and(|record| record.is_done(&made_from, &output)) {
            return Ok(Outcome::Skipped);
        }
        let Claimed::Mine(claim) = claim(&stem, self.lease)? else { return Ok(Outcome::Taken) };
        // Read again: the line may have been finished between the first look and the claim.
        let before = Record::read(&notes);
        if before.as_ref().is_some_and(|record| record.is_done(&made_from, &output)) {
            return Ok(Outcome::Skipped);
        }
        clear(job, &output, &stem, before.as_ref(), &made_from)?;
        let mut command = vec![job.kind.command().to_owned()];
        command.extend(job.words.iter().cloned());
        command.extend(["-o".to_owned(), output.to_string_lossy().into_owned()]);
        let mut record = Record::begun(made_from, files, command);
        record.write(&notes)?;
        let stopped = self.attempts(job, &output, &stem, &claim, &mut record, tell)?;
        if stopped {
            // The record stays at `Begun`: the checkpoint belongs to it.
            return Ok(if self.stop.asked() { Outcome::Stopped } else { Outcome::Taken });
        }
        record.state = if record.code == Some(0) { State::Done } else { State::Failed };
        if record.state == State::Done {
            record.output_bytes = record::size(&output);
            record.scene = picture::of(job.kind, &output, &with_suffix(&stem, ".jpg"));
        }
        record.write(&notes)?;
        Ok(if record.state == State::Done { Outcome::Done(record) } else { Outcome::Failed(record) })
    }

    /// Runs the command until it ends for good; true where it was stopped.
    fn attempts(
        &self,
        job: &Job,
        output: &Path,
        stem: &Path,
        claim: &Claim,
        record: &mut Record,
        tell: &dyn Fn(&str, &Record),
    ) -> Result<bool> {
        let log = with_suffix(output, ".log");
        let checkpoint = checkpoint_of(output);
        let mut fresh = false;
        loop {
            let mut words = record.command.clone();
            if let Some(threads) =
                self.threads.filter(|_| job.kind == Kind::Fit && !job.words.iter().any(|w| w.starts_with("--threads")))
            {
                words.push(format!("--threads={threads}"));
            }
            let resumes = job.kind == Kind::Fit && checkpoint.exists() && !fresh;
            if resumes {
                words.push("--resume".to_owned());
            }
            record.attempts += 1;
            tell(if resumes { "resume" } else { "start" }, record);
            let mut renewed = Instant::now();
            let ended = child::run(&words, &log, self.stop, &mut |number| claim.note_child(number), &mut || {
                if renewed.elapsed() < self.lease / 6 {
                    return true;
                }
                renewed = Instant::now();
                claim.renew(stem)
            })?;
            record.seconds += ended.seconds;
            record.peak_bytes = record.peak_bytes.max(ended.peak_bytes);
            (record.code, record.error) = (ended.code, ended.error);
            if ended.code == Some(0) {
                return Ok(false);
            }
            if ended.stopped || self.stop.asked() {
                return Ok(true);
            }
            if resumes && matches!(ended.code, Some(2 | 65)) {
                // A checkpoint that does not fit: from the start.
                fresh = true;
                continue;
            }
            if ended.code != Some(AGAIN) || record.attempts > self.retries {
                return Ok(false);
            }
            tell("retry", record);
            let from = Instant::now();
            let mut looked = Instant::now();
            while from.elapsed() < self.wait * record.attempts {
                if self.stop.asked() {
                    return Ok(true);
                }
                if looked.elapsed() > self.lease / 6 {
                    looked = Instant::now();
                    if !claim.renew(stem) {
                        return Ok(true);
                    }
                }
                sleep(Duration::from_millis(100));
            }
        }
    }
}

/// Where the notes of a line begin.
pub fn stem(dir: &Path, job: &Job) -> PathBuf {
    dir.join(".batch").join(&job.name)
}

/// Removes what an earlier run left that is in the way: unfinished files of killed processes, the checkpoint of another fit, and a folder
/// that this batch made of other inputs.
fn clear(job: &Job, output: &Path, stem: &Path, before: Option<&Record>, made_from: &str) -> Result<()> {
    for place in [output, stem] {
        let folder = place.parent().unwrap_or(Path::new("."));
        let start = format!(".{}.", place.file_name().unwrap_or_default().to_string_lossy());
        for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())?.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            // Such as `.NAME.tmp-7`. This line is claimed: nobody writes them any more.
            let Some((kind, _)) = name.strip_prefix(&start).and_then(|rest| rest.split_once("tmp-")) else { continue };
            if ["", "resume.", "json.", "jpg."].contains(&kind) || kind.starts_with("claim-") {
                remove(&entry.path())?;
            }
        }
    }
    let same = before.is_some_and(|record| record.made_from == made_from);
    if !same {
        remove(&checkpoint_of(output))?;
        if job.kind != Kind::Fit && output.is_dir() && before.is_some() {
            remove(output)?;
        }
    }
    Ok(())
}

fn remove(path: &Path) -> Result<()> {
    let done = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match done {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| path.display().to_string())
        }
        _ => Ok(()),
    }
}
