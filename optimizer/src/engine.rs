//! What a fit needs of whatever holds and moves the texels, and the engine of the CPU kernels.
//!
//! [`crate::fit`] owns the schedule, the views and the culling; an [`Engine`] owns texels, gradients and optimiser of one
//! level. Texels come back as the plain CPU models after each level, for culling and for checkpoints.

use crate::checkpoint::Checkpoint;
use crate::config::FitConfig;
use crate::error::FitError;
use crate::fit::{Event, Observer, fit};
use crate::hits::Hits;
use crate::kernels::still::TexelGradient;
use crate::looping_stage::{
    self,
    model::{LoopingModel, Target},
};
use crate::pyramid::LevelView;
use crate::static_stage::{self, model::StaticModel};
use clap::ValueEnum;
use loop3d_capture::Capture;
use loop3d_scene::Scene;
use serde::{Deserialize, Serialize};
use std::cell::OnceCell;

/// Where a fit runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Device {
    /// CUDA where there is a device and our kernels work on it, the CPU otherwise.
    #[default]
    Auto,
    /// The CPU kernels.
    Cpu,
    /// Our CUDA kernels and libtorch on the first CUDA device.
    Cuda,
}

/// Whether CUDA can be used; if not, why.
#[cfg(feature = "torch")]
fn cuda() -> Result<(), String> {
    crate::cuda::ready().map(drop)
}

#[cfg(not(feature = "torch"))]
fn cuda() -> Result<(), String> {
    Err("this build has no libtorch (its feature `fit` is off)".into())
}

impl Device {
    /// The name that a checkpoint remembers: another device rounds otherwise.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
        }
    }

    /// Settles `Auto`: the device to use, never `Auto`, and a line that says why CUDA is not used where it was only
    /// hoped for. Must be called before anything else uses libtorch.
    ///
    /// # Errors
    /// [`FitError::Device`] for `Cuda` where it cannot be used.
    pub fn settle(self) -> Result<(Self, Option<String>), FitError> {
        match self {
            Self::Cpu => Ok((Self::Cpu, None)),
            Self::Cuda => match cuda() {
                Ok(()) => Ok((Self::Cuda, None)),
                Err(why) => Err(FitError::Device(format!("--device cuda: {why}"))),
            },
            Self::Auto => match cuda() {
                Ok(()) => Ok((Self::Cuda, None)),
                Err(why) => Ok((Self::Cpu, Some(format!("fitting on the CPU: {why}")))),
            },
        }
    }
}

/// [`fit()`] on a device: the CPU kernels, or those for CUDA. The observer gets a note where `Auto` had to go on without
/// CUDA. Must come before anything else uses libtorch.
///
/// # Errors
/// As [`fit()`], and [`FitError::Device`] for a device that cannot be used or fails on the way (too little memory, say).
pub fn fit_on(
    device: Device,
    capture: &Capture,
    config: &FitConfig,
    held_out: &[usize],
    resume: Option<Checkpoint>,
    observer: &mut dyn Observer,
) -> Result<Scene, FitError> {
    let (device, note) = device.settle()?;
    if let Some(note) = note
        && !observer.event(Event::Note(note))
    {
        return Err(FitError::Stopped);
    }
    match device {
        #[cfg(feature = "torch")]
        Device::Cuda => crate::torch::guarded(|| {
            let engine = crate::cuda::CudaEngine::new(crate::cuda::ready().map_err(FitError::Device)?);
            crate::fit::fit_with(&engine, capture, config, held_out, resume, observer)
        }),
        _ => fit(capture, config, held_out, resume, observer),
    }
}

/// One look at a view. Hits are listed when they are first asked for: an engine may still have them from last time.
pub struct Sight<'a> {
    /// Index among the training views.
    pub view: usize,
    list: &'a dyn Fn() -> Hits,
    hits: OnceCell<Hits>,
}

impl<'a> Sight<'a> {
    /// A look at view number `view`, whose hits `list` lists.
    pub fn new(view: usize, list: &'a dyn Fn() -> Hits) -> Self {
        Self { view, list, hits: OnceCell::new() }
    }

    /// The hits of the whole picture.
    pub fn hits(&self) -> &Hits {
        self.hits.get_or_init(self.list)
    }
}

/// Makes the engines of a fit's levels.
pub trait Engine {
    /// For static levels.
    type Still: StillEngine;
    /// For looping levels.
    type Looping: LoopingEngine;
    /// An engine that starts from `model`.
    fn still(&self, model: StaticModel) -> Self::Still;
    /// An engine that starts from `model`.
    fn looping(&self, model: LoopingModel) -> Self::Looping;
}

/// A static level under optimisation.
pub trait StillEngine {
    /// One step on one view, whose long exposure is `picture` (RGB in [0, 1], row-major); returns the mean squared error.
    fn step(&mut self, sight: &Sight<'_>, picture: &[[f32; 3]], lr: f32) -> f64;
    /// The texels, with a fresh optimiser.
    fn finish(self) -> StaticModel;
}

/// A looping level under optimisation.
pub trait LoopingEngine {
    /// A view's target, wherever the engine keeps it.
    type Target;
    /// Takes over a target that was made elsewhere.
    fn adopt(&self, target: Target) -> Self::Target;
    /// Searches a view's target for the present render (spec §4.5), brought to the view's exposure.
    ///
    /// # Errors
    /// [`FitError::Patches`] for shapes that do not fit; the fit's own always do.
    fn refresh(&self, sight: &Sight<'_>, view: &LevelView<'_>) -> Result<Self::Target, FitError>;
    /// One step on one view; returns the mean robust penalty.
    ///
    /// # Errors
    /// [`FitError::Device`] where the device fails.
    fn step(&mut self, sight: &Sight<'_>, target: &Self::Target, lr: f32) -> Result<f64, FitError>;
    /// The texels, with a fresh optimiser.
    fn finish(self) -> LoopingModel;
}

/// The CPU kernels.
#[derive(Clone, Copy, Debug)]
pub struct CpuEngine;

/// [`StillEngine`] of the CPU kernels.
pub struct CpuStill {
    model: StaticModel,
    scratch: TexelGradient,
}

impl Engine for CpuEngine {
    type Still = CpuStill;
    type Looping = LoopingModel;

    fn still(&self, model: StaticModel) -> CpuStill {
        CpuStill { model, scratch: TexelGradient { gradient: Vec::new(), coverage: Vec::new() } }
    }

    fn looping(&self, model: LoopingModel) -> LoopingModel {
        model
    }
}

impl StillEngine for CpuStill {
    fn step(&mut self, sight: &Sight<'_>, picture: &[[f32; 3]], lr: f32) -> f64 {
        static_stage::step(&mut self.model, sight.hits(), picture, lr, &mut self.scratch)
    }

    fn finish(self) -> StaticModel {
        self.model
    }
}

impl LoopingEngine for LoopingModel {
    type Target = Target;

    fn adopt(&self, target: Target) -> Target {
        target
    }

    fn refresh(&self, sight: &Sight<'_>, view: &LevelView<'_>) -> Result<Target, FitError> {
        Ok(looping_stage::refresh(self, sight.hits(), view, self.exposures[sight.view])?)
    }

    fn step(&mut self, sight: &Sight<'_>, target: &Target, lr: f32) -> Result<f64, FitError> {
        let exposure = self.exposures[sight.view];
        Ok(Self::step(self, sight.hits(), target, exposure, lr))
    }

    fn finish(self) -> LoopingModel {
        // Without the optimiser: it starts afresh in the next level.
        let side = self.grid.side;
        self.resampled(side)
    }
}
