//! A model that reports each pass and can be stopped between passes, because a step may take hours.

use crate::samplers::{Backbone, BackboneError, Cond};
use loop3d_scene::job::{Event, Observer};
use std::cell::{Cell, RefCell};
use tch::Tensor;

pub(super) struct Watched<'a> {
    inner: &'a dyn Backbone,
    observer: RefCell<&'a mut dyn Observer>,
    /// Steps that were made, and those of the run.
    done: Cell<usize>,
    total: usize,
    /// Passes of the whole run, and those since the last step.
    passes: usize,
    since: Cell<usize>,
    stopped: Cell<bool>,
}

#[derive(Debug, thiserror::Error)]
#[error("stopped")]
struct Stopped;

impl<'a> Watched<'a> {
    pub(super) fn new(inner: &'a dyn Backbone, observer: &'a mut dyn Observer, total: usize, passes: usize) -> Self {
        let (done, since, stopped) = (Cell::new(0), Cell::new(0), Cell::new(false));
        Self { inner, observer: RefCell::new(observer), done, total, passes, since, stopped }
    }

    /// Reports that so many steps are done, and whether to stop.
    pub(super) fn step(&self, done: usize) -> bool {
        self.done.set(done);
        self.since.set(0);
        self.report()
    }

    /// Steps that are done, and whether the run was stopped.
    pub(super) fn state(&self) -> (usize, bool) {
        (self.done.get(), self.stopped.get())
    }

    fn report(&self) -> bool {
        let (steps, passes) = (self.total as f64, self.passes as f64);
        let within = (self.since.get() as f64 * steps / passes.max(1.0)).min(0.99);
        let share = ((self.done.get() as f64 + within) / steps).min(1.0);
        let stage = format!("sampling, {}/{}", self.done.get(), self.total);
        let stop = self.observer.borrow_mut().event(Event::step(&stage, share)).is_break();
        self.stopped.set(self.stopped.get() || stop);
        stop
    }
}

impl Backbone for Watched<'_> {
    fn velocity(&self, z: &Tensor, sigma: f64, text: &Tensor, cond: &Cond) -> Result<Tensor, BackboneError> {
        if self.report() {
            return Err(BackboneError::from(Box::<dyn std::error::Error + Send + Sync>::from(Stopped)));
        }
        let velocity = self.inner.velocity(z, sigma, text, cond)?;
        self.since.set(self.since.get() + 1);
        Ok(velocity)
    }
}
