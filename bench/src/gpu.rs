//! The looping stage on a GPU: our kernels, plain libtorch there, and the kernels of this processor, in turns.

use crate::compositor::CHUNK_BYTES;
use crate::input::{ViewWindow, looping_model};
use crate::samples::{Samples, timed};
use anyhow::Result;
use loop3d_capture::Clip;
use loop3d_optimizer::cpu::CpuEngine;
use loop3d_optimizer::cuda::{self, CudaEngine};
use loop3d_optimizer::engine::{Engine, LoopingEngine, ViewVisit};
use loop3d_optimizer::pyramid::LevelView;
use loop3d_optimizer::torch::TorchEngine;
use loop3d_scene::Scene;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use tch::{Cuda, Device};

/// Learning rate of the measured steps; what is fitted does not matter.
const LR: f32 = 1e-3;

/// What a GPU takes for one window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gpu {
    /// The card.
    pub device: String,
    /// Everybody who does the same work.
    pub sides: Vec<Side>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Side {
    /// How it is done.
    pub name: String,
    /// Seconds of a looping target, the render it starts from included.
    pub target: Samples,
    /// Seconds of a step.
    pub step: Samples,
}

impl Side {
    fn new(name: &str) -> Self {
        Self { name: name.into(), target: Samples::default(), step: Samples::default() }
    }

    /// Searches a target and takes a step; `wait` returns when the device is done.
    fn take(
        &mut self,
        engine: &mut impl LoopingEngine,
        (visit, view): (&ViewVisit<'_>, &LevelView<'_>),
        wait: fn(),
    ) -> Result<()> {
        wait();
        let mut target = None;
        self.target.0.push(timed(|| {
            target = Some(engine.search_target(visit, view)?);
            wait();
            Ok(())
        })?);
        if let Some(target) = target {
            self.step.0.push(timed(|| {
                engine.step(visit, &target, LR)?;
                wait();
                Ok(())
            })?);
        }
        Ok(())
    }
}

/// Measures one window of a scene, `clip` of which was captured, where there is a GPU; says why not where there is none. Must
/// come before anything else uses libtorch, or after [`cuda::ready`].
///
/// # Errors
/// Those of the devices.
pub fn measure(scene: &Scene, view_window: &ViewWindow, clip: &Clip, repetitions: usize) -> Result<Option<Gpu>> {
    let kernels = match cuda::ready() {
        Ok(kernels) => kernels,
        Err(why) => {
            eprintln!("no GPU is measured: {why}");
            return Ok(None);
        }
    };
    eprintln!("looping target and step on {}", kernels.runs_on());
    let model = looping_model(scene);
    let hits = view_window.hits(scene, &model.grid);
    let list = || hits.clone();
    let visit = ViewVisit::new(0, &list);
    let view = LevelView { camera: view_window.camera, clip: Cow::Borrowed(clip) };
    let mut ours = CudaEngine::new(kernels.clone()).looping_level(model.clone());
    let mut torch = TorchEngine::new(Device::Cuda(0)).with_working_set(CHUNK_BYTES).looping_level(model.clone());
    let mut cpu = CpuEngine.looping_level(model);
    let mut sides = ["CUDA kernels", "libtorch on the GPU", "this processor"].map(Side::new);
    // The first turn uploads, and is not counted.
    for turn in 0..=repetitions {
        let [a, b, c] = &mut sides;
        a.take(&mut ours, (&visit, &view), || Cuda::synchronize(0))?;
        b.take(&mut torch, (&visit, &view), || Cuda::synchronize(0))?;
        c.take(&mut cpu, (&visit, &view), || ())?;
        if turn == 0 {
            sides = sides.map(|side| Side::new(&side.name));
        }
    }
    Ok(Some(Gpu { device: kernels.runs_on().into(), sides: sides.into() }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic;

    #[test]
    fn a_side_takes_both_times() {
        let scene = synthetic::scene(48, 40, 5);
        let view_window = ViewWindow::new(&scene).unwrap();
        let model = looping_model(&scene);
        let hits = view_window.hits(&scene, &model.grid);
        let list = || hits.clone();
        let clip = Clip { width: 48, height: 40, frames: 9, rgb: (0..48 * 40 * 27).map(|i| (i % 253) as u8).collect() };
        let view = LevelView { camera: view_window.camera, clip: Cow::Owned(clip) };
        let mut side = Side::new("this processor");
        let mut engine = CpuEngine.looping_level(model.clone());
        for _ in 0..2 {
            side.take(&mut engine, (&ViewVisit::new(0, &list), &view), || ()).unwrap();
        }
        assert_eq!((side.target.0.len(), side.step.0.len()), (2, 2));
        assert!(side.target.median() > 0.0 && side.step.median() > 0.0);
        // Two steps were taken.
        assert_ne!(engine.looping_texels(), model.looping_texels());
    }
}
