//! What a fit needs of whatever holds and moves the texels: the traits that the CPU kernels, the CUDA kernels and plain
//! libtorch implement.
//!
//! [`crate::fit`] owns the schedule, the views and the culling; an [`Engine`] owns texels, gradients and optimiser of one
//! level. Texels come back as the plain CPU models after each level, for culling and for checkpoints.

use crate::error::FitError;
use crate::hits::Hits;
use crate::looping_stage::model::{LoopingModel, Target};
use crate::pyramid::LevelView;
use crate::static_stage::model::StaticModel;
use std::cell::OnceCell;

/// One visit of a training view. Its hits are listed on first use: an engine may still have them from the last visit.
pub struct ViewVisit<'a> {
    /// Index among the training views.
    pub view: usize,
    list: &'a dyn Fn() -> Hits,
    hits: OnceCell<Hits>,
}

impl<'a> ViewVisit<'a> {
    /// A visit of view number `view`; `list` lists its hits.
    pub fn new(view: usize, list: &'a dyn Fn() -> Hits) -> Self {
        Self { view, list, hits: OnceCell::new() }
    }

    /// The hits of the whole image.
    pub fn hits(&self) -> &Hits {
        self.hits.get_or_init(self.list)
    }
}

/// Makes the engines of a fit's levels.
pub trait Engine {
    /// For static levels.
    type Static: StaticEngine;
    /// For looping levels.
    type Looping: LoopingEngine;
    /// An engine for a static level that starts from `model`.
    fn static_level(&self, model: StaticModel) -> Self::Static;
    /// An engine for a looping level that starts from `model`.
    fn looping_level(&self, model: LoopingModel) -> Self::Looping;
}

/// A static level under optimisation.
pub trait StaticEngine {
    /// One step on one view, whose long exposure is `image` (RGB in [0, 1], row-major); returns the mean squared error.
    fn step(&mut self, visit: &ViewVisit<'_>, image: &[[f32; 3]], lr: f32) -> f64;
    /// The texels, with a fresh optimiser.
    fn finish(self) -> StaticModel;
}

/// A looping level under optimisation.
pub trait LoopingEngine {
    /// A view's looping target, wherever the engine keeps it.
    type Target;
    /// Takes over a target that was made elsewhere.
    fn upload_target(&self, target: Target) -> Self::Target;
    /// Searches a view's target for the current render, brought to the view's exposure: the E-step (METHOD §4.5).
    ///
    /// # Errors
    /// [`FitError::Patches`] for shapes that do not fit; the fit's own always do.
    fn search_target(&self, visit: &ViewVisit<'_>, view: &LevelView<'_>) -> Result<Self::Target, FitError>;
    /// One step towards a view's target: the M-step. Returns the mean robust penalty.
    ///
    /// # Errors
    /// [`FitError::Device`] if the device fails.
    fn step(&mut self, visit: &ViewVisit<'_>, target: &Self::Target, lr: f32) -> Result<f64, FitError>;
    /// The texels, with a fresh optimiser.
    fn finish(self) -> LoopingModel;
}
