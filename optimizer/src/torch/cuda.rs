//! Finds CUDA at run time.
//!
//! Programs link libtorch's CPU half only, so that one build serves machines with and without a GPU. Opening
//! `libtorch_cuda` registers the other half, if that happens before libtorch is used for the first time.

use std::sync::OnceLock;

/// Opens `libtorch_cuda` beside `libtorch_cpu` (or in the other folders of the program's library path, see `build.rs`) and
/// looks for a device. The answer of the first call stays.
///
/// # Errors
/// Why CUDA cannot be used, in words.
pub fn open() -> Result<(), String> {
    static ANSWER: OnceLock<Result<(), String>> = OnceLock::new();
    ANSWER.get_or_init(probe).clone()
}

fn probe() -> Result<(), String> {
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
            let (name, said) = (name.to_string_lossy(), error.to_string());
            // The loader names what it missed: this library, or one that it needs.
            let is_absent = said.starts_with(&*name) && said.contains("No such file");
            return Err(if is_absent {
                format!("libtorch's CUDA half ({name}) is not here; `cargo xtask setup --cuda` fetches it")
            } else {
                format!("libtorch's CUDA half ({name}) cannot be opened: {said}; `cargo xtask setup --cuda` fetches it")
            });
        }
    }
    if tch::Cuda::is_available() && tch::Cuda::device_count() > 0 {
        Ok(())
    } else {
        Err("libtorch finds no CUDA device; is there an NVIDIA GPU, and is its driver recent enough?".into())
    }
}
