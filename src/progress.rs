//! Progress of a long job on standard error: a bar with the time left on a terminal, plain lines elsewhere, nothing with
//! `--quiet`.

use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Least time between two plain lines.
const BETWEEN_LINES: Duration = Duration::from_secs(10);

/// Steps of a job that reports the fraction that is done.
const FINE: u64 = 10_000;

/// Progress of one job of a known number of steps.
pub struct Progress {
    shown: Shown,
}

enum Shown {
    Nothing,
    Bar(ProgressBar),
    Lines(Lines),
}

struct Lines {
    what: String,
    /// `None`: steps are fractions of the job, shown as a percentage.
    unit: Option<String>,
    total: u64,
    /// Where the job began: above 0 if it continues from a checkpoint.
    first: Option<u64>,
    done: u64,
    started: Instant,
    last: Instant,
}

impl Progress {
    /// Shows a job, such as "rendering", of `total` units, such as "frames".
    pub fn start(what: &str, total: u64, unit: &str, quiet: bool) -> Self {
        let template = format!("{what} {{bar:32}} {{pos}}/{{len}} {unit}, {{eta}} left {{msg}}");
        Self::new(what, total, Some(unit.to_owned()), &template, quiet)
    }

    /// Shows a job that reports the fraction that is done.
    pub fn start_share(what: &str, quiet: bool) -> Self {
        Self::new(what, FINE, None, &format!("{what} {{bar:32}} {{percent}}%, {{eta}} left  {{msg}}"), quiet)
    }

    fn new(what: &str, total: u64, unit: Option<String>, template: &str, quiet: bool) -> Self {
        let now = Instant::now();
        let shown = if quiet {
            Shown::Nothing
        } else if std::io::stderr().is_terminal() {
            let bar = ProgressBar::new(total);
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(250));
            Shown::Bar(bar)
        } else {
            let what = what.to_owned();
            Shown::Lines(Lines { what, unit, total, first: None, done: 0, started: now, last: now })
        };
        Self { shown }
    }

    /// Counts `steps` more steps as done.
    pub fn advance(&mut self, steps: u64) {
        match &mut self.shown {
            Shown::Nothing => {}
            Shown::Bar(bar) => bar.inc(steps),
            Shown::Lines(lines) => lines.at(lines.done + steps, ""),
        }
    }

    /// Reports the fraction of the job that is done, 0–1.
    pub fn share(&mut self, share: f64, message: &str) {
        let done = (share * FINE as f64) as u64;
        match &mut self.shown {
            Shown::Nothing => {}
            Shown::Bar(bar) => {
                bar.set_message(message.to_owned());
                if bar.position() == 0 {
                    // Work of an earlier run says nothing about the speed of this one.
                    bar.set_position(done);
                    bar.reset_eta();
                }
                bar.set_position(done);
            }
            Shown::Lines(lines) => lines.at(done, message),
        }
    }

    /// Prints a line above the progress.
    pub fn note(&self, line: &str) {
        match &self.shown {
            Shown::Nothing => {}
            Shown::Bar(bar) => bar.suspend(|| eprintln!("{line}")),
            Shown::Lines(_) => eprintln!("{line}"),
        }
    }

    /// Ends with one line about the result.
    pub fn finish(self, result: &str) {
        if let Shown::Bar(bar) = &self.shown {
            bar.finish_and_clear();
        }
        self.note(result);
    }
}

impl Lines {
    fn at(&mut self, done: u64, message: &str) {
        self.done = done;
        let first = *self.first.get_or_insert(if self.unit.is_some() { 0 } else { done });
        if self.last.elapsed() < BETWEEN_LINES {
            return;
        }
        self.last = Instant::now();
        let Self { what, total, .. } = self;
        let seconds_for_one = self.started.elapsed().as_secs_f64() / done.saturating_sub(first).max(1) as f64;
        let left = seconds_for_one * total.saturating_sub(done) as f64;
        match &self.unit {
            Some(unit) => eprintln!("{what}: {done} of {total} {unit}, {left:.0} s left"),
            None => eprintln!("{what}: {}%, {left:.0} s left, {message}", done * 100 / *total),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        // An error is printed on a line of its own.
        if let Shown::Bar(bar) = &self.shown {
            bar.finish_and_clear();
        }
    }
}
