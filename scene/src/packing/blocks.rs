//! Cuts the tiles of a kind in blocks: the largest rectangle of tiles on a plane, then the largest of the rest, until none
//! is left. Large blocks have few edges; an edge costs a halo and a video coder's predictions.

use super::{TileBlock, TileKind};
use crate::TileTable;
use std::ops::Range;

/// Blocks of at most `most` tiles across and down, in the order of planes, without a place on a page.
pub(super) fn of(table: &TileTable, kind: TileKind, most: [usize; 2]) -> Vec<TileBlock> {
    let mut blocks = Vec::new();
    for plane in 0..table.planes {
        let start = table.index(plane, 0, 0);
        let tiles = &table.tiles[start..start + table.rows * table.columns];
        let mut left: Vec<bool> = tiles.iter().map(|&tile| TileKind::of(tile) == Some(kind)).collect();
        while let Some((rows, columns)) = largest(&left, table.columns, most) {
            for row in rows.clone() {
                left[row * table.columns + columns.start..row * table.columns + columns.end].fill(false);
            }
            blocks.push(TileBlock { plane, rows, columns, page: 0, at: [0; 2] });
        }
    }
    blocks
}

/// The rectangle of most tiles; of equal ones the one that ends first. `None` where nothing is left.
fn largest(left: &[bool], width: usize, most: [usize; 2]) -> Option<(Range<usize>, Range<usize>)> {
    // Tiles upwards from each column's place in the row.
    let mut heights = vec![0; width];
    let mut best = None;
    let mut best_area = 0;
    for (row, line) in left.chunks_exact(width).enumerate() {
        for (height, &tile) in heights.iter_mut().zip(line) {
            *height = if tile { (*height + 1).min(most[1]) } else { 0 };
        }
        for start in 0..width {
            let mut height = heights[start];
            for end in start + 1..=width.min(start + most[0]) {
                height = height.min(heights[end - 1]);
                if height == 0 {
                    break;
                }
                if height * (end - start) > best_area {
                    best_area = height * (end - start);
                    best = Some((row + 1 - height..row + 1, start..end));
                }
            }
        }
    }
    best
}
