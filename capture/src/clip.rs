//! Clips in memory.

/// Frames of one view: RGB bytes, `[frames, height, width, 3]`. A still is a clip of one frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clip {
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// Number of frames, at least 1.
    pub frames: usize,
    /// `frames · height · width · 3` bytes.
    pub rgb: Vec<u8>,
}

impl Clip {
    /// Bytes of one frame: `[height, width, 3]`.
    pub fn frame(&self, index: usize) -> &[u8] {
        let n = self.width * self.height * 3;
        &self.rgb[index * n..(index + 1) * n]
    }
}
