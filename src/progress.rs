//! Progress of a long job on standard error: a bar with the time left on a terminal, plain lines elsewhere, nothing
//! when quiet.

use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Plain lines come no faster than this.
const BETWEEN_LINES: Duration = Duration::from_secs(10);

/// Progress of one job of a known number of steps.
pub struct Progress {
    shown: Shown,
}

enum Shown {
    Nothing,
    Bar(ProgressBar),
    Lines { what: String, unit: String, total: u64, done: u64, started: Instant, last: Instant },
}

impl Progress {
    /// Starts to show a job, such as "rendering", of so many units, such as "frames".
    pub fn start(what: &str, total: u64, unit: &str, quiet: bool) -> Self {
        let now = Instant::now();
        let shown = if quiet {
            Shown::Nothing
        } else if std::io::stderr().is_terminal() {
            let bar = ProgressBar::new(total);
            let template = format!("{what} {{bar:32}} {{pos}}/{{len}} {unit}, {{eta}} left {{msg}}");
            if let Ok(style) = ProgressStyle::with_template(&template) {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(250));
            Shown::Bar(bar)
        } else {
            Shown::Lines { what: what.to_owned(), unit: unit.to_owned(), total, done: 0, started: now, last: now }
        };
        Self { shown }
    }

    /// So many more steps are done.
    pub fn advance(&mut self, steps: u64) {
        match &mut self.shown {
            Shown::Nothing => {}
            Shown::Bar(bar) => bar.inc(steps),
            Shown::Lines { what, unit, total, done, started, last } => {
                *done += steps;
                if last.elapsed() >= BETWEEN_LINES {
                    *last = Instant::now();
                    let left = started.elapsed().as_secs_f64() / *done as f64 * total.saturating_sub(*done) as f64;
                    eprintln!("{what}: {done} of {total} {unit}, {left:.0} s left");
                }
            }
        }
    }

    /// Ends with one line that says what came of it.
    pub fn finish(self, result: &str) {
        match &self.shown {
            Shown::Nothing => {}
            Shown::Bar(bar) => {
                bar.finish_and_clear();
                eprintln!("{result}");
            }
            Shown::Lines { .. } => eprintln!("{result}"),
        }
    }
}
