//! Whether this machine can run our kernels.

use super::check::check;
use super::device::DeviceLauncher;
use super::launch::Kernels;
use crate::error::FitError;
use loop3d_torch::guarded;
use std::sync::{Arc, OnceLock};
use tch::Device;

/// The kernels on the first CUDA device, compiled and checked. It opens libtorch's CUDA half, so call it before anything else
/// uses libtorch. Later calls repeat the first answer.
///
/// # Errors
/// Why they cannot be used, for people.
pub fn ready() -> Result<Kernels, String> {
    static ANSWER: OnceLock<Result<Kernels, String>> = OnceLock::new();
    ANSWER.get_or_init(probe).clone()
}

fn probe() -> Result<Kernels, String> {
    loop3d_torch::cuda::open().map_err(|error| error.to_string())?;
    launchable().map_err(|error| error.to_string())
}

fn launchable() -> Result<Kernels, FitError> {
    let kernels = Kernels::new(Arc::new(DeviceLauncher::new()?), Device::Cuda(0));
    guarded(|| check(&kernels))?;
    Ok(kernels)
}
