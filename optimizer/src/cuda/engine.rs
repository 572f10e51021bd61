//! The engine of our CUDA kernels.

use super::launch::Kernels;
use super::looping_level::CudaLooping;
use crate::engine::Engine;
use crate::looping_stage::model::LoopingModel;
use crate::static_stage::model::StaticModel;
use crate::torch::TorchStatic;

/// Bytes that the tables of one block of patch locations may take.
const WORKING_SET: usize = 1 << 29;

/// Makes engines that run on our kernels; their static stage runs on plain libtorch.
#[derive(Clone, Debug)]
pub struct CudaEngine {
    kernels: Kernels,
    working_set: usize,
}

impl CudaEngine {
    /// An engine on `kernels`. On a CPU libtorch computes with one thread: its pool and rayon's would wait for each other.
    pub fn new(kernels: Kernels) -> Self {
        tch::set_num_threads(1);
        Self { kernels, working_set: WORKING_SET }
    }

    /// The same with another bound, in bytes, on the tables of a block of patch locations.
    pub fn with_working_set(self, bytes: usize) -> Self {
        Self { working_set: bytes, ..self }
    }
}

impl Engine for CudaEngine {
    type Static = TorchStatic;
    type Looping = CudaLooping;

    fn static_level(&self, model: StaticModel) -> TorchStatic {
        TorchStatic::new(model, self.kernels.device())
    }

    fn looping_level(&self, model: LoopingModel) -> CudaLooping {
        CudaLooping::new(&model, self.kernels.clone(), self.working_set)
    }
}
