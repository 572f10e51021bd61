//! Progress of long jobs, and the wish to stop them: one protocol for loading, fitting, exporting, generating and training.
//!
//! A job takes a `&mut dyn Observer` and calls [`Observer::event`] between its steps, at least a few times a second. Where the
//! observer answers [`ControlFlow::Break`], the job ends soon with the `Stopped` variant of its error and leaves
//! nothing half written. A closure is an observer:
//!
//! ```
//! use loop3d_scene::job::{Event, Observer, check};
//! use std::ops::ControlFlow;
//!
//! fn count(observer: &mut dyn Observer) -> Result<(), &'static str> {
//!     (0..10).try_for_each(|i| check(observer.event(Event::step("counting", i as f64 / 10.0)), "stopped"))
//! }
//! let mut seen = 0;
//! let stopped = count(&mut |_: Event<'_>| {
//!     seen += 1;
//!     if seen == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
//! });
//! assert_eq!((seen, stopped), (3, Err("stopped")));
//! ```

use std::ops::ControlFlow;

/// What a job reports.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Event<'a> {
    /// Work was done.
    Step {
        /// What the job is doing, such as "loading" or "looping, 4/16".
        stage: &'a str,
        /// Fraction of the whole job that is done, 0..=1.
        done: f64,
        /// Loss of the last step, of jobs that descend one.
        loss: Option<f64>,
    },
    /// A line worth reading.
    Note(&'a str),
    /// A preview of what the job has so far.
    Preview {
        /// Number of the preview, from 1.
        number: usize,
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
        /// `height · width · 3` bytes.
        rgb: &'a [u8],
    },
}

impl<'a> Event<'a> {
    /// A step of a job that has no loss.
    pub fn step(stage: &'a str, done: f64) -> Self {
        Self::Step { stage, done, loss: None }
    }
}

/// Who watches a job and may stop it.
pub trait Observer {
    /// Called between steps. [`ControlFlow::Break`] asks the job to stop.
    fn event(&mut self, event: Event<'_>) -> ControlFlow<()>;
}

impl<F: FnMut(Event<'_>) -> ControlFlow<()>> Observer for F {
    fn event(&mut self, event: Event<'_>) -> ControlFlow<()> {
        self(event)
    }
}

/// An observer that looks away: the job runs to its end.
pub struct Unwatched;

impl Observer for Unwatched {
    fn event(&mut self, _: Event<'_>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// `Ok` to continue, or `stopped`, a job's own error.
///
/// # Errors
/// `stopped`, where the observer asked to stop.
pub fn check<E>(answer: ControlFlow<()>, stopped: E) -> Result<(), E> {
    match answer {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(stopped),
    }
}

/// A part of a larger job: passes events on with `done` mapped to `from..=to` of the whole.
pub struct Part<'a> {
    whole: &'a mut dyn Observer,
    from: f64,
    to: f64,
}

impl<'a> Part<'a> {
    /// The part of `whole` from fraction `from` to fraction `to`.
    pub fn new(whole: &'a mut dyn Observer, from: f64, to: f64) -> Self {
        Self { whole, from, to }
    }
}

impl Observer for Part<'_> {
    fn event(&mut self, event: Event<'_>) -> ControlFlow<()> {
        self.whole.event(match event {
            Event::Step { stage, done, loss } => {
                Event::Step { stage, done: self.from + (self.to - self.from) * done, loss }
            }
            other => other,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_mapped_into_the_whole() {
        let mut seen = Vec::new();
        let mut whole = |event: Event<'_>| {
            if let Event::Step { done, .. } = event {
                seen.push(done);
            }
            ControlFlow::Continue(())
        };
        let mut part = Part::new(&mut whole, 0.5, 0.75);
        for done in [0.0, 0.5, 1.0] {
            assert!(part.event(Event::step("half", done)).is_continue());
        }
        assert!(part.event(Event::Note("a line")).is_continue());
        assert_eq!(seen, [0.5, 0.625, 0.75]);
    }
}
