//! Decoding by overlapping tiles, for devices too small for whole frames.
//!
//! Each tile is decoded as a clip of its own. Its weight rises by a ramp from each side that is not the frame's border:
//! (i + 1)/B for pixel i of the B that two tiles share; the smallest ramp counts. The result is the sum of the weighted tiles over
//! the sum of the weights (generate-syncammaster §2).

use super::VaeError;
use tch::{Device, Kind, Tensor};

/// Size and distance of tiles, in latents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tiles {
    /// Height and width of a tile.
    size: [i64; 2],
    /// From one tile to the next, down and to the right.
    stride: [i64; 2],
}

impl Default for Tiles {
    /// The published tiles: 30×52 every 15×26 latents.
    fn default() -> Self {
        Self { size: [30, 52], stride: [15, 26] }
    }
}

impl Tiles {
    /// Tiles of `size` latents (height, width), one every `stride`.
    ///
    /// # Errors
    /// A stride below 1, or above the size, which would leave gaps.
    pub fn new(size: [i64; 2], stride: [i64; 2]) -> Result<Self, VaeError> {
        for (index, axis) in ["height", "width"].into_iter().enumerate() {
            let (size, stride) = (size[index], stride[index]);
            if stride < 1 || stride > size {
                return Err(VaeError::Tiles { axis, size, stride });
            }
        }
        Ok(Self { size, stride })
    }

    /// The tiles of frames of `h`×`w` latents, in rows.
    pub(super) fn over(&self, h: i64, w: i64) -> Vec<[Span; 2]> {
        let [rows, columns] = [(0, h), (1, w)].map(|(axis, length)| spans(length, self.size[axis], self.stride[axis]));
        rows.iter().flat_map(|row| columns.iter().map(|column| [*row, *column])).collect()
    }
}

/// Where a tile lies along one axis, in latents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: i64,
    pub(super) length: i64,
    /// Latents shared with the neighbour before and after; 0 at the frame's border.
    shared: [i64; 2],
}

/// Covers `length` latents; a tile that reaches the end is the last.
fn spans(length: i64, size: i64, stride: i64) -> Vec<Span> {
    let shared = size - stride;
    let mut spans = Vec::new();
    let mut start = 0;
    loop {
        let last = start + size >= length;
        let before = if start == 0 { 0 } else { shared };
        let after = if last { 0 } else { shared };
        spans.push(Span { start, length: size.min(length - start), shared: [before, after] });
        if last {
            return spans;
        }
        start += stride;
    }
}

/// The sums of weighted tiles and of weights, on the CPU.
#[derive(Debug)]
pub(super) struct Sums {
    values: Tensor,
    weights: Tensor,
    /// Pixels of a latent's side.
    scale: i64,
}

impl Sums {
    /// For clips of `[b, t]` frames of `[h, w]` latents.
    pub(super) fn new([b, t]: [i64; 2], [h, w]: [i64; 2], scale: i64, kind: Kind) -> Self {
        let zeros = |shape: [i64; 5]| Tensor::zeros(shape, (kind, Device::Cpu));
        let [height, width] = [h * scale, w * scale];
        Self { values: zeros([b, 3, t, height, width]), weights: zeros([1, 1, 1, height, width]), scale }
    }

    /// Adds the weights of a tile, once, and returns them.
    pub(super) fn begin(&mut self, tile: [Span; 2]) -> Tensor {
        let [h, w] = tile.map(|span| ramps(span, self.scale));
        let weight = h.unsqueeze(1).minimum(&w.unsqueeze(0)).to_kind(self.weights.kind());
        let mut place = self.place(&self.weights, tile);
        let _ = place.g_add_(&weight);
        weight
    }

    /// Adds frames `[b, 3, k, H, W]` of a tile from frame `from` on.
    pub(super) fn add(&mut self, tile: [Span; 2], weight: &Tensor, frames: &Tensor, from: i64) {
        let mut place = self.place(&self.values, tile).narrow(2, from, frames.size()[2]);
        let _ = place.g_add_(&(frames.to_device(Device::Cpu) * weight));
    }

    /// Frames `from … from + count` of the result, clamped to −1…1.
    pub(super) fn frames(&self, from: i64, count: i64) -> Tensor {
        (self.values.narrow(2, from, count) / &self.weights).clamp(-1.0, 1.0)
    }

    fn place(&self, sums: &Tensor, [h, w]: [Span; 2]) -> Tensor {
        sums.narrow(3, h.start * self.scale, h.length * self.scale).narrow(
            4,
            w.start * self.scale,
            w.length * self.scale,
        )
    }
}

/// The weight of each pixel along one axis.
fn ramps(span: Span, scale: i64) -> Tensor {
    let length = span.length * scale;
    let [before, after] = span.shared.map(|shared| shared * scale);
    let ramp = |i: i64, border: i64| if i < border { (i + 1) as f32 / border as f32 } else { 1.0 };
    let weights: Vec<f32> = (0..length).map(|i| ramp(i, before).min(ramp(length - 1 - i, after))).collect();
    Tensor::from_slice(&weights)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_tiles_of_the_published_size() {
        let starts: Vec<i64> = spans(60, 30, 15).iter().map(|span| span.start).collect();
        assert_eq!(starts, [0, 15, 30]);
        assert_eq!(Tiles::default().over(60, 104).len(), 9);
        // A tile that holds the whole frame has no ramp.
        assert_eq!(spans(20, 30, 15), [Span { start: 0, length: 20, shared: [0, 0] }]);
        // The last one is cut short.
        assert_eq!(spans(31, 30, 15)[1], Span { start: 15, length: 16, shared: [15, 0] });
    }

    #[test]
    fn ramps_rise_from_the_sides_that_have_a_neighbour() {
        let weights = ramps(Span { start: 4, length: 3, shared: [1, 1] }, 2);
        assert_eq!(Vec::<f32>::try_from(&weights).unwrap(), [0.5, 1.0, 1.0, 1.0, 1.0, 0.5]);
    }

    #[test]
    fn tiles_that_leave_gaps_are_refused() {
        let error = Tiles::new([6, 8], [4, 9]).unwrap_err();
        assert_eq!(error, VaeError::Tiles { axis: "width", size: 8, stride: 9 });
        assert!(error.to_string().contains("take half the size"));
        assert!(Tiles::new([6, 8], [0, 4]).is_err());
        assert!(Tiles::new([6, 8], [6, 8]).is_ok());
    }
}
