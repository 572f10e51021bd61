//! What all sizes of the model share.

/// Channels of a latent.
pub const LATENT_CHANNELS: i64 = 16;
/// Rows and columns of pixels of a latent.
pub const SPACE: i64 = 8;
/// Frames of a latent.
pub const TIME: i64 = 2;
