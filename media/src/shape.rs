//! What happens to a decoded frame before it is kept.

use crate::Size;

/// Turns each decoded frame into the one that is kept: an [`AreaFilter`](crate::AreaFilter), or a lens that is undone first.
pub trait Shape: Sync {
    /// Width and height of frames as decoded.
    fn source(&self) -> Size;

    /// Width and height of frames as kept.
    fn target(&self) -> Size;

    /// RGB bytes `[source height, source width, 3]` into those of the target size.
    fn apply(&self, source: &[u8], target: &mut [u8]);

    /// Bytes of a frame as kept.
    fn frame_bytes(&self) -> usize {
        let (width, height) = self.target();
        width as usize * height as usize * 3
    }
}
