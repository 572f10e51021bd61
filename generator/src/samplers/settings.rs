//! What a run is asked to do.

use super::error::SamplerError;
use super::views::{ViewsHow, pairs};
use super::windows::{Blending, GUARD, Windows};
use serde::{Deserialize, Serialize};

/// Settings of a run. The default is the published one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Steps of the solver.
    pub steps: usize,
    /// How much of the run is spent at high noise; 3 is usual for small frames.
    pub shift: f64,
    /// How much of a given clip becomes noise, before the shift; 1 is all of it.
    pub strength: f64,
    /// Scale of the guidance by the text; 1 is none, and saves half of the passes.
    pub guidance: f64,
    /// Scale of the text where views are made of a given clip.
    pub guide_text: f64,
    /// Scale of the clip where views are made of a given clip.
    pub guide_video: f64,
    /// Which solver.
    pub solver: SolverKind,
    /// How more than two views are sampled.
    pub views: ViewsHow,
    /// Whether weights were trained with a clean first view: views that are made beside a finished one then see it without noise.
    pub clean_reference: bool,
    /// Whether the clip is a loop.
    pub ring: bool,
    /// Latents that the model sees at a time; longer clips are seen in overlapping windows.
    pub chunk: i64,
    /// Latents by which neighbouring windows overlap, at least.
    pub overlap: i64,
    /// How the overlaps are shared.
    pub blending: Blending,
    /// Seed of the noise, of the pairs and of the overlaps.
    pub seed: i64,
}

/// How a step follows from a velocity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SolverKind {
    /// As published, 50 steps.
    #[default]
    Euler,
    /// UniPC of order 2, 20 to 30 steps.
    UniPc,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            steps: 50,
            shift: 5.0,
            strength: 1.0,
            guidance: 5.0,
            guide_text: 7.5,
            guide_video: 1.8,
            solver: SolverKind::Euler,
            views: ViewsHow::Pairs,
            clean_reference: false,
            ring: false,
            chunk: 21,
            overlap: 7,
            blending: Blending::Paper,
            seed: 0,
        }
    }
}

/// How often a run asks the model, and for how many views at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passes {
    /// Calls of the model.
    pub count: usize,
    /// Views in each.
    pub views: i64,
}

impl Settings {
    /// Refuses windows that cannot overlap as they should.
    ///
    /// # Errors
    /// No overlap, or one as long as a window.
    pub fn check_windows(&self) -> Result<(), SamplerError> {
        if self.overlap >= 1 && self.chunk > self.overlap {
            return Ok(());
        }
        let found = format!("{} latents of windows of {}", self.overlap, self.chunk);
        Err(SamplerError::Setting { name: "overlap", found, expected: "at least 1, and less than a window" })
    }

    /// What the model sees of a clip of so many latents at a step.
    #[must_use]
    pub fn windows(&self, latents: i64, step: usize) -> Windows {
        if self.ring {
            Windows::on_a_ring(latents, self.chunk, self.overlap, Windows::turn(latents, step) - GUARD)
        } else {
            Windows::on_a_line(latents, self.chunk, self.overlap)
        }
    }

    /// The passes of a run of `views` views of so many latents; `given` says whether the first of them is given.
    #[must_use]
    pub fn passes(&self, views: i64, latents: i64, given: bool) -> Passes {
        let windows = self.windows(latents, 0).count();
        let texts = windows * if self.guidance == 1.0 { 1 } else { 2 };
        let joint = self.views == ViewsHow::Joint || views <= 2;
        if given {
            // Three passes for each other view, or for all of them together.
            let groups = if joint { 1 } else { views as usize - 1 };
            return Passes { count: 3 * windows * groups * self.steps, views: if joint { views } else { 2 } };
        }
        let in_a_step = |step| match self.views {
            _ if joint => 1,
            ViewsHow::Pairs => pairs(views, step, self.seed).len(),
            // The first pair, then each other view.
            _ => views as usize - 1,
        };
        let count = (0..self.steps).map(in_a_step).sum::<usize>() * texts;
        Passes { count, views: if joint { views } else { 2 } }
    }
}
