//! The libtorch engine: every step of both stages as plain tensor operations, gradients by autograd.
//!
//! It is the slow, obvious oracle of the CPU's and the CUDA kernels in tests, and its static stage is what `--device cuda`
//! runs. So nothing here shares code with [`crate::kernels`] or with the search of [`crate::patches`]; only weights, settings and
//! the listing of hits are common.
//!
//! One difference is meant: CPU rays of the looping stage end where less than 1/1024 of the light is left; here none do.

mod adam;
pub mod cuda;
mod listing;
mod looping;
mod neighbours;
mod still;
mod target;

pub use looping::{LoopingGradient, TorchLooping, TorchTarget};
pub use still::TorchStill;
pub use target::{Block, looping_target};

use crate::engine::Engine;
use crate::error::FitError;
use crate::looping_stage::model::LoopingModel;
use crate::static_stage::model::StaticModel;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use tch::{Device, Tensor};

/// Bytes that the temporary tensors of one chunk of frames, or of one block of patch locations, may take.
const WORKING_SET: usize = 1 << 30;

/// Makes engines on one device.
#[derive(Clone, Copy, Debug)]
pub struct TorchEngine {
    device: Device,
    working_set: usize,
}

impl TorchEngine {
    /// An engine on `device`. On a CPU libtorch computes with one thread: its pool beside rayon's would have both wait.
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
    type Still = TorchStill;
    type Looping = TorchLooping;

    fn still(&self, model: StaticModel) -> TorchStill {
        TorchStill::new(model, self.device)
    }

    fn looping(&self, model: LoopingModel) -> TorchLooping {
        TorchLooping::new(&model, self.device, self.working_set)
    }
}

/// Runs `work` on libtorch. tch's operations panic where libtorch throws; the one that a user will meet is a device out of
/// memory, so these panics become errors here.
///
/// # Errors
/// Those of `work`, and [`FitError::Device`] for what libtorch threw.
pub fn guarded<T>(work: impl FnOnce() -> Result<T, FitError>) -> Result<T, FitError> {
    // Whatever `work` left half done is its own; nothing of it is used after an error.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| match thrown(&*panic) {
        Some(words) => Err(FitError::Device(format!(
            "libtorch failed: {words}; if the device is out of memory, shrink the pictures or the loop, or use --device cpu"
        ))),
        None => resume_unwind(panic),
    })
}

/// What libtorch says of an exception, without its stack; `None` for any other panic.
fn thrown(panic: &(dyn Any + Send)) -> Option<&str> {
    let (_, exception) = panic.downcast_ref::<String>()?.split_once("Torch(\"")?;
    // The panic shows the exception as Rust source: line ends are escaped.
    exception.split("\\n").next()
}

/// `[len, N]` floats on a device.
pub(crate) fn upload<const N: usize>(values: &[[f32; N]], device: Device) -> Tensor {
    let flat = Tensor::from_slice(values.as_flattened());
    flat.view([values.len() as i64, N as i64]).to_device(device)
}

/// The floats of a tensor, in rows of `N`.
pub(crate) fn download<const N: usize>(tensor: &Tensor) -> Vec<[f32; N]> {
    let mut out = vec![[0.0f32; N]; tensor.numel() / N];
    let flat = tensor.to_device(Device::Cpu).contiguous();
    flat.copy_data(out.as_flattened_mut(), tensor.numel());
    out
}

/// Gradient of a leaf after all its backward passes; zeros where none reached it.
fn gradient(leaf: &Tensor) -> Tensor {
    let gradient = leaf.grad();
    if gradient.defined() { gradient } else { leaf.zeros_like() }
}
