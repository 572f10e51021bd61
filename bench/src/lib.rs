//! What the kernels and a whole fit cost: against libtorch in the same run, and against the machine's limits.
//!
//! `cargo xtask bench` builds and runs the program of this crate, with its feature `torch`. `cargo bench -p loop3d-bench`
//! tracks our kernels alone from commit to commit, with Criterion, and needs no libtorch.

pub mod browser;
#[cfg(feature = "torch")]
pub mod brute_force;
pub mod capture;
pub mod ceiling;
#[cfg(feature = "torch")]
pub mod child;
#[cfg(feature = "torch")]
pub mod compositor;
pub mod fit;
#[cfg(feature = "torch")]
pub mod gpu;
#[cfg(feature = "torch")]
pub mod growth;
pub mod input;
#[cfg(feature = "torch")]
pub mod kernels;
pub mod memory;
#[cfg(feature = "torch")]
pub mod report;
pub mod samples;
pub mod synthetic;
pub mod viewer;
pub mod work;
