//! Our kernels for NVIDIA GPUs: the looping stage of `--device cuda`.
//!
//! The sources are in `optimizer/cuda/`: NVRTC compiles them when the program runs, for the device that is there. They run on
//! the data of libtorch's tensors and in the order of libtorch's own work ([`DeviceLauncher`]); uploads, sums and the static stage
//! stay plain libtorch. Before they are trusted with a fit they must agree with the CPU's kernels on a tiny scene ([`check`]).

mod check;
mod device;
mod error;
mod kept;
mod launch;
mod looping;
mod source;
mod target;
mod view;

pub use check::check;
pub use device::{ARCHS, DeviceLauncher, compile};
pub use error::CudaError;
pub use launch::{Argument, Geometry, Kernels, Launch};
pub use looping::{CudaLooping, CudaTarget};
pub use source::{CHUNK, Kernel, source};
pub use target::looping_target;

use crate::engine::Engine;
use crate::error::FitError;
use crate::looping_stage::model::LoopingModel;
use crate::static_stage::model::StaticModel;
use crate::torch::{TorchStill, cuda, guarded};
use std::sync::{Arc, OnceLock};
use tch::Device;

/// Bytes that the tables of one block of patch locations may take.
const WORKING_SET: usize = 1 << 29;

/// The kernels on the first CUDA device, compiled and checked. Opens libtorch's CUDA half, so it must come before anything else
/// uses libtorch. The answer of the first call stays.
///
/// # Errors
/// Why they cannot be used, in words.
pub fn ready() -> Result<Kernels, String> {
    static ANSWER: OnceLock<Result<Kernels, String>> = OnceLock::new();
    ANSWER.get_or_init(probe).clone()
}

fn probe() -> Result<Kernels, String> {
    cuda::open()?;
    launchable().map_err(|error| error.to_string())
}

fn launchable() -> Result<Kernels, FitError> {
    let kernels = Kernels::new(Arc::new(DeviceLauncher::new()?), Device::Cuda(0));
    guarded(|| check(&kernels))?;
    Ok(kernels)
}

/// Makes engines that run on our kernels, their static stage on plain libtorch.
#[derive(Clone, Debug)]
pub struct CudaEngine {
    kernels: Kernels,
    working_set: usize,
}

impl CudaEngine {
    /// An engine on `kernels`. What libtorch computes on a CPU takes one thread: its pool beside rayon's would have both wait.
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
    type Still = TorchStill;
    type Looping = CudaLooping;

    fn still(&self, model: StaticModel) -> TorchStill {
        TorchStill::new(model, self.kernels.device())
    }

    fn looping(&self, model: LoopingModel) -> CudaLooping {
        CudaLooping::new(&model, self.kernels.clone(), self.working_set)
    }
}
