//! Finds CUDA at run time.
//!
//! Programs link libtorch's CPU half only, so one build serves machines with and without a GPU. Opening `libtorch_cuda`
//! registers the other half, provided that libtorch has not been used yet.

use crate::TorchError;
use std::sync::OnceLock;

/// Opens `libtorch_cuda` beside `libtorch_cpu`, or in the other folders of the program's library path (see `build.rs`), and
/// looks for a device. Later calls repeat the first answer.
///
/// # Errors
/// Why CUDA cannot be used.
pub fn open() -> Result<(), TorchError> {
    static ANSWER: OnceLock<Result<(), TorchError>> = OnceLock::new();
    ANSWER.get_or_init(probe).clone()
}

fn probe() -> Result<(), TorchError> {
    let name = libloading::library_filename("torch_cuda");
    // SAFETY: opening runs the library's constructors. It is libtorch's own other half, made to be loaded by whatever
    // runs the first one, and its constructors only register what it can do.
    let library = unsafe { libloading::Library::new(&name) };
    match library {
        // What it registered must stay: never closed.
        Ok(library) => std::mem::forget(library),
        // A build that links CUDA itself needs no opening.
        Err(_) if tch::Cuda::is_available() => {}
        Err(error) => {
            let (library, reason) = (name.to_string_lossy().into_owned(), error.to_string());
            // The loader names what is missing: this library, or one that it needs.
            let is_absent = reason.starts_with(&library) && reason.contains("No such file");
            return Err(if is_absent {
                TorchError::NoCudaLibrary { library }
            } else {
                TorchError::CudaLibrary { library, reason }
            });
        }
    }
    if tch::Cuda::is_available() && tch::Cuda::device_count() > 0 { Ok(()) } else { Err(TorchError::NoCudaDevice) }
}
