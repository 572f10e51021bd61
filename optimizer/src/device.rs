//! Where a fit runs: the choice, what it settles to on this machine, and the fit there.

use crate::checkpoint::Checkpoint;
#[cfg(feature = "cuda")]
use crate::cuda;
use crate::error::FitError;
use crate::fit::{FitInput, FitObserver, fit};
use clap::ValueEnum;
use loop3d_scene::Scene;
use serde::{Deserialize, Serialize};

/// The device that was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceChoice {
    /// CUDA if there is a device and loop3d's kernels work on it, otherwise the CPU.
    #[default]
    Auto,
    /// The CPU kernels.
    Cpu,
    /// loop3d's CUDA kernels and libtorch on the first CUDA device.
    Cuda,
}

/// A device that a fit can run on, from [`DeviceChoice::settle`].
#[derive(Clone, Debug)]
pub struct Settled {
    device: Device,
    note: Option<String>,
}

#[derive(Clone, Debug)]
enum Device {
    Cpu,
    #[cfg(feature = "cuda")]
    Cuda(cuda::Kernels),
}

/// CUDA, or why it cannot be used.
#[cfg(feature = "cuda")]
fn find_cuda() -> Result<Device, String> {
    cuda::ready().map(Device::Cuda)
}

#[cfg(not(feature = "cuda"))]
fn find_cuda() -> Result<Device, String> {
    Err("this build has no CUDA support; rebuild with --features cuda".into())
}

impl DeviceChoice {
    /// Finds the device to use. Call it before anything else uses libtorch.
    ///
    /// # Errors
    /// [`FitError::Device`] for [`DeviceChoice::Cuda`] if CUDA cannot be used.
    pub fn settle(self) -> Result<Settled, FitError> {
        match self {
            Self::Cpu => Ok(Settled { device: Device::Cpu, note: None }),
            Self::Cuda => match find_cuda() {
                Ok(device) => Ok(Settled { device, note: None }),
                Err(why) => Err(FitError::Device(format!("--device cuda: {why}"))),
            },
            Self::Auto => Ok(match find_cuda() {
                Ok(device) => Settled { device, note: None },
                Err(why) => Settled { device: Device::Cpu, note: Some(format!("fitting on the CPU: {why}")) },
            }),
        }
    }
}

impl Settled {
    /// The CPU.
    pub const CPU: Self = Self { device: Device::Cpu, note: None };

    /// The device's name, `cpu` or `cuda`. Checkpoints record it, since devices round differently.
    pub fn name(&self) -> &'static str {
        match self.device {
            Device::Cpu => "cpu",
            #[cfg(feature = "cuda")]
            Device::Cuda(_) => "cuda",
        }
    }

    /// Why CUDA is not used, if [`DeviceChoice::Auto`] settled for the CPU.
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }
}

/// [`fit()`] on a device: with the CPU kernels, or with those for CUDA.
///
/// # Errors
/// Those of [`fit()`], and [`FitError::Device`] for a device that fails on the way (out of memory, say).
pub fn fit_on(
    device: &Settled,
    input: FitInput<'_>,
    resume: Option<Checkpoint>,
    observer: &mut dyn FitObserver,
) -> Result<Scene, FitError> {
    match &device.device {
        Device::Cpu => fit(input, resume, observer),
        #[cfg(feature = "cuda")]
        Device::Cuda(kernels) => loop3d_torch::guarded(|| {
            let engine = cuda::CudaEngine::new(kernels.clone());
            crate::fit::fit_with(&engine, input, resume, observer)
        }),
    }
}
