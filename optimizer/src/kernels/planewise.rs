//! Work split by plane: texels of a plane are consecutive, so threads can own planes without sharing a texel.

use crate::grid::TexelGrid;
use loop3d_scene::Tile;

/// First static texel of each plane, and the total at the end: `planes + 1` numbers.
pub fn static_starts(grid: &TexelGrid) -> Vec<usize> {
    let mut starts = vec![0; grid.table.planes + 1];
    for (plane, _, _, tile) in grid.places() {
        if matches!(tile, Tile::Static(_)) {
            starts[plane + 1] += grid.tile_texels();
        }
    }
    for plane in 0..grid.table.planes {
        starts[plane + 1] += starts[plane];
    }
    starts
}

/// Cuts `data` at `starts`.
pub fn split<'a, T>(mut data: &'a mut [T], starts: &[usize]) -> Vec<&'a mut [T]> {
    let mut out = Vec::with_capacity(starts.len());
    for pair in starts.windows(2) {
        let (head, tail) = data.split_at_mut(pair[1] - pair[0]);
        out.push(head);
        data = tail;
    }
    out
}
