//! The libtorch engine: every step of both stages as plain tensor operations, gradients by autograd.
//!
//! It is the slow, obvious oracle of the CPU and CUDA kernels in tests, and its static stage is what `--device cuda` runs.
//! So nothing here shares code with [`crate::kernels`] or with the search of [`crate::patches`]; only weights, settings and
//! the listing of hits are common.
//!
//! One difference is intended: on the CPU, rays of the looping stage end once less than 1/1024 of the light is left; here
//! none do.

mod adam;
mod engine;
mod listing;
mod looping_level;
mod neighbours;
mod static_level;
mod target;
mod view_cache;

pub use engine::TorchEngine;
pub use looping_level::{LoopingGradient, TorchLooping, TorchTarget};
pub use static_level::TorchStatic;
pub use target::{Block, looping_target};
#[cfg(feature = "cuda")]
pub(crate) use view_cache::ViewCache;
