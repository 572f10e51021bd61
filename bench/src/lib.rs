//! What the kernels and a whole fit cost: against libtorch in the same run, and against what the machine can do.
//!
//! `cargo xtask bench` builds and runs the program of this crate; `cargo bench -p loop3d-bench` follows our kernels alone
//! from commit to commit, with Criterion.

pub mod browser;
pub mod brute_force;
pub mod capture;
pub mod ceiling;
pub mod child;
pub mod compositor;
pub mod fit;
pub mod gpu;
pub mod growth;
pub mod input;
pub mod kernels;
pub mod memory;
pub mod report;
pub mod samples;
pub mod synthetic;
pub mod viewer;
pub mod work;
