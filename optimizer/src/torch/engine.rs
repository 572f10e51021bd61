//! The engine of plain libtorch.

use super::looping_level::TorchLooping;
use super::static_level::TorchStatic;
use crate::engine::Engine;
use crate::looping_stage::model::LoopingModel;
use crate::static_stage::model::StaticModel;
use tch::Device;

/// Bytes that the temporary tensors of one chunk of frames, or of one block of patch locations, may take.
const WORKING_SET: usize = 1 << 30;

/// Makes engines on one device.
#[derive(Clone, Copy, Debug)]
pub struct TorchEngine {
    device: Device,
    working_set: usize,
}

impl TorchEngine {
    /// An engine on `device`. On a CPU libtorch computes with one thread: its pool and rayon's would wait for each other.
    pub fn new(device: Device) -> Self {
        tch::set_num_threads(1);
        Self { device, working_set: WORKING_SET }
    }

    /// The same with another bound, in bytes, on the temporary tensors of a chunk of frames or of patch locations.
    pub fn with_working_set(self, bytes: usize) -> Self {
        Self { working_set: bytes, ..self }
    }
}

impl Engine for TorchEngine {
    type Static = TorchStatic;
    type Looping = TorchLooping;

    fn static_level(&self, model: StaticModel) -> TorchStatic {
        TorchStatic::new(model, self.device)
    }

    fn looping_level(&self, model: LoopingModel) -> TorchLooping {
        TorchLooping::new(&model, self.device, self.working_set)
    }
}
