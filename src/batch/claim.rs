//! Claims: no two workers do one line at a time, and the line of a worker that died is taken over.
//!
//! A claim is a file `NAME.claim-N`, made so that making it fails where it exists. Taking over makes the next number, so that of
//! several that try one wins, and a claim that somebody else made is never renamed or removed. The one with the highest number holds.

use crate::output::with_suffix;
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A process, so that another one of the same number is not taken for it. Only told on Linux.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// The machine's boot and the process's namespace of numbers.
    place: String,
    number: u32,
    /// When it started, in the kernel's ticks.
    started: String,
}

impl Process {
    /// The process of this number, if it runs.
    pub fn of(number: u32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{number}/stat")).ok()?;
        // The name in parentheses may hold anything.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        if fields.first() == Some(&"Z") {
            return None;
        }
        Some(Self { place: place()?, number, started: (*fields.get(19)?).to_owned() })
    }

    /// Whether it is known to have ended: it ran here, and does not any more.
    fn has_ended(&self) -> bool {
        place().is_some_and(|place| place == self.place) && Self::of(self.number).as_ref() != Some(self)
    }
}

fn place() -> Option<String> {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let namespace = fs::read_link("/proc/self/ns/pid").ok()?;
    Some(format!("{} {}", boot.trim(), namespace.display()))
}

/// What a claim says.
#[derive(Debug, Serialize, Deserialize)]
struct Content {
    token: String,
    worker: Option<Process>,
    child: Option<Process>,
}

/// A claim that this process holds. Dropped, it is given back.
pub struct Claim {
    file: PathBuf,
    token: String,
    /// All claims of this line up to this one.
    older: Vec<PathBuf>,
}

/// What came of claiming.
pub enum Claimed {
    Mine(Claim),
    /// Another worker has it.
    Taken,
}

/// Claims the line whose notes begin with `stem`, such as `.batch/garden.loop3d`; a claim that was not renewed for `lease` is dead.
///
/// # Errors
/// The folder cannot be read or written.
pub fn claim(stem: &Path, lease: Duration) -> Result<Claimed> {
    let found = claims(stem)?;
    if let Some((_, newest)) = found.last()
        && alive(newest, lease)?
    {
        return Ok(Claimed::Taken);
    }
    let number = found.last().map_or(1, |(number, _)| number + 1);
    let file = with_suffix(stem, &format!(".claim-{number}"));
    let token = token();
    let content = Content { token: token.clone(), worker: Process::of(std::process::id()), child: None };
    match OpenOptions::new().write(true).create_new(true).open(&file) {
        Ok(mut made) => made.write_all(&serde_json::to_vec(&content)?).with_context(|| shown(&file))?,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(Claimed::Taken),
        Err(error) => return Err(error).with_context(|| shown(&file)),
    }
    let mine = Claim { file, token, older: found.into_iter().map(|(_, path)| path).collect() };
    // Somebody else may have been faster, and be done: the record is read after this.
    Ok(if claims(stem)?.last().is_some_and(|(newest, _)| *newest == number) {
        Claimed::Mine(mine)
    } else {
        Claimed::Taken
    })
}

impl Claim {
    /// Notes the process that does the work.
    pub fn note_child(&self, number: u32) {
        let content =
            Content { token: self.token.clone(), worker: Process::of(std::process::id()), child: Process::of(number) };
        if let Ok(bytes) = serde_json::to_vec(&content) {
            // What is not noted only makes a take-over wait for the lease.
            let _ = loop3d_scene::write_file(&self.file, |out| out.write_all(&bytes));
        }
    }

    /// Renews the lease; false where the claim was lost, because this worker had not renewed it in time.
    pub fn renew(&self, stem: &Path) -> bool {
        let mine = read(&self.file).is_some_and(|content| content.token == self.token);
        let newest = claims(stem).is_ok_and(|found| found.last().is_none_or(|(_, newest)| *newest == self.file));
        if mine && newest {
            // The same bytes again: the file system's own clock dates them.
            let again = || File::options().write(true).open(&self.file)?.write_all(&fs::read(&self.file)?);
            let _ = again();
        }
        mine && newest
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // The oldest first: whoever looks meanwhile finds this one.
        for file in &self.older {
            let _ = fs::remove_file(file);
        }
        if read(&self.file).is_some_and(|content| content.token == self.token) {
            let _ = fs::remove_file(&self.file);
        }
    }
}

/// Numbers and paths of a line's claims, in order.
fn claims(stem: &Path) -> Result<Vec<(u64, PathBuf)>> {
    let folder = stem.parent().unwrap_or(Path::new("."));
    let start = format!("{}.claim-", stem.file_name().unwrap_or_default().to_string_lossy());
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| shown(folder))? {
        let entry = entry.with_context(|| shown(folder))?;
        let number = entry.file_name().to_string_lossy().strip_prefix(&start).and_then(|number| number.parse().ok());
        found.extend(number.map(|number| (number, entry.path())));
    }
    found.sort();
    Ok(found)
}

/// Whether the worker of a claim is alive, as far as one can know from here.
fn alive(file: &Path, lease: Duration) -> Result<bool> {
    if let Some(Content { worker: Some(worker), child, .. }) = read(file)
        && worker.has_ended()
        // A child ends soon after its worker; until then it may write.
        && child.is_none_or(|child| child.has_ended())
    {
        return Ok(false);
    }
    let Ok(renewed) = fs::metadata(file).and_then(|about| about.modified()) else { return Ok(false) };
    // The clock of the file system, not of this machine: workers' clocks differ.
    let probe = file.with_file_name(format!(".clock-{}", token()));
    File::create(&probe).with_context(|| shown(&probe))?;
    let now = fs::metadata(&probe).and_then(|about| about.modified());
    let _ = fs::remove_file(&probe);
    // A claim of the future is a fresh one.
    Ok(now.with_context(|| shown(&probe))?.duration_since(renewed).map_or(true, |age| age < lease))
}

fn read(file: &Path) -> Option<Content> {
    serde_json::from_slice(&fs::read(file).ok()?).ok()
}

/// Differs from every other one: host, process, moment, count.
fn token() -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let moment = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    format!("{}-{}-{moment}-{}", host.trim(), std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEASE: Duration = Duration::from_secs(60);

    fn mine(stem: &Path, lease: Duration) -> Option<Claim> {
        match claim(stem, lease).unwrap() {
            Claimed::Mine(claim) => Some(claim),
            Claimed::Taken => None,
        }
    }

    #[test]
    fn one_of_many_threads_gets_a_line() {
        let folder = tempfile::tempdir().unwrap();
        for round in 0..20 {
            let stem = folder.path().join(format!("a{round}.loop3d"));
            let got: Vec<_> = std::thread::scope(|scope| {
                let all: Vec<_> = (0..8).map(|_| scope.spawn(|| mine(&stem, LEASE))).collect();
                all.into_iter().filter_map(|thread| thread.join().unwrap()).collect()
            });
            assert_eq!(got.len(), 1);
            assert!(mine(&stem, LEASE).is_none() && got[0].renew(&stem));
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn an_old_claim_is_taken_over_by_one_and_lost_by_its_holder() {
        let folder = tempfile::tempdir().unwrap();
        let stem = folder.path().join("a.loop3d");
        let first = mine(&stem, LEASE).unwrap();
        let old = SystemTime::now() - Duration::from_secs(120);
        File::options().write(true).open(&first.file).unwrap().set_modified(old).unwrap();
        let second = mine(&stem, LEASE).unwrap();
        assert!(!first.renew(&stem) && second.renew(&stem));
        drop(first);
        assert!(mine(&stem, LEASE).is_none());
        drop(second);
        assert!(mine(&stem, LEASE).is_some());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_claim_of_a_process_that_ended_here_is_taken_over_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let stem = folder.path().join("a.loop3d");
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let content = Content { token: "other".to_owned(), worker: Process::of(child.id()), child: None };
        fs::write(with_suffix(&stem, ".claim-4"), serde_json::to_vec(&content).unwrap()).unwrap();
        assert!(mine(&stem, LEASE).is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        let mine = mine(&stem, LEASE).unwrap();
        assert!(mine.file.ends_with("a.loop3d.claim-5"));
    }
}
