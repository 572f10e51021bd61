//! Texels of one level from those of another.

use crate::grid::{LOOPING, TexelGrid};
use crate::kernels::compositor::looping_tiles::Texels;
use crate::kernels::lanes::{F32x8, RgbaLanes};
use loop3d_scene::Tile;

/// Bilinear resampling between two levels of the same tiles, across tile borders.
pub(super) struct Resampler<'a> {
    /// The level to read.
    pub from: &'a TexelGrid,
    /// The level to make.
    pub to: &'a TexelGrid,
}

impl Resampler<'_> {
    /// Texels of one kind (`looping` or static) from those of a chunk of frames, each passed through `finish`.
    pub fn run<T>(&self, looping: bool, texels: Texels<'_>, finish: impl Fn(RgbaLanes) -> T) -> Vec<T> {
        let side = self.to.side;
        let mut out = Vec::new();
        for (plane, row, column, tile) in self.to.places() {
            if matches!(tile, Tile::Looping(_)) == looping {
                let at = |i: usize| self.texel(plane, column * side + i % side, row * side + i / side, texels);
                out.extend((0..self.to.tile_texels()).map(|i| finish(at(i))));
            }
        }
        out
    }

    /// One texel; taps in empty places do not count.
    fn texel(&self, plane: usize, x: usize, y: usize, texels: Texels<'_>) -> RgbaLanes {
        let ratio = self.from.side as f64 / self.to.side as f64;
        let at = |p: usize| (p as f64 + 0.5) * ratio - 0.5;
        let (u, v) = (at(x), at(y));
        let (left, top) = (u.floor(), v.floor());
        let (fx, fy) = ((u - left) as f32, (v - top) as f32);
        let (mut sum, mut total) = ([F32x8::ZERO; 4], 0.0);
        for (dx, dy, w) in
            [(0, 0, (1.0 - fx) * (1.0 - fy)), (1, 0, fx * (1.0 - fy)), (0, 1, (1.0 - fx) * fy), (1, 1, fx * fy)]
        {
            let id = self.from.texel(plane, left as i64 + dx, top as i64 + dy);
            let value = if id & LOOPING != 0 {
                texels.looping_texels[(id & !LOOPING) as usize].get()
            } else if id as usize == self.from.static_texel_count() {
                continue;
            } else {
                texels.static_texels[id as usize].map(F32x8::splat)
            };
            total += w;
            for c in 0..4 {
                sum[c] = sum[c] + value[c] * w;
            }
        }
        if total > 0.0 { sum.map(|s| s * (1.0 / total)) } else { sum }
    }
}
