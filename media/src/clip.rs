//! Clips in memory.

use crate::area::AreaFilter;

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

    /// Forgets all frames but the first `frames` (at least one), and gives their memory back.
    pub fn truncate(&mut self, frames: usize) {
        self.frames = self.frames.min(frames.max(1));
        self.rgb.truncate(self.frames * self.width * self.height * 3);
        self.rgb.shrink_to_fit();
    }

    /// The same clip at another size, not larger, by exact area average.
    pub fn shrunk(&self, width: u32, height: u32) -> Self {
        let (w, h) = (width as usize, height as usize);
        let filter = AreaFilter::new((self.width as u32, self.height as u32), (width, height));
        let mut rgb = vec![0; self.frames * w * h * 3];
        for (t, frame) in rgb.chunks_exact_mut(w * h * 3).enumerate() {
            filter.apply(self.frame(t), frame);
        }
        Self { width: w, height: h, frames: self.frames, rgb }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_forgotten_leaves_the_first_frames_and_no_memory() {
        let mut clip = Clip { width: 2, height: 1, frames: 3, rgb: (0..18).collect() };
        clip.truncate(5);
        assert_eq!((clip.frames, clip.rgb.len()), (3, 18));
        clip.truncate(0);
        assert_eq!((clip.frames, clip.rgb.as_slice()), (1, &[0, 1, 2, 3, 4, 5][..]));
        assert!(clip.rgb.capacity() < 18, "{}", clip.rgb.capacity());
    }
}
