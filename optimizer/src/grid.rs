//! The texels of a stage: which tiles it optimises, at how many texels a side.
//!
//! A pyramid level keeps every tile and gives it fewer texels (METHOD §4.2, D22): level geometry is the full-size
//! geometry with texels `16 / side` reference pixels large.

use loop3d_scene::{TILE, Tile, TileTable};

/// Premultiplied RGBA of a texel or a pixel.
pub type Rgba = [f32; 4];

/// Bit of a texel id that marks looping texels.
pub const LOOPING: u32 = 1 << 31;

/// Where tiles are, and how their texels are numbered. Slots of one kind are numbered in table order, so those of
/// a plane are consecutive; texel (x, y) of slot s is `s·side² + y·side + x`, with the bit [`LOOPING`] for looping
/// tiles. The texel after the last static one (`static_texels()`) is the transparent texel of all empty places.
#[derive(Clone, Debug)]
pub struct TexelGrid {
    /// The tiles; slot numbers are the ids inside [`Tile`].
    pub table: TileTable,
    /// Texels along a side of a tile at this level.
    pub side: usize,
    static_tiles: usize,
    looping_tiles: usize,
}

impl TexelGrid {
    /// A grid over `table`, whose ids must be numbered in table order.
    pub fn new(table: TileTable, side: usize) -> Self {
        let (static_tiles, looping_tiles) = table.counts();
        Self { table, side, static_tiles, looping_tiles }
    }

    /// Texels of a tile.
    pub fn tile_texels(&self) -> usize {
        self.side * self.side
    }

    /// Number of static texels.
    pub fn static_texel_count(&self) -> usize {
        self.static_tiles * self.tile_texels()
    }

    /// Number of looping texels.
    pub fn looping_texel_count(&self) -> usize {
        self.looping_tiles * self.tile_texels()
    }

    /// Texels per reference pixel.
    pub fn texels_per_px(&self) -> f64 {
        self.side as f64 / TILE as f64
    }

    /// Id of the first texel of a tile; `None` for an empty one.
    pub fn first_texel(&self, tile: Tile) -> Option<u32> {
        let n = self.tile_texels() as u32;
        match tile {
            Tile::Empty => None,
            Tile::Static(slot) => Some(slot * n),
            Tile::Looping(slot) => Some((slot * n) | LOOPING),
        }
    }

    /// Id of the texel at texel coordinates of a plane; the transparent texel where there is none.
    pub fn texel(&self, plane: usize, x: i64, y: i64) -> u32 {
        let side = self.side as i64;
        let tile = self.table.get(plane, y.div_euclid(side), x.div_euclid(side));
        match self.first_texel(tile) {
            Some(first) => first + (y.rem_euclid(side) * side + x.rem_euclid(side)) as u32,
            None => self.static_texel_count() as u32,
        }
    }

    /// Places of the tiles that exist: (plane, row, column, tile), in table order.
    pub fn places(&self) -> impl Iterator<Item = (usize, usize, usize, Tile)> + '_ {
        let (rows, columns) = (self.table.rows, self.table.columns);
        self.table
            .tiles
            .iter()
            .enumerate()
            .filter(|(_, t)| **t != Tile::Empty)
            .map(move |(i, t)| (i / (rows * columns), i / columns % rows, i % columns, *t))
    }
}

/// Calls `f(index in tile, own id, neighbour's id)` for the four neighbours, where there are any, of each texel of
/// the tile whose first texel has plane coordinates (x0, y0). A looping texel always has four: where there is no tile, the
/// transparent one (`looping_stage/model/total_variation.rs` explains why).
pub fn for_neighbours(grid: &TexelGrid, plane: usize, x0: i64, y0: i64, mut f: impl FnMut(usize, u32, u32)) {
    let side = grid.side as i64;
    let nothing = grid.static_texel_count() as u32;
    let first = grid.texel(plane, x0, y0);
    for y in 0..side {
        for x in 0..side {
            let own = first + (y * side + x) as u32;
            let inside = x > 0 && x < side - 1 && y > 0 && y < side - 1;
            for (dx, dy) in [(-1, 0), (1, 0), (0, -1), (0, 1)] {
                let neighbour = if inside {
                    (i64::from(own) + dy * side + dx) as u32
                } else {
                    grid.texel(plane, x0 + x + dx, y0 + y + dy)
                };
                if neighbour != nothing || own & LOOPING != 0 {
                    f((y * side + x) as usize, own, neighbour);
                }
            }
        }
    }
}

/// Gives the tiles of a table consecutive ids, static and looping apart, in table order.
pub fn renumber(table: &mut TileTable) {
    let (mut static_tiles, mut looping_tiles) = (0, 0);
    for tile in &mut table.tiles {
        match tile {
            Tile::Empty => {}
            Tile::Static(id) => {
                *id = static_tiles;
                static_tiles += 1;
            }
            Tile::Looping(id) => {
                *id = looping_tiles;
                looping_tiles += 1;
            }
        }
    }
}
