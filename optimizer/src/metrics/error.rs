//! Why a metric could not be computed.

use crate::patches::{PatchError, TimeClip};
use loop3d_scene::{Blame, Fault};

/// Bad input of a metric.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum MetricsError {
    /// Render and truth differ in size.
    #[error(
        "render is {render_width}x{render_height} pixels, truth is {truth_width}x{truth_height}: they must be equal"
    )]
    Sizes {
        /// Width of the render.
        render_width: usize,
        /// Height of the render.
        render_height: usize,
        /// Width of the truth.
        truth_width: usize,
        /// Height of the truth.
        truth_height: usize,
    },
    /// The mask is not of the image's size.
    #[error("static mask has {found} pixels, expected {expected} ({width}x{height})")]
    Mask {
        /// Its length.
        found: usize,
        /// Pixels of the image.
        expected: usize,
        /// Width of the image.
        width: usize,
        /// Height of the image.
        height: usize,
    },
    /// Nothing is left inside the border.
    #[error("a border of {crop_px} pixels on all sides leaves nothing of an image of {width}x{height}")]
    Crop {
        /// Border.
        crop_px: usize,
        /// Width of the image.
        width: usize,
        /// Height of the image.
        height: usize,
    },
    /// A clip shorter than the temporal patch of a metric.
    #[error("{what} has {frames} frames, this metric compares patches of {needed}")]
    TooShort {
        /// Which clip.
        what: &'static str,
        /// Its frames.
        frames: usize,
        /// Frames of a patch.
        needed: usize,
    },
    /// A clip or setting that the patch search rejects.
    #[error(transparent)]
    Patches(#[from] PatchError),
}

impl Blame for MetricsError {
    /// Clips that do not fit together, or are too small.
    fn fault(&self) -> Fault {
        Fault::Input
    }
}

/// Both clips must be of one size.
pub(super) fn check_sizes(render: &TimeClip, truth: &TimeClip) -> Result<(), MetricsError> {
    if (render.width(), render.height()) != (truth.width(), truth.height()) {
        return Err(MetricsError::Sizes {
            render_width: render.width(),
            render_height: render.height(),
            truth_width: truth.width(),
            truth_height: truth.height(),
        });
    }
    Ok(())
}

/// A mask must be of its clip's size.
pub(super) fn check_mask(mask: &[bool], width: usize, height: usize) -> Result<(), MetricsError> {
    if mask.len() != width * height {
        return Err(MetricsError::Mask { found: mask.len(), expected: width * height, width, height });
    }
    Ok(())
}
