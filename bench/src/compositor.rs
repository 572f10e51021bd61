//! Memory of the compositor, forward and backward: ours, and libtorch's autograd.

use crate::input::{ViewWindow, looping_model};
use crate::memory;
use anyhow::Result;
use loop3d_optimizer::engine::{LoopingEngine, ViewVisit};
use loop3d_optimizer::kernels::lanes::LANES;
use loop3d_optimizer::looping_stage::model::GradientBuffers;
use loop3d_optimizer::torch::TorchLooping;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use tch::Device;

/// Temporary tensors that the engine on libtorch may make for a chunk of frames.
pub const CHUNK_BYTES: usize = 1 << 30;

/// Who composites.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Who {
    /// The CPU kernels.
    Ours,
    /// libtorch, all frames at once: the plain oracle.
    Torch,
    /// libtorch, in chunks of frames that fit [`CHUNK_BYTES`].
    TorchInChunks,
}

impl Who {
    /// Bytes of temporary tensors that libtorch may use.
    pub fn working_set(self) -> usize {
        if self == Self::TorchInChunks { CHUNK_BYTES } else { usize::MAX }
    }
}

/// One measurement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MemoryCase {
    /// The scene file.
    pub scene: PathBuf,
    /// Who composites it.
    pub who: Who,
}

/// How much a model's first forward and backward pass adds to the resident memory at its peak: gradients, and whatever
/// comes and goes. Texels, hits and target are there before, and Adam's moments do not come in.
///
/// # Errors
/// Those of loading the scene.
pub fn peak_bytes(case: &MemoryCase) -> Result<Option<u64>> {
    let scene = loop3d_scene::load(&case.scene)?;
    let (view_window, model) = (ViewWindow::new(&scene)?, looping_model(&scene));
    let hits = view_window.hits(&scene, &model.grid);
    drop(scene);
    let target = vec![vec![[[128; LANES]; 3]; hits.pixels()]; model.frames.div_ceil(LANES)];
    let before = if case.who == Who::Ours {
        memory::restart_peak();
        let before = memory::resident_bytes();
        model.compositor(&hits, &target, 1.0, &mut GradientBuffers::default());
        before
    } else {
        tch::set_num_threads(rayon::current_num_threads() as i32);
        let torch = TorchLooping::new(&model, Device::Cpu, case.who.working_set());
        drop(model);
        let target = torch.upload_target(target);
        let list = || hits.clone();
        let visit = ViewVisit::new(0, &list);
        visit.hits();
        memory::restart_peak();
        let before = memory::resident_bytes();
        torch.compositor(&visit, &target);
        before
    };
    Ok(memory::peak_bytes().zip(before).map(|(peak, before)| peak.saturating_sub(before)))
}
