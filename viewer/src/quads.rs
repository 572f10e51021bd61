//! The rectangles that a scene is drawn with.
//!
//! A plane's texel centres cut it in cells; in a cell the bilinear filter reads the same four texels. By what they read, the
//! cells of each tile place form four *pieces*: the 15×15 inside of the tile, the strip to its right neighbour, the strip to
//! its lower neighbour, and the corner among four places. Each piece belongs to one of the tiles that it reads, whose atlas cell with its
//! halo holds all that is needed: to a looping one if there is any, since the atlas of static tiles knows no time. So a plane is
//! covered once, with the half texel that tiles fade out over where they have no neighbour. Pieces of one block are then joined.

use crate::atlas::Atlas;
use bytemuck::{Pod, Zeroable};
use loop3d_scene::{Kind, TILE, TileTable};

/// One instance of the draw, as `tiles.wgsl` reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Quad {
    /// Left, upper, right, lower, between texel centres of the plane: the centre of texel i is at i.
    pub(crate) rectangle: [i32; 4],
    /// Atlas texel minus plane texel, x and y.
    pub(crate) shift: [i32; 2],
    /// 1 where the atlas is the looping one.
    pub(crate) looping: i32,
    pub(crate) plane: i32,
}

/// A block of one of the two atlases.
type Owner = (Kind, u32);

/// Pieces of one block side by side, and how far down they reach.
struct Span {
    columns: [i32; 2],
    rows: [i32; 2],
    owner: Owner,
}

/// The rectangles of all planes, the farthest first. Planes are parallel, so the order serves every camera.
pub(crate) fn quads(table: &TileTable, still: &Atlas, looping: &Atlas) -> Vec<Quad> {
    let mut block_at = vec![u32::MAX; table.tiles.len()];
    for atlas in [still, looping] {
        for (index, block) in atlas.blocks().iter().enumerate() {
            for row in block.rows.clone() {
                let start = table.index(block.plane, row, 0);
                block_at[start + block.columns.start..start + block.columns.end].fill(index as u32);
            }
        }
    }
    let mut quads = Vec::new();
    for plane in (0..table.planes).rev() {
        let owner = |row: i32, column: i32| {
            let readers = [(0, 0), (0, 1), (1, 0), (1, 1)].into_iter().filter_map(|(lower, right)| {
                // Of an odd piece the second place is the neighbour, of an even one the place itself.
                let place = |piece: i32, next: i32| i64::from(piece.div_euclid(2) + piece.rem_euclid(2) * next);
                let (row, column) = (place(row, lower), place(column, right));
                let kind = Kind::of(table.get(plane, row, column))?;
                Some((kind, block_at[table.index(plane, row as usize, column as usize)]))
            });
            readers.clone().find(|owner| owner.0 == Kind::Looping).or_else(|| readers.clone().next())
        };
        let mut done = |span: Span| {
            let (looping_block, atlas) = match span.owner.0 {
                Kind::Static => (0, still),
                Kind::Looping => (1, looping),
            };
            let shift = atlas.blocks()[span.owner.1 as usize].shift();
            let rectangle =
                [start_of(span.columns[0]), start_of(span.rows[0]), start_of(span.columns[1]), start_of(span.rows[1])];
            quads.push(Quad { rectangle, shift, looping: looping_block, plane: plane as i32 });
        };
        let mut open: Vec<Span> = Vec::new();
        for row in -1..2 * table.rows as i32 {
            let mut next: Vec<Span> = Vec::new();
            for column in -1..2 * table.columns as i32 {
                let Some(owner) = owner(row, column) else { continue };
                match next.last_mut() {
                    Some(last) if last.owner == owner && last.columns[1] == column => last.columns[1] += 1,
                    _ => next.push(Span { columns: [column, column + 1], rows: [row, row + 1], owner }),
                }
            }
            for span in open {
                match next.iter_mut().find(|n| n.owner == span.owner && n.columns == span.columns) {
                    Some(same) => same.rows[0] = span.rows[0],
                    None => done(span),
                }
            }
            open = next;
        }
        open.into_iter().for_each(&mut done);
    }
    quads
}

/// First texel centre of a piece: even pieces are the 15 cells inside of a tile, odd ones the cell between two tiles.
fn start_of(piece: i32) -> i32 {
    let tile = TILE as i32;
    piece.div_euclid(2) * tile + piece.rem_euclid(2) * (tile - 1)
}

#[cfg(test)]
mod tests;
