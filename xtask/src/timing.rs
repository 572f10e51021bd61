//! How long the steps of a task take.

use anyhow::Result;
use std::fmt;
use std::time::{Duration, Instant};

/// The steps that succeeded so far, shown as a table.
#[derive(Debug, Default)]
pub struct Timing {
    steps: Vec<(&'static str, Duration)>,
}

impl Timing {
    /// Runs one step, prints its time and records it.
    ///
    /// # Errors
    /// The error of the step.
    pub fn step<T>(&mut self, name: &'static str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let start = Instant::now();
        let result = work();
        let took = start.elapsed();
        let outcome = if result.is_ok() { "done" } else { "failed" };
        println!("-- {name}: {outcome} after {:.1} s", took.as_secs_f64());
        if result.is_ok() {
            self.steps.push((name, took));
        }
        result
    }
}

impl fmt::Display for Timing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = self.steps.iter().map(|(_, took)| *took).sum::<Duration>();
        for (name, took) in self.steps.iter().chain([&("total", total)]) {
            writeln!(f, "  {name:<18}{:>8.1} s", took.as_secs_f64())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_sums_the_steps() {
        let timing = Timing { steps: vec![("fit", Duration::from_millis(1500)), ("eval", Duration::from_millis(250))] };
        let lines: Vec<String> =
            timing.to_string().lines().map(|l| l.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        assert_eq!(lines, ["fit 1.5 s", "eval 0.2 s", "total 1.8 s"]);
    }

    #[test]
    fn a_failed_step_is_not_counted() {
        let mut timing = Timing::default();
        assert_eq!(timing.step("good", || Ok(7)).unwrap(), 7);
        timing.step::<()>("bad", || anyhow::bail!("no")).unwrap_err();
        assert_eq!(timing.steps.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["good"]);
    }
}
