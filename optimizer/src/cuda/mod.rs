//! Our kernels for NVIDIA GPUs: the looping stage of `--device cuda`.
//!
//! The sources are in `optimizer/cuda/`. NVRTC compiles them at run time for the device at hand. They run on the data of
//! libtorch's tensors, in the order of libtorch's own work ([`DeviceLauncher`]); uploads, sums and the static stage are plain
//! libtorch. Before a fit trusts them they must agree with the CPU kernels on a tiny scene (`check.rs`).

mod calls;
mod check;
mod device;
mod engine;
mod error;
mod launch;
mod looping_level;
mod ready;
mod source;
mod target;
mod view;

pub use check::check;
pub use device::{ARCHS, DeviceLauncher, compile};
pub use engine::CudaEngine;
pub use error::CudaError;
pub use launch::{Argument, Geometry, Kernels, Launch};
pub use looping_level::{CudaLooping, CudaTarget};
pub use ready::ready;
pub use source::{CHUNK, Kernel, source};
pub use target::looping_target;
