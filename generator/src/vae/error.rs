//! What can be wrong with what is given to the autoencoder.

/// Errors of pixels, latents and settings. All of them are the caller's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaeError {
    /// A tensor is not a clip of latents.
    #[error(
        "latents: found the shape {found:?}, expected [batch, {channels}, latent frames, height / 8, width / 8] and no axis \
         of length 0; permute the axes, or add the batch's with unsqueeze(0)",
        channels = super::CHANNELS
    )]
    Latents {
        /// Shape of the tensor.
        found: Vec<i64>,
    },
    /// A tensor is not a clip of pixels.
    #[error(
        "pixels: found the shape {found:?}, expected [batch, 3, frames, height, width] and no axis of length 0; permute the \
         axes, or add the batch's with unsqueeze(0)"
    )]
    Pixels {
        /// Shape of the tensor.
        found: Vec<i64>,
    },
    /// A tensor of whole numbers stands where reals are expected, or the other way round.
    #[error("{what}: found numbers of the kind {found}, expected {expected}; convert them first")]
    Kind {
        /// Which tensor.
        what: &'static str,
        /// Its kind.
        found: String,
        /// The kinds that are taken.
        expected: &'static str,
    },
    /// The encoder cannot take a clip of this length.
    #[error("pixels: found {found} frames, expected {expected}; leave out or repeat frames at the end")]
    Frames {
        /// Frames of the clip.
        found: i64,
        /// What the encoder takes.
        expected: String,
    },
    /// The encoder cannot take frames of this size.
    #[error(
        "pixels: found frames of {width}×{height}, expected both to be multiples of {multiple}; crop or resize the frames"
    )]
    FrameSize {
        /// Width of a frame.
        width: i64,
        /// Height of a frame.
        height: i64,
        /// Pixels of a latent's side.
        multiple: i64,
    },
    /// Tiles would leave gaps or have no size.
    #[error(
        "tiles: found {size} latents every {stride} along the {axis}, expected a stride of at least 1 and at most the size; \
         take half the size as the stride"
    )]
    Tiles {
        /// Height or width.
        axis: &'static str,
        /// Latents of a tile.
        size: i64,
        /// Latents from one tile to the next.
        stride: i64,
    },
    /// A cyclic pass without a warm-up.
    #[error(
        "warm-up: found {found} latents, expected at least 1, since the first latent of a pass has a single frame; take \
         Vae::exact_warmup()"
    )]
    Warmup {
        /// Latents that were asked for.
        found: i64,
    },
}
