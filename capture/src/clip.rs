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

impl Clip {
    /// The same clip with pictures of another, not larger size, by exact area average.
    pub fn shrunk(&self, width: u32, height: u32) -> Self {
        let (w, h) = (width as usize, height as usize);
        let filter = crate::area::AreaFilter::new((self.width as u32, self.height as u32), (width, height));
        let mut rgb = vec![0; self.frames * w * h * 3];
        for (t, frame) in rgb.chunks_exact_mut(w * h * 3).enumerate() {
            filter.apply(self.frame(t), frame);
        }
        Self { width: w, height: h, frames: self.frames, rgb }
    }
}
