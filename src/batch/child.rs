//! One line's command as a process of its own: a crash, or memory that runs out, costs that line alone.
//!
//! The child's standard input is a leash: a pipe that ends when the batch wants the child to stop, and also when the batch is killed. The
//! child then stops as on SIGTERM, with its checkpoint.

use crate::stop::Stop;
use anyhow::{Context, Result};
use signal_hook::consts::SIGTERM;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Set for a child on a leash.
const LEASH: &str = "LOOP3D_LEASH";
/// Until a child that was asked to stop is ended.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two looks at a child.
const LOOK: Duration = Duration::from_millis(50);
/// The most of an error that is recorded, in characters.
const LONGEST: usize = 2000;

/// In a child: stops this process once its leash ends. To be called before anything else.
pub fn heed_the_leash() {
    if std::env::var_os(LEASH).is_none() {
        return;
    }
    std::thread::spawn(|| {
        let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
        let _ = signal_hook::low_level::raise(SIGTERM);
        sleep(PATIENCE);
        std::process::exit(crate::failure::code_of_signal(SIGTERM).into());
    });
}

/// How a child ended.
pub struct Ended {
    pub code: Option<i32>,
    pub error: Option<String>,
    pub seconds: f64,
    pub peak_bytes: Option<u64>,
    /// It was asked to stop, or the claim was lost.
    pub stopped: bool,
}

/// Runs this executable with these words, its output going to the end of `log`.
///
/// `started` gets its number; `keep` is asked often whether to go on.
///
/// # Errors
/// It cannot be started.
pub fn run(
    words: &[String],
    log: &Path,
    stop: &Stop,
    started: &mut dyn FnMut(u32),
    keep: &mut dyn FnMut() -> bool,
) -> Result<Ended> {
    let mut out = File::options().create(true).append(true).open(log).with_context(|| log.display().to_string())?;
    let from = out.seek(SeekFrom::End(0))?;
    let program = std::env::current_exe().context("the path of this program")?;
    let mut command = Command::new(program);
    command.args(words).env(LEASH, "1").stdin(Stdio::piped()).stdout(out.try_clone()?).stderr(out);
    #[cfg(unix)]
    // Ctrl-C goes to all processes of the terminal's group; the child is stopped by its leash, once.
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let begun = Instant::now();
    let mut child = command.spawn().context("cannot start a process")?;
    started(child.id());
    let (status, stopped, peak_bytes) = watch(&mut child, stop, keep)?;
    let code = status.code();
    let error = (code != Some(0)).then(|| error_of(log, from, status));
    Ok(Ended { code, error, seconds: begun.elapsed().as_secs_f64(), peak_bytes, stopped })
}

fn watch(child: &mut Child, stop: &Stop, keep: &mut dyn FnMut() -> bool) -> Result<(ExitStatus, bool, Option<u64>)> {
    let mut asked: Option<Instant> = None;
    let mut peak = None;
    loop {
        peak = peak_bytes(child.id()).or(peak);
        if let Some(status) = child.try_wait().context("a process cannot be waited for")? {
            return Ok((status, asked.is_some(), peak));
        }
        if asked.is_none() && (stop.asked() || !keep()) {
            asked = Some(Instant::now());
            drop(child.stdin.take());
        }
        if asked.is_some_and(|asked| asked.elapsed() > PATIENCE) {
            // What a fit has saved is whole.
            child.kill().context("a process cannot be ended")?;
        }
        sleep(LOOK);
    }
}

/// The most memory that a process has held, on Linux.
fn peak_bytes(number: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{number}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
}

/// What the log says went wrong, or how the process ended.
fn error_of(log: &Path, from: u64, status: ExitStatus) -> String {
    let mut text = Vec::new();
    let _ = File::open(log).and_then(|mut file| {
        file.seek(SeekFrom::Start(from))?;
        file.read_to_end(&mut text)
    });
    let text = String::from_utf8_lossy(&text);
    let said =
        text.rfind("error: ").map(|at| text[at + "error: ".len()..].trim().chars().take(LONGEST).collect::<String>());
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        let why = if signal == 9 { ", as when memory ran out" } else { "" };
        return format!("ended by signal {signal}{why}");
    }
    said.filter(|said| !said.is_empty()).unwrap_or_else(|| {
        let last = text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
        format!("ended with {status}: {last}")
    })
}
