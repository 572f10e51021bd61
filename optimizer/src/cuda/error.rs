//! What can go wrong with our CUDA kernels.

use super::source::Kernel;
use crate::error::FitError;

/// Why our kernels cannot be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CudaError {
    /// NVRTC is not installed.
    #[error("CUDA's run-time compiler (libnvrtc.so.13) is not installed; `cargo xtask setup --cuda` fetches it")]
    NoCompiler,
    /// NVIDIA's driver is not installed.
    #[error("NVIDIA's driver (libcuda) is not installed")]
    NoDriver,
    /// The compiler rejected the sources.
    #[error("the CUDA kernels do not compile for compute_{arch}: {log}")]
    Compile {
        /// Compute capability, 80 for 8.0.
        arch: u32,
        /// The compiler's messages.
        log: String,
    },
    /// The driver failed.
    #[error("CUDA's driver failed to {action}: {reason}")]
    Driver {
        /// What it was asked to do.
        action: String,
        /// The driver's message.
        reason: String,
    },
    /// A kernel was called with an argument that it cannot take: a defect of this program.
    #[error("CUDA kernel {kernel}, argument `{name}`: found {found}, expected {expected}")]
    Argument {
        /// The kernel.
        kernel: Kernel,
        /// Name of the argument.
        name: &'static str,
        /// The argument given.
        found: String,
        /// The arguments that it takes.
        expected: String,
    },
    /// More threads than one launch can have.
    #[error(
        "CUDA kernel {kernel} would need {threads} threads in one launch; shrink the images (--max-height) or the loop (--frames)"
    )]
    TooLarge {
        /// The kernel.
        kernel: Kernel,
        /// Threads asked for.
        threads: usize,
    },
    /// The self-check failed.
    #[error(
        "the CUDA kernels disagree with the CPU's on a tiny scene: {what} differs by {found:e}, rounding explains at most {most:e}"
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
