//! What can go wrong with our CUDA kernels.

use super::Kernel;
use crate::error::FitError;

/// Why our kernels cannot be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CudaError {
    /// There is no NVRTC.
    #[error("CUDA's run-time compiler (libnvrtc.so.13) cannot be opened; `cargo xtask setup` fetches it")]
    NoCompiler,
    /// There is no driver.
    #[error("NVIDIA's driver (libcuda) cannot be opened")]
    NoDriver,
    /// The compiler refused the sources.
    #[error("the CUDA kernels do not compile for compute_{arch}: {log}")]
    Compile {
        /// Compute capability, 80 for 8.0.
        arch: u32,
        /// What the compiler said.
        log: String,
    },
    /// The driver refused something.
    #[error("CUDA's driver failed to {action}: {reason}")]
    Driver {
        /// What was asked of it.
        action: String,
        /// What it said.
        reason: String,
    },
    /// A kernel was called with something that it cannot take.
    #[error("CUDA kernel {kernel}, argument {index}: found {found}, expected {expected}")]
    Argument {
        /// The kernel.
        kernel: Kernel,
        /// Number of the argument, from 0.
        index: usize,
        /// What it was given.
        found: String,
        /// What it takes.
        expected: String,
    },
    /// More threads than one launch can have.
    #[error("CUDA kernel {kernel} would need {threads} threads in one launch; shrink the pictures or the loop")]
    TooLarge {
        /// The kernel.
        kernel: Kernel,
        /// Threads.
        threads: usize,
    },
    /// The self-check failed.
    #[error(
        "the CUDA kernels disagree with the CPU's on a tiny scene: {what} differs by {found:e}, at most {most:e} is rounding"
    )]
    Disagree {
        /// What was compared.
        what: &'static str,
        /// By how much it differs.
        found: f64,
        /// What rounding explains.
        most: f64,
    },
}

impl From<CudaError> for FitError {
    fn from(error: CudaError) -> Self {
        Self::Device(error.to_string())
    }
}
