//! What all levels of a fit share: settings, plan and views, the order in which views are visited, and what is reported.

use crate::config::FitConfig;
use crate::error::FitError;
use crate::grid::TexelGrid;
use crate::hits::Hits;
use crate::plan::FitPlan;
use crate::pyramid::LevelView;
use loop3d_capture::View;
use loop3d_scene::job::{Event, Observer, check};

/// Everything that stays the same during a fit.
pub struct Context<'a> {
    /// Its settings.
    pub config: &'a FitConfig,
    /// Its plan.
    pub plan: FitPlan,
    /// The training views, in the order of the plan.
    pub views: Vec<&'a View>,
}

/// One visit of a view during a level.
#[derive(Clone, Copy, Debug)]
pub struct Visit {
    /// Number of the epoch, from 0.
    pub epoch: usize,
    /// Number of the visit within the epoch, from 0.
    pub number: usize,
    /// Index among the training views.
    pub view: usize,
    /// Learning rate.
    pub lr: f32,
}

impl Context<'_> {
    /// Multiplies the seed, so that levels of neighbouring seeds do not share a generator.
    const SEED_STEP: u64 = 1_000_003;

    /// The generator of one level. It does not depend on the levels before, so a resumed fit draws the same numbers.
    pub fn rng(&self, level: usize) -> fastrand::Rng {
        fastrand::Rng::with_seed(self.config.seed.wrapping_mul(Self::SEED_STEP).wrapping_add(level as u64))
    }

    /// The hits of a view's whole image.
    pub fn hits(&self, grid: &TexelGrid, view: &LevelView<'_>) -> Hits {
        Hits::new(grid, &self.plan.layout.reference, &self.plan.layout.planes, &view.camera, view.window())
    }

    /// Runs level `index`: in each epoch `step` visits every view once, in random order, and returns its loss.
    ///
    /// # Errors
    /// Those of `step`, and [`FitError::Stopped`].
    pub fn run_epochs(
        &self,
        index: usize,
        observer: &mut dyn Observer,
        mut step: impl FnMut(Visit) -> Result<f64, FitError>,
    ) -> Result<(), FitError> {
        let planned = &self.plan.levels[index];
        let (level, views) = (&planned.level, self.views.len());
        let mut rng = self.rng(index);
        let mut order: Vec<usize> = (0..views).collect();
        for epoch in 0..level.epochs {
            rng.shuffle(&mut order);
            let lr = level.learning_rate(epoch);
            for (number, &view) in order.iter().enumerate() {
                let loss = step(Visit { epoch, number, view, lr })?;
                let part = (epoch * views + number + 1) as f64 / (level.epochs * views) as f64;
                let done = self.plan.done(index, part);
                check(observer.event(Event::Step { stage: &planned.name, done, loss: Some(loss) }), FitError::Stopped)?;
            }
        }
        Ok(())
    }
}

/// Reports a line.
///
/// # Errors
/// [`FitError::Stopped`].
pub fn note(observer: &mut dyn Observer, line: &str) -> Result<(), FitError> {
    check(observer.event(Event::Note(line)), FitError::Stopped)
}
