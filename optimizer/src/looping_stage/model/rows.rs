//! Rows of a step's gradient buffers: one for each texel of the looping tiles that a window touches, and of no others. A
//! window of a quarter of the image needs a quarter of the memory.

use crate::grid::{LOOPING, TexelGrid};
use crate::hits::Hits;
use rayon::prelude::*;

/// Where the gradients of looping texels are kept.
pub(super) struct Rows {
    /// Number of rows.
    pub count: usize,
    /// The taps of each hit, looping ones as rows.
    pub taps: Vec<[u32; 4]>,
    /// First row of each looping tile; [`NONE`] where no hit touches it.
    of_tile: Vec<u32>,
}

const NONE: u32 = u32::MAX;

impl Rows {
    /// Rows for all tiles that `hits` touch, in the order of tiles.
    pub fn new(grid: &TexelGrid, hits: &Hits) -> Self {
        let n = grid.tile_texels();
        let mut of_tile = vec![NONE; grid.looping_texel_count() / n];
        let looping = |tap: &u32| (tap & LOOPING != 0).then_some((tap & !LOOPING) as usize);
        for texel in hits.hits.iter().flat_map(|hit| &hit.taps).filter_map(looping) {
            of_tile[texel / n] = 0;
        }
        let mut count = 0;
        for first in of_tile.iter_mut().filter(|first| **first != NONE) {
            *first = count as u32;
            count += n;
        }
        let row = |tap: u32| match looping(&tap) {
            Some(texel) => (of_tile[texel / n] + (texel % n) as u32) | LOOPING,
            None => tap,
        };
        let taps = hits.hits.par_iter().map(|hit| hit.taps.map(row)).collect();
        Self { count, taps, of_tile }
    }

    /// First row of a looping tile that a hit touches, by its slot.
    pub fn first(&self, slot: usize) -> usize {
        self.of_tile[slot] as usize
    }
}
