//! Images as blocks that GPUs sample, and back: BC7, ASTC, ETC2.
//!
//! The coders are C, C++ and prebuilt objects, so they are behind the feature `blocks`. A build without them names the codec
//! and the feature in its error.

#[cfg(feature = "blocks")]
mod coders;

use crate::ExportError;
use loop3d_package_format::Codec;

#[cfg(feature = "blocks")]
pub(crate) use coders::{pack, unpacked};

/// Whether this build can code and decode a codec.
///
/// # Errors
/// The codec has blocks, and this build has no coders of blocks.
pub(crate) fn check(codec: Codec) -> Result<(), ExportError> {
    if cfg!(feature = "blocks") || codec.block_side().is_none() { Ok(()) } else { Err(ExportError::NoBlocks { codec }) }
}

/// This build cannot code blocks.
///
/// # Errors
/// Always.
#[cfg(not(feature = "blocks"))]
pub(crate) fn pack(codec: Codec, _: [usize; 2], _: &[u8]) -> Result<Vec<u8>, ExportError> {
    Err(ExportError::NoBlocks { codec })
}

/// This build cannot decode blocks.
///
/// # Errors
/// Always.
#[cfg(not(feature = "blocks"))]
pub(crate) fn unpacked(codec: Codec, _: [usize; 2], _: &[u8]) -> Result<Vec<u8>, ExportError> {
    Err(ExportError::NoBlocks { codec })
}
