//! Tiles packed in textures, for the GPU and for packages.
//!
//! A *block* is a rectangle of neighbouring tiles of one kind on one plane. It fills one rectangle of a page, so neighbours
//! stay neighbours, and filters and video coders see the plane's own image. With a halo, each block is framed by texels that repeat
//! its true neighbours on the plane, of either kind, and are transparent where there are none. So every bilinear filter that
//! touches a tile of the block reads inside its rectangle.

mod blocks;
mod cover;
mod skyline;

use crate::{Scene, TILE, TILE_VALUES, Tile, TileTable};
pub use cover::{Rectangle, cover};
use skyline::Skyline;
use std::ops::Range;

/// Static or looping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TileKind {
    /// Tiles of one frame.
    Static,
    /// Tiles of every frame of the loop.
    Looping,
}

impl TileKind {
    /// The kind of a tile; `None` of an empty one.
    pub fn of(tile: Tile) -> Option<Self> {
        match tile {
            Tile::Empty => None,
            Tile::Static(_) => Some(Self::Static),
            Tile::Looping(_) => Some(Self::Looping),
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Static => "static",
            Self::Looping => "looping",
        }
    }
}

/// A rectangle of neighbouring tiles of one kind, and its place on a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TileBlock {
    /// Plane of the tiles.
    pub plane: usize,
    /// Their rows in the tile table.
    pub rows: Range<usize>,
    /// Their columns in the tile table.
    pub columns: Range<usize>,
    /// The page that they are on.
    pub page: usize,
    /// Column and row on the page of the first texel of the first tile; a halo lies outside of it.
    pub at: [usize; 2],
}

impl TileBlock {
    /// Page texel minus plane texel (counted from the tile table's origin), x and y.
    pub fn shift(&self) -> [i32; 2] {
        let shift = |at: usize, tile: usize| at as i32 - (tile * TILE) as i32;
        [shift(self.at[0], self.columns.start), shift(self.at[1], self.rows.start)]
    }

    /// Number of its tiles.
    pub fn tiles(&self) -> usize {
        self.rows.len() * self.columns.len()
    }
}

/// Rules for pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageRules {
    /// Width in texels of the frame around each block.
    pub halo: usize,
    /// Width and height of pages are multiples of this.
    pub align: usize,
    /// The largest width and height.
    pub limit: [usize; 2],
}

/// The blocks of all tiles of one kind, and the sizes of the pages that hold them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packing {
    /// Width in texels of the frame around each block.
    pub halo: usize,
    /// Width and height of each page in texels.
    pub pages: Vec<[usize; 2]>,
    /// All blocks.
    pub blocks: Vec<TileBlock>,
}

/// A rectangle of texels of one place of the tile table, and its place on a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Column and row of its first texel on the page.
    pub at: [usize; 2],
    /// Width and height in texels; either is 0 where there is no halo.
    pub size: [usize; 2],
    /// Plane of the place.
    pub plane: usize,
    /// Row of the place, which may lie outside of the table.
    pub row: i64,
    /// Column of the place, which may lie outside of the table.
    pub column: i64,
    /// Column and row of the first texel in the tile.
    pub from: [usize; 2],
}

/// A page cannot hold one tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("pages of at most {}×{} texels cannot hold a tile of {side}×{side}", limit[0], limit[1])]
pub struct PageTooSmall {
    /// The largest page.
    pub limit: [usize; 2],
    /// Side of a tile with its halo.
    pub side: usize,
}

impl Packing {
    /// Packs the tiles of a kind in as few pages as a skyline packer needs, and as few texels. A kind without tiles has no page.
    ///
    /// # Errors
    /// No tile fits in a page.
    pub fn new(table: &TileTable, kind: TileKind, rules: &PageRules) -> Result<Self, PageTooSmall> {
        let &PageRules { halo, align, limit } = rules;
        let limit = limit.map(|side| side / align * align);
        let most = limit.map(|side| side.saturating_sub(2 * halo) / TILE);
        if most.contains(&0) {
            return Err(PageTooSmall { limit, side: TILE + 2 * halo });
        }
        let mut blocks = blocks::of(table, kind, most);
        // Tall blocks first, which keeps the skyline flat. Equal ones keep the order of planes, so that similar ones lie together.
        blocks.sort_by_key(|block| std::cmp::Reverse((block.rows.len(), block.columns.len())));
        let texels: usize = blocks.iter().map(|block| block_size(block, halo)).map(|[w, h]| w * h).sum();
        let square = (texels as f64).sqrt();
        let widths = (0..WIDTHS).map(|i| (square * (NARROWEST + WIDTH_RANGE * i as f64 / WIDTHS as f64)) as usize);
        let widths = widths.map(|width| width.next_multiple_of(align).min(limit[0])).chain([limit[0]]);
        let widest = blocks.iter().map(|block| block_size(block, halo)[0]).max().unwrap_or(0);
        let packed = widths.filter(|&width| width >= widest).map(|width| Self::in_width(&blocks, width, rules));
        let area = |packing: &Self| (packing.pages.len(), packing.pages.iter().map(|[w, h]| w * h).sum::<usize>());
        let empty = Self { halo, pages: Vec::new(), blocks: Vec::new() };
        Ok(if blocks.is_empty() { empty } else { packed.min_by_key(area).unwrap_or(empty) })
    }

    fn in_width(blocks: &[TileBlock], width: usize, rules: &PageRules) -> Self {
        let &PageRules { halo, align, limit } = rules;
        let height = limit[1] / align * align;
        let mut skylines: Vec<Skyline> = Vec::new();
        let placed = blocks.iter().map(|block| {
            let size = block_size(block, halo);
            let found = skylines.iter_mut().enumerate().find_map(|(i, line)| Some((i, line.place(size, height)?)));
            let (page, at) = found.unwrap_or_else(|| {
                let mut line = Skyline::new(width);
                let at = line.place(size, height).unwrap_or_default();
                skylines.push(line);
                (skylines.len() - 1, at)
            });
            TileBlock { page, at: at.map(|at| at + halo), ..block.clone() }
        });
        let blocks = placed.collect();
        let pages = skylines.iter().map(|line| line.size().map(|side| side.next_multiple_of(align))).collect();
        Self { halo, pages, blocks }
    }

    /// The rectangles that fill a page, halos included, each from one place of the tile table.
    pub fn pieces(&self, page: usize) -> impl Iterator<Item = Piece> {
        let halo = self.halo;
        self.blocks.iter().filter(move |block| block.page == page).flat_map(move |block| {
            let down = spans(block.at[1] - halo, &block.rows, halo);
            down.flat_map(move |(y, row, lines)| {
                spans(block.at[0] - halo, &block.columns, halo).map(move |(x, column, across)| Piece {
                    at: [x, y],
                    size: [across.len(), lines.len()],
                    plane: block.plane,
                    row,
                    column,
                    from: [across.start, lines.start],
                })
            })
        })
    }

    /// Writes the texels of a page at a frame of the loop, premultiplied RGBA, to `texels` (`[height, width, 4]`, all zero or another
    /// frame of this page), each value as `texel` has it.
    pub fn fill<T>(&self, page: usize, scene: &Scene, frame: usize, texel: impl Fn(u16) -> T, texels: &mut [T]) {
        let Some(&[width, _]) = self.pages.get(page) else { return };
        for Piece { at, size, plane, row, column, from } in self.pieces(page) {
            let Some(values) = scene.tile_texels(scene.tiles.get(plane, row, column), frame) else { continue };
            for line in 0..size[1] {
                let start = ((from[1] + line) * TILE + from[0]) * 4;
                let to = ((at[1] + line) * width + at[0]) * 4;
                let values = &values[start..start + 4 * size[0]];
                for (to, &from) in texels[to..to + values.len()].iter_mut().zip(values) {
                    *to = texel(from);
                }
            }
        }
    }
}

/// How many widths are tried for the least waste.
const WIDTHS: usize = 24;
/// Widths that are tried, as multiples of the side of a square of the same area: from the narrowest, over this range.
const NARROWEST: f64 = 0.7;
const WIDTH_RANGE: f64 = 1.3;

fn block_size(block: &TileBlock, halo: usize) -> [usize; 2] {
    [block.columns.len(), block.rows.len()].map(|tiles| tiles * TILE + 2 * halo)
}

/// The tiles that a block with its halo reaches, along one axis: first texel on the page, index of the tile, and the range of its
/// texels. The halo begins at `start`.
fn spans(
    start: usize,
    tiles: &Range<usize>,
    halo: usize,
) -> impl Iterator<Item = (usize, i64, Range<usize>)> + Clone + use<> {
    let [first, past] = [tiles.start as i64, tiles.end as i64];
    let inside = (first..past).zip(0..).map(move |(tile, index)| (start + halo + index * TILE, tile, 0..TILE));
    let before = std::iter::once((start, first - 1, TILE - halo..TILE));
    let after = std::iter::once((start + halo + tiles.len() * TILE, past, 0..halo));
    before.chain(inside).chain(after)
}

impl Scene {
    /// Texels of a tile at a frame of the loop: `[16, 16, 4]`; `None` of an empty tile.
    pub fn tile_texels(&self, tile: Tile, frame: usize) -> Option<&[u16]> {
        let (texels, index) = match tile {
            Tile::Empty => return None,
            Tile::Static(index) => (&self.static_texels, index as usize),
            Tile::Looping(index) => (&self.looping_texels, index as usize * self.frames + frame),
        };
        texels.get(index * TILE_VALUES..(index + 1) * TILE_VALUES)
    }
}

#[cfg(test)]
mod tests;
