//! What can go wrong between a prompt and clips, and who can mend it.

use crate::cameras::CamerasError;
use crate::dit::DitError;
use crate::rig::RigError;
use crate::samplers::SamplerError;
use crate::text::TextError;
use crate::vae::VaeError;
use crate::weights::folder::FolderError;
use loop3d_scene::{Blame, Fault};
use loop3d_torch::TorchError;
use loop3d_torch::weights::WeightsError;

/// Errors of a run.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// The folder of weights.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A file of weights.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The transformer, or weights of another model in its place.
    #[error(transparent)]
    Dit(#[from] DitError),
    /// The text model.
    #[error(transparent)]
    Text(#[from] TextError),
    /// The autoencoder.
    #[error(transparent)]
    Vae(#[from] VaeError),
    /// The cameras.
    #[error(transparent)]
    Rig(#[from] RigError),
    /// The cameras as the transformer takes them.
    #[error(transparent)]
    Cameras(#[from] CamerasError),
    /// The run itself.
    #[error(transparent)]
    Sampler(#[from] SamplerError),
    /// libtorch.
    #[error(transparent)]
    Torch(#[from] TorchError),
    /// CUDA was asked for and cannot be used.
    #[error("--device cuda: {0}")]
    Cuda(TorchError),
    /// Images of this size cannot be made.
    #[error(
        "--size: found {width}x{height}, expected multiples of {multiple}; the next ones are {}x{} and {}x{}",
        offered[0][0], offered[0][1], offered[1][0], offered[1][1]
    )]
    Size {
        /// Width that was asked for.
        width: u32,
        /// Height that was asked for.
        height: u32,
        /// What both must be multiples of.
        multiple: u32,
        /// The next smaller and the next larger size.
        offered: [[u32; 2]; 2],
    },
    /// Clips of this length cannot be made.
    #[error("--frames: found {found}, expected {expected}; the next ones are {} and {}", offered[0], offered[1])]
    Frames {
        /// Frames that were asked for.
        found: u32,
        /// What is possible.
        expected: &'static str,
        /// The next smaller and the next larger number.
        offered: [u32; 2],
    },
    /// Several views without the module between them.
    #[error(
        "found {views} cameras and a transformer without a module between views; add {} of {} ({}) to the folder, or pass \
         --cameras 1 for one clip",
        published.file, published.repository, published.licence
    )]
    NoViewModule {
        /// Views that were asked for.
        views: usize,
        /// Where the module is published.
        published: crate::weights::folder::Published,
    },
    /// More memory than is free.
    #[error(
        "the run needs about {:.1} GiB of memory while {stage}, and {:.1} GiB are free; use a smaller --size, fewer --frames, \
         or --dtype bf16",
        gib(*needed), gib(*free)
    )]
    Memory {
        /// The stage that needs most.
        stage: &'static str,
        /// Bytes that it needs.
        needed: u64,
        /// Bytes that are free.
        free: u64,
    },
    /// The caller stopped the run.
    #[error("stopped after {done} of {total} steps")]
    Stopped {
        /// Steps that were made.
        done: usize,
        /// Steps of the run.
        total: usize,
    },
}

fn gib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 30)
}

impl Blame for GenerateError {
    fn fault(&self) -> Fault {
        match self {
            Self::Size { .. } | Self::Frames { .. } => Fault::Usage,
            Self::Sampler(error) => match error {
                SamplerError::Setting { .. } | SamplerError::NoNegative { .. } | SamplerError::Differs { .. } => {
                    Fault::Usage
                }
                SamplerError::Unreadable { .. } | SamplerError::NotFinite { .. } => Fault::Input,
                _ => Fault::Machine,
            },
            Self::Rig(error) => error.fault(),
            Self::Text(TextError::Torch(_)) | Self::Torch(_) | Self::Cuda(_) | Self::Cameras(_) | Self::Vae(_) => {
                Fault::Machine
            }
            Self::Folder(_) | Self::Weights(_) | Self::Dit(_) | Self::Text(_) | Self::NoViewModule { .. } => {
                Fault::Input
            }
            Self::Memory { .. } | Self::Stopped { .. } => Fault::Moment,
        }
    }
}
