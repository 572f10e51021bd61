//! Grey images and their halves.

/// A grey image.
#[derive(Clone, Debug)]
pub(super) struct Grey {
    pub(super) width: usize,
    pub(super) height: usize,
    /// `[height, width]`, 0…255.
    pub(super) values: Vec<f32>,
}

/// Luma of BT.601.
fn luma([r, g, b]: [f32; 3]) -> f32 {
    0.299 * r + 0.587 * g + 0.114 * b
}

impl Grey {
    /// Of RGB, `[height, width, 3]` with levels 0…255.
    pub(super) fn of_rgb(rgb: &[f32], width: usize, height: usize) -> Self {
        Self { width, height, values: rgb.as_chunks::<3>().0.iter().map(|pixel| luma(*pixel)).collect() }
    }

    /// Of RGB bytes.
    pub(super) fn of_bytes(rgb: &[u8], width: usize, height: usize) -> Self {
        let pixels = rgb.as_chunks::<3>().0;
        Self { width, height, values: pixels.iter().map(|pixel| luma(pixel.map(f32::from))).collect() }
    }

    /// Half as wide and high; each pixel the mean of four.
    pub(super) fn half(&self) -> Self {
        let (width, height) = ((self.width / 2).max(1), (self.height / 2).max(1));
        let at = |x: usize, y: usize| self.values[y.min(self.height - 1) * self.width + x.min(self.width - 1)];
        let mean = |x: usize, y: usize| (at(x, y) + at(x + 1, y) + at(x, y + 1) + at(x + 1, y + 1)) / 4.0;
        let values = (0..height).flat_map(|y| (0..width).map(move |x| mean(2 * x, 2 * y))).collect();
        Self { width, height, values }
    }
}
