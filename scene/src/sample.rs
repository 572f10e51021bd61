//! The four texels around a point of a plane, found through the tile table.
//!
//! One texel is one reference pixel: texel (i, j) of a plane has its centre at `origin_px + (i + ½, j + ½)`. A tap of a
//! tile's neighbour reads the neighbour itself, so tiles have no borders to drift apart (METHOD D1). A tap in an empty
//! tile or outside the table is transparent.

use crate::{TILE, Tile, TileTable};

/// Where one bilinear tap reads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tap {
    /// The tile, possibly empty.
    pub tile: Tile,
    /// Texel in the tile: `row · 16 + column`.
    pub texel: usize,
    /// Bilinear weight; the four of a point sum to 1.
    pub weight: f32,
}

/// The texel at or left of and above a point, and the weights of its right and lower neighbours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Corner {
    /// Texel column and row on the plane; may lie outside.
    pub(crate) column: i32,
    pub(crate) row: i32,
    /// Weight of column + 1, row + 1.
    pub(crate) right: f32,
    pub(crate) lower: f32,
}

impl Corner {
    /// Of a point in pixels of the reference camera.
    #[inline]
    pub(crate) fn of(origin_px: [i32; 2], x_ref: f64, y_ref: f64) -> Self {
        let (u, v) = (x_ref - f64::from(origin_px[0]) - 0.5, y_ref - f64::from(origin_px[1]) - 0.5);
        let (column, row) = (floor(u), floor(v));
        Self { column, row, right: (u - f64::from(column)) as f32, lower: (v - f64::from(row)) as f32 }
    }

    /// Bilinear weights of (left, upper), (right, upper), (left, lower), (right, lower).
    #[inline]
    pub(crate) fn weights(&self) -> [f32; 4] {
        let (left, upper) = (1.0 - self.right, 1.0 - self.lower);
        [left * upper, self.right * upper, left * self.lower, self.right * self.lower]
    }
}

/// `x.floor() as i32`, without the call into libm that baseline x86-64 makes of it. Saturates.
#[inline]
fn floor(x: f64) -> i32 {
    let cut = x as i32;
    if f64::from(cut) > x { cut.saturating_sub(1) } else { cut }
}

impl TileTable {
    /// The four bilinear taps of plane `plane` at a point in pixels of the reference camera: (left, upper), (right,
    /// upper), (left, lower), (right, lower). `None` where all four are in empty tiles or outside.
    pub fn taps(&self, plane: usize, x_ref: f64, y_ref: f64) -> Option<[Tap; 4]> {
        let corner = Corner::of(self.origin_px, x_ref, y_ref);
        let weights = corner.weights();
        let taps = [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(right, lower)| {
            let (tile, texel) = self.texel(plane, i64::from(corner.column) + right, i64::from(corner.row) + lower);
            Tap { tile, texel, weight: weights[(right + 2 * lower) as usize] }
        });
        taps.iter().any(|t| t.tile != Tile::Empty).then_some(taps)
    }

    /// The tile that holds a texel of a plane (counted from `origin_px`), and the texel's place in it.
    #[inline]
    pub(crate) fn texel(&self, plane: usize, column: i64, row: i64) -> (Tile, usize) {
        const SIDE: i64 = TILE as i64;
        let tile = self.get(plane, row.div_euclid(SIDE), column.div_euclid(SIDE));
        (tile, (row.rem_euclid(SIDE) * SIDE + column.rem_euclid(SIDE)) as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floor_is_floor() {
        for x in [-2.0, -1.5, -1e-9, 0.0, 0.25, 1.0, 1.999, 1e6 + 0.5, -1e6 - 0.5] {
            assert_eq!(floor(x), x.floor() as i32, "{x}");
        }
        assert_eq!((floor(1e300), floor(f64::NAN)), (i32::MAX, 0));
        assert_eq!(floor(-1e300), i32::MIN);
    }

    #[test]
    fn taps_cross_into_the_neighbouring_tile() {
        let mut table = TileTable::empty(2, 2, 2, [-8, 4]);
        table.tiles[4] = Tile::Static(7);
        table.tiles[5] = Tile::Looping(3);
        // Plane 1, texels (15, 2) and (16, 2) have centres at reference pixels 7.5 and 8.5, 6.5.
        let taps = table.taps(1, 7.75, 6.5).unwrap();
        assert_eq!(taps[0], Tap { tile: Tile::Static(7), texel: 2 * 16 + 15, weight: 0.75 });
        assert_eq!(taps[1], Tap { tile: Tile::Looping(3), texel: 2 * 16, weight: 0.25 });
        assert_eq!(taps[2].weight + taps[3].weight, 0.0);
        // Plane 0 is empty; the outer corner of plane 1 is half outside.
        assert_eq!(table.taps(0, 7.75, 6.5), None);
        let corner = table.taps(1, -8.0, 4.0).unwrap();
        assert_eq!(corner.map(|t| t.tile), [Tile::Empty, Tile::Empty, Tile::Empty, Tile::Static(7)]);
        assert_eq!(corner[3], Tap { tile: Tile::Static(7), texel: 0, weight: 0.25 });
        assert_eq!(table.taps(1, -8.51, 4.0), None);
        assert_eq!(table.taps(1, f64::INFINITY, 4.0), None);
    }
}
