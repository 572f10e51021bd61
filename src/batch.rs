//! `loop3d batch`: a list of captures, on one machine or as a cluster's array job.

pub mod child;
mod claim;
mod list;
mod picture;
mod record;
mod report;
mod summary;
mod worker;

use crate::failure::{Stopped, bad_input, failed, mistake};
use crate::output::{print, with_suffix};
use crate::stop::Stop;
use anyhow::{Context, Result};
use clap::Parser;
use list::{Job, Share};
use loop3d_scene::Fault;
use record::{Record, State};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::sleep;
use std::time::Duration;
use worker::{Outcome, Worker};

/// Work through a list of captures, clips or words, on this machine or as one of many workers.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  loop3d batch captures.txt -o scenes\n  loop3d batch captures.txt -o scenes --jobs 2 -- --preset draft\n  \
    loop3d batch captures.txt -o /shared/scenes --index 0/4     the first of four workers\n\n\
    A line of LIST is the folder of a capture, or a JSON object:\n  \
    {\"views\": \"garden\", \"out\": \"garden.loop3d\", \"preset\": \"draft\", \"hold_out\": [4]}\n  \
    {\"command\": \"loop\", \"clip\": \"waterfall.mp4\", \"out\": \"waterfall.mp4\"}\n  \
    {\"command\": \"generate\", \"prompt\": \"a red flag waving on grass\", \"out\": \"flag\"}\n\
    Other keys are flags of that command. Paths start at the list's folder, outputs at DIR.\n\n\
    Run the same command again after a stop, a crash or a change: what is finished is skipped, and what was begun goes on. docs/BATCH.md has the \
    rest, and templates for clusters are in deploy/."
)]
pub struct BatchArgs {
    /// The list: one capture, clip or prompt a line.
    list: PathBuf,
    /// Folder for the results, with report.html and summary.json.
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    /// Lines to work on at the same time; each fit gets its share of the cores.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: u16,
    /// Do one share of the list: worker I of N, counted from 0 [default: what Kubernetes, Slurm or AWS Batch say, or all]
    #[arg(long, value_name = "I/N")]
    index: Option<Share>,
    /// Number of workers, where the cluster tells only the index.
    #[arg(long, value_name = "N", conflicts_with = "index", value_parser = clap::value_parser!(u32).range(1..))]
    workers: Option<u32>,
    /// How often to try a line again that ends with exit code 75.
    #[arg(long, value_name = "N", default_value_t = 3)]
    retries: u32,
    /// Seconds before the first of these tries; the second waits twice as long, and so on.
    #[arg(long, value_name = "SECONDS", default_value_t = 20)]
    retry_wait: u32,
    /// Seconds without a sign of life after which a worker on another machine is dead.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u32).range(5..=86_400))]
    lease: u32,
    /// Print progress as JSON, one object a line.
    #[arg(long)]
    json: bool,
    /// Print errors only.
    #[arg(long)]
    quiet: bool,
    /// Flags for every fit, after `--`.
    #[arg(last = true, value_name = "FLAG")]
    flags: Vec<String>,
}

impl BatchArgs {
    /// Works through the list.
    ///
    /// # Errors
    /// A bad list, notes that cannot be written, lines that failed, or the user stopped the batch.
    pub fn run(&self) -> Result<()> {
        let stop = Stop::on_ctrl_c()?;
        let jobs = self.read()?;
        let share = match self.index {
            Some(share) => Some(share),
            None => Share::of_cluster(&|name| std::env::var(name).ok(), self.workers.map(|n| n as usize))?,
        };
        let share = share.unwrap_or(Share { index: 0, count: 1 });
        let notes = self.output.join(".batch");
        std::fs::create_dir_all(&notes).with_context(|| notes.display().to_string())?;
        summary::sweep(&self.output);
        let mine: Vec<&Job> =
            jobs.iter().enumerate().filter(|(place, _)| share.has(*place)).map(|(_, job)| job).collect();
        if !self.quiet && !self.json {
            let whole = if share.count > 1 {
                format!(" of {}, worker {}/{}", jobs.len(), share.index, share.count)
            } else {
                String::new()
            };
            eprintln!("{} line{}{whole}", mine.len(), if mine.len() == 1 { "" } else { "s" });
        }
        let ended = self.work(&mine, &stop);
        let summary = summary::Summary::of(&self.output, &jobs);
        summary.write(&self.output.join("summary.json"))?;
        report::write(&self.output, &self.list, &summary)?;
        ended?;
        if stop.asked() {
            return Err(Stopped("run the same command again to go on".to_owned()).into());
        }
        if !self.quiet && !self.json {
            eprintln!("{}\nwrote {}", summary.table(), self.output.join("report.html").display());
        }
        if self.json {
            print(&json!({ "event": "end", "counts": summary.counts() }).to_string())?;
        }
        verdict(&mine, &self.output)
    }

    /// The list, with flags that the commands take.
    fn read(&self) -> Result<Vec<Job>> {
        let text = std::fs::read(&self.list).map_err(|error| bad_input(format!("{}: {error}", self.list.display())))?;
        let text = String::from_utf8(text)
            .map_err(|_| bad_input(format!("{}: is not text in UTF-8; expected a list", self.list.display())))?;
        let base = self.list.parent().unwrap_or(Path::new(""));
        let base = std::path::absolute(if base == Path::new("") { Path::new(".") } else { base })?;
        let jobs = list::parse(&self.list, &text, &base, &self.flags)?;
        for job in &jobs {
            let words =
                ["loop3d".to_owned(), job.kind.command().to_owned()].into_iter().chain(job.words.iter().cloned());
            if let Err(error) = crate::Cli::try_parse_from(words.chain(["-o".to_owned(), job.name.clone()])) {
                let text = error.to_string();
                let said = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
                return Err(mistake(format!("{}, line {}: {said}", self.list.display(), job.line)));
            }
        }
        Ok(jobs)
    }

    fn work(&self, mine: &[&Job], stop: &Stop) -> Result<()> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let worker = Worker {
            dir: &std::path::absolute(&self.output)?,
            lease: Duration::from_secs(self.lease.into()),
            retries: self.retries,
            wait: Duration::from_secs(self.retry_wait.into()),
            threads: (self.jobs > 1).then(|| (cores / usize::from(self.jobs)).max(1)),
            stop,
        };
        let mut left: Vec<&Job> = mine.to_vec();
        // Lines that other workers have are looked at again: a worker may die.
        loop {
            let (next, taken, problem) = (AtomicUsize::new(0), Mutex::new(Vec::new()), Mutex::new(None));
            let started = left.len();
            let one = || {
                while !stop.asked() {
                    let Some(&job) = left.get(next.fetch_add(1, Ordering::Relaxed)) else { return };
                    match worker.line(job, &|event, record| self.tell(event, job, Some(record))) {
                        Ok(Outcome::Taken) => lock(&taken).push(job),
                        Ok(outcome) => self.tell_outcome(job, &outcome),
                        Err(error) => *lock(&problem) = Some(error),
                    }
                    if lock(&problem).is_some() {
                        return;
                    }
                }
            };
            std::thread::scope(|scope| (0..self.jobs).for_each(|_| drop(scope.spawn(one))));
            if let Some(error) = lock(&problem).take() {
                return Err(error);
            }
            left = std::mem::take(&mut *lock(&taken));
            if left.is_empty() || stop.asked() {
                return Ok(());
            }
            if left.len() == started {
                sleep(Duration::from_secs(1));
            }
        }
    }

    fn tell_outcome(&self, job: &Job, outcome: &Outcome) {
        match outcome {
            Outcome::Skipped => self.tell("skipped", job, None),
            Outcome::Done(record) => self.tell("done", job, Some(record)),
            Outcome::Failed(record) => self.tell("failed", job, Some(record)),
            Outcome::Stopped => self.tell("stopped", job, None),
            Outcome::Taken => {}
        }
    }

    fn tell(&self, event: &str, job: &Job, record: Option<&Record>) {
        if self.json {
            let mut line = json!({ "event": event, "line": job.line, "name": job.name });
            if let (Some(line), Some(record)) = (line.as_object_mut(), record) {
                line.insert("attempt".to_owned(), record.attempts.into());
                if matches!(event, "done" | "failed" | "retry") {
                    line.insert("seconds".to_owned(), json!((record.seconds * 10.0).round() / 10.0));
                    line.insert("code".to_owned(), json!(record.code));
                    line.insert("error".to_owned(), json!(record.error));
                }
            }
            // A reader that went away does not end the work.
            let _ = print(&line.to_string());
        } else if event == "failed" || !self.quiet {
            let detail = match (event, record) {
                ("done", Some(record)) => format!(" in {:.0} s", record.seconds),
                ("failed" | "retry", Some(record)) => {
                    format!(": {}", record.error.as_deref().unwrap_or("no reason given"))
                }
                _ => String::new(),
            };
            eprintln!("{}: {event}{detail}", job.name);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An error if lines failed: 75 where trying again may help, 1 where the machine failed, 65 where only other lines help.
fn verdict(mine: &[&Job], dir: &Path) -> Result<()> {
    let records = mine.iter().filter_map(|job| Record::read(&with_suffix(&worker::stem(dir, job), ".json")));
    let codes: Vec<Option<i32>> =
        records.filter(|record| record.state == State::Failed).map(|record| record.code).collect();
    if codes.is_empty() {
        return Ok(());
    }
    let fault = if codes.contains(&Some(75)) {
        Fault::Moment
    } else if codes.iter().all(|code| matches!(code, Some(2 | 65))) {
        Fault::Input
    } else {
        Fault::Machine
    };
    Err(failed(
        fault,
        format!(
            "{} of {} lines failed; {} has the reasons",
            codes.len(),
            mine.len(),
            dir.join("report.html").display()
        ),
    ))
}
