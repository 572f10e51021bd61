//! The looping tiles of one page as coded frames, and what coders and decoders exchange.

use crate::ExportError;
use loop3d_package_format::Codec;

/// One page of coded frames.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CodedPage {
    /// As [`Stream::names`](loop3d_package_format::Stream::names).
    pub name: String,
    /// As [`Stream::descriptions`](loop3d_package_format::Stream::descriptions), in bytes.
    pub description: Vec<u8>,
    /// The bytes of each frame.
    pub frames: Vec<Vec<u8>>,
}

/// Frames of a page of `size` texels, to be decoded.
pub(crate) struct CodedFrames<'a> {
    /// Their codec.
    pub codec: Codec,
    /// Width and height in texels.
    pub size: [usize; 2],
    /// As [`CodedPage::description`].
    pub description: &'a [u8],
    /// The bytes of each frame.
    pub frames: &'a [&'a [u8]],
}

/// Fills the texels of a page at a frame: `[height, width, 4]`, premultiplied, 65535 = 1.
pub(crate) type FrameSource<'a> = dyn Fn(usize, &mut Vec<u16>) + Sync + 'a;

/// Takes the index and the texels of a frame.
pub(crate) type FrameTaker<'a> = dyn FnMut(usize, &[u16]) -> Result<(), ExportError> + Send + 'a;
