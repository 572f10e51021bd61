//! The engine of the CPU kernels.

use crate::engine::{Engine, LoopingEngine, StaticEngine, ViewVisit};
use crate::error::FitError;
use crate::kernels::compositor::static_tiles::TexelGradient;
use crate::looping_stage::{
    self,
    model::{LoopingModel, Target},
};
use crate::pyramid::LevelView;
use crate::static_stage::{self, model::StaticModel};

/// Makes engines of the CPU kernels.
#[derive(Clone, Copy, Debug)]
pub struct CpuEngine;

/// [`StaticEngine`] of the CPU kernels.
pub struct CpuStatic {
    model: StaticModel,
    scratch: TexelGradient,
}

impl Engine for CpuEngine {
    type Static = CpuStatic;
    type Looping = LoopingModel;

    fn static_level(&self, model: StaticModel) -> CpuStatic {
        CpuStatic { model, scratch: TexelGradient { gradient: Vec::new(), coverage: Vec::new() } }
    }

    fn looping_level(&self, model: LoopingModel) -> LoopingModel {
        model
    }
}

impl StaticEngine for CpuStatic {
    fn step(&mut self, visit: &ViewVisit<'_>, image: &[[f32; 3]], lr: f32) -> f64 {
        static_stage::step(&mut self.model, visit.hits(), image, lr, &mut self.scratch)
    }

    fn finish(self) -> StaticModel {
        self.model
    }
}

impl LoopingEngine for LoopingModel {
    type Target = Target;

    fn upload_target(&self, target: Target) -> Target {
        target
    }

    fn search_target(&self, visit: &ViewVisit<'_>, view: &LevelView<'_>) -> Result<Target, FitError> {
        Ok(looping_stage::search_target(self, visit.hits(), view, self.exposures[visit.view])?)
    }

    fn step(&mut self, visit: &ViewVisit<'_>, target: &Target, lr: f32) -> Result<f64, FitError> {
        let exposure = self.exposures[visit.view];
        Ok(Self::step(self, visit.hits(), target, exposure, lr))
    }

    fn finish(self) -> LoopingModel {
        // Without the optimiser, which starts afresh in the next level.
        let side = self.grid.side;
        self.resampled(side)
    }
}
