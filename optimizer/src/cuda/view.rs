//! The hits of a view on the device: by pixel for the compositor, and by texel for its gradients.

use crate::grid::{LOOPING, TexelGrid};
use crate::hits::Hits;
use tch::{Device, Tensor};

/// Texels of one kind that a view sees, and for each the hits that see it; `descent.cu` reads them.
#[derive(Debug)]
pub(super) struct VisibleTexels {
    /// Number of texels.
    pub(super) count: usize,
    /// Rows of the texels, ascending: `[count]`.
    pub(super) texels: Tensor,
    /// Σ of bilinear weights: `[count]`.
    pub(super) cover: Tensor,
    /// First entry of each texel, and the total: `[count + 1]`.
    pub(super) first: Tensor,
    /// Hit of each entry.
    pub(super) hit: Tensor,
    /// Weight of each entry.
    pub(super) weight: Tensor,
    /// Tiles of the texels, ascending.
    tiles: Vec<i32>,
    bytes: usize,
}

impl VisibleTexels {
    /// Sorts the taps of one kind by texel, of which there are `texels`; the transparent one is none of them. Texels whose
    /// weights are all zero are not seen.
    fn new(hits: &Hits, looping: bool, texels: usize, tile_texels: usize, device: Device) -> Self {
        let taps = || {
            hits.hits.iter().enumerate().flat_map(move |(number, hit)| {
                let taps = hit.taps.into_iter().zip(hit.weights());
                taps.filter(move |(tap, _)| (tap & LOOPING != 0) == looping)
                    .map(move |(tap, weight)| (number, (tap & !LOOPING) as usize, weight))
                    .filter(move |(_, texel, weight)| *texel < texels && *weight > 0.0)
            })
        };
        let (mut cover, mut entries) = (vec![0.0f32; texels], vec![0i32; texels]);
        for (_, texel, weight) in taps() {
            cover[texel] += weight;
            entries[texel] += 1;
        }
        let (mut seen, mut covers, mut first) = (Vec::new(), Vec::new(), Vec::new());
        let mut total = 0;
        for (texel, entries) in entries.iter_mut().enumerate().filter(|(_, entries)| **entries > 0) {
            seen.push(texel as i32);
            covers.push(cover[texel]);
            first.push(total);
            // From here on: where the texel's next entry goes.
            let count = std::mem::replace(entries, total);
            total += count;
        }
        first.push(total);
        let (mut hit, mut weights) = (vec![0i32; total as usize], vec![0.0f32; total as usize]);
        for (number, texel, weight) in taps() {
            let at = entries[texel] as usize;
            (hit[at], weights[at]) = (number as i32, weight);
            entries[texel] += 1;
        }
        let mut tiles: Vec<i32> = seen.iter().map(|texel| texel / tile_texels as i32).collect();
        tiles.dedup();
        Self {
            count: seen.len(),
            bytes: 4 * (3 * seen.len() + 2 * hit.len()),
            texels: Tensor::from_slice(&seen).to_device(device),
            cover: Tensor::from_slice(&covers).to_device(device),
            first: Tensor::from_slice(&first).to_device(device),
            hit: Tensor::from_slice(&hit).to_device(device),
            weight: Tensor::from_slice(&weights).to_device(device),
            tiles,
        }
    }
}

/// All that the kernels read of a view.
#[derive(Debug)]
pub(super) struct ViewHits {
    /// Number of pixels.
    pub(super) pixels: usize,
    /// Number of hits.
    pub(super) hits: usize,
    /// First hit of each pixel, and the total: `[pixels + 1]`.
    pub(super) start: Tensor,
    /// Texel ids: `[hits, 4]`.
    pub(super) taps: Tensor,
    /// `[hits, 2]`
    pub(super) fraction: Tensor,
    /// Static texels seen.
    pub(super) static_texels: VisibleTexels,
    /// Looping texels seen.
    pub(super) looping_texels: VisibleTexels,
    /// Tiles with a texel seen: static ones, then looping ones, numbered after all static ones.
    pub(super) tiles: Tensor,
    /// Number of these.
    pub(super) tile_count: usize,
}

impl ViewHits {
    /// Uploads `hits`; gives what that takes on the device in bytes, too.
    pub(super) fn new(hits: &Hits, grid: &TexelGrid, device: Device) -> (Self, usize) {
        let n = grid.tile_texels();
        let taps: Vec<[u32; 4]> = hits.hits.iter().map(|hit| hit.taps).collect();
        let fraction: Vec<[f32; 2]> = hits.hits.iter().map(|hit| hit.fraction).collect();
        let static_texels = VisibleTexels::new(hits, false, grid.static_texel_count(), n, device);
        let looping_texels = VisibleTexels::new(hits, true, grid.looping_texel_count(), n, device);
        let before = (grid.static_texel_count() / n) as i32;
        let mut tiles = static_texels.tiles.clone();
        tiles.extend(looping_texels.tiles.iter().map(|tile| before + tile));
        let ints = |values: &[u32]| Tensor::from_slice(bytemuck::cast_slice::<u32, i32>(values)).to_device(device);
        let bytes =
            4 * hits.start.len() + 24 * taps.len() + static_texels.bytes + looping_texels.bytes + 4 * tiles.len();
        let view = Self {
            pixels: hits.pixels(),
            hits: taps.len(),
            start: ints(&hits.start),
            taps: ints(taps.as_flattened()),
            fraction: Tensor::from_slice(fraction.as_flattened()).to_device(device),
            tiles: Tensor::from_slice(&tiles).to_device(device),
            tile_count: tiles.len(),
            static_texels,
            looping_texels,
        };
        (view, bytes)
    }
}
