//! Tiles packed in one texture for each kind.
//!
//! A *run* is a row of neighbouring tiles of one kind on one plane. It fills one rectangle of the atlas, with a halo of one texel
//! around it that repeats the true neighbours on the plane, of whichever kind, and is transparent where there are none. So
//! every bilinear filter that touches a tile of the run can be taken inside of the rectangle. Tiles of a run stand side by
//! side and need no halo between them.

use crate::RenderError;
use loop3d_scene::{Scene, TILE, TILE_VALUES, Tile, TileTable};
use std::ops::Range;

/// Texels of a halo.
const HALO: usize = 1;

/// Height of a run in the atlas.
const RUN_HEIGHT: usize = TILE + 2 * HALO;

/// Static or looping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Static,
    Looping,
}

impl Kind {
    /// Of a tile; `None` of an empty one.
    pub(crate) fn of(tile: Tile) -> Option<Self> {
        match tile {
            Tile::Empty => None,
            Tile::Static(_) => Some(Self::Static),
            Tile::Looping(_) => Some(Self::Looping),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Static => "static",
            Self::Looping => "looping",
        }
    }
}

/// Neighbouring tiles of one kind in one row of a plane, and their place in the atlas.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Run {
    pub(crate) plane: usize,
    pub(crate) row: usize,
    pub(crate) columns: Range<usize>,
    /// Atlas texel of the halo's upper left corner.
    pub(crate) at: [usize; 2],
}

impl Run {
    /// What takes a texel of the plane (counted from the tile table's origin) to its texel in the atlas.
    pub(crate) fn shift(&self) -> [i32; 2] {
        let shift = |at: usize, tile: usize| at as i32 + HALO as i32 - (tile * TILE) as i32;
        [shift(self.at[0], self.columns.start), shift(self.at[1], self.row)]
    }
}

/// Where the tiles of one kind stand in their atlas.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Atlas {
    /// In texels.
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) runs: Vec<Run>,
}

impl Atlas {
    /// Packs the tiles of a kind in the order of the table, in the smallest upright or square texture whose width is a power of two. A
    /// kind without tiles has an atlas of one texel.
    ///
    /// # Errors
    /// They do not fit in `max_side × max_side` texels.
    pub(crate) fn pack(table: &TileTable, kind: Kind, max_side: u32) -> Result<Self, RenderError> {
        let tiles = table.tiles.iter().filter(|&&t| Kind::of(t) == Some(kind)).count();
        if tiles == 0 {
            return Ok(Self { width: 1, height: 1, runs: Vec::new() });
        }
        let limit = max_side as usize;
        let widths = (8..).map(|power| 1 << power).take_while(|&width| width <= limit);
        widths
            .map(|width| Self::pack_in_width(table, kind, width))
            .find(|atlas| atlas.height <= atlas.width || (2 * atlas.width > limit && atlas.height <= limit))
            .ok_or(RenderError::AtlasTooLarge { kind: kind.name(), tiles, limit: max_side })
    }

    /// Fills line after line; a run that reaches the right edge goes on in the next line with a halo of its own.
    fn pack_in_width(table: &TileTable, kind: Kind, width: usize) -> Self {
        let mut runs: Vec<Run> = Vec::new();
        let [mut x, mut y] = [0, 0];
        let places = (0..table.planes).flat_map(|p| (0..table.rows).map(move |r| (p, r)));
        for (plane, row) in places {
            let mut open = false;
            for column in 0..table.columns {
                if Kind::of(table.tiles[table.index(plane, row, column)]) != Some(kind) {
                    open = false;
                    continue;
                }
                if open && x + TILE <= width {
                    if let Some(run) = runs.last_mut() {
                        run.columns.end += 1;
                    }
                    x += TILE;
                    continue;
                }
                if x + TILE + 2 * HALO > width {
                    [x, y] = [0, y + RUN_HEIGHT];
                }
                runs.push(Run { plane, row, columns: column..column + 1, at: [x, y] });
                x += TILE + 2 * HALO;
                open = true;
            }
        }
        Self { width, height: y + RUN_HEIGHT, runs }
    }

    /// Values of one frame.
    pub(crate) fn values(&self) -> usize {
        self.width * self.height * 4
    }

    /// Writes one frame, premultiplied RGBA, to `texels` (`[height, width, 4]`, all zero or an earlier frame of this atlas), each
    /// value as `texel` has it.
    pub(crate) fn fill<T>(&self, scene: &Scene, frame: usize, texel: fn(u16) -> T, texels: &mut [T]) {
        for run in &self.runs {
            let rows = spans(run.row..run.row + 1);
            let columns = spans(run.columns.clone());
            let mut y = run.at[1];
            for (row, lines) in rows {
                let mut x = run.at[0];
                for (column, across) in columns.clone() {
                    let values = match scene.tiles.get(run.plane, row, column) {
                        Tile::Empty => None,
                        Tile::Static(i) => values_of(&scene.static_texels, i as usize),
                        Tile::Looping(i) => values_of(&scene.looping_texels, i as usize * scene.frames + frame),
                    };
                    if let Some(values) = values {
                        for (i, line) in lines.clone().enumerate() {
                            let from = &values[(line * TILE + across.start) * 4..(line * TILE + across.end) * 4];
                            let to = ((y + i) * self.width + x) * 4;
                            for (to, &from) in texels[to..to + from.len()].iter_mut().zip(from) {
                                *to = texel(from);
                            }
                        }
                    }
                    x += across.len();
                }
                y += lines.len();
            }
        }
    }
}

/// The tiles that a run with its halo reaches, along one axis: index, and the range of texels in it.
fn spans(tiles: Range<usize>) -> impl Iterator<Item = (i64, Range<usize>)> + Clone {
    let [first, past] = [tiles.start as i64, tiles.end as i64];
    let before = std::iter::once((first - 1, TILE - HALO..TILE));
    let after = std::iter::once((past, 0..HALO));
    before.chain((first..past).map(|tile| (tile, 0..TILE))).chain(after)
}

fn values_of(texels: &[u16], tile: usize) -> Option<&[u16]> {
    texels.get(tile * TILE_VALUES..(tile + 1) * TILE_VALUES)
}

/// A looping texel: 16 bits to the nearest 8 (255·257 = 65535).
pub(crate) fn to_u8(value: u16) -> u8 {
    ((u32::from(value) + 128) / 257) as u8
}

/// A static texel: 16 bits to a 16-bit float, as its bits. Where dozens of thin layers lie over each other, as in leaves, their
/// roundings to 8 bits add up to more than the two steps that a picture may be off; static tiles can afford better.
pub(crate) fn to_half(value: u16) -> u16 {
    half::f16::from_f32(f32::from(value) / 65535.0).to_bits()
}

#[cfg(test)]
mod tests;
