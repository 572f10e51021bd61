//! What can go wrong with libtorch.

/// Errors of libtorch. All of them are the machine's: no other input would help.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TorchError {
    /// libtorch threw an exception.
    #[error("libtorch failed: {0}")]
    Thrown(String),
    /// The CUDA half is not installed.
    #[error("libtorch's CUDA library ({library}) is not installed; `cargo xtask setup --cuda` fetches it")]
    NoCudaLibrary {
        /// File name of the library.
        library: String,
    },
    /// The CUDA half is there, but the loader refused it.
    #[error("libtorch's CUDA library ({library}) cannot be opened: {reason}; `cargo xtask setup --cuda` fetches it")]
    CudaLibrary {
        /// File name of the library.
        library: String,
        /// The loader's message.
        reason: String,
    },
    /// libtorch has CUDA but sees no GPU.
    #[error("libtorch finds no CUDA device; is there an NVIDIA GPU, and is its driver recent enough?")]
    NoCudaDevice,
}
