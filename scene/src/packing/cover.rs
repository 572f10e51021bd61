//! The rectangles that a scene is drawn with.
//!
//! A plane's texel centres cut it in cells. Anywhere in a cell the bilinear filter reads the same four texels. By what they read, the
//! cells of each tile place form four *pieces*: the 15×15 inside the tile, the strip to its right neighbour, the strip to its lower
//! neighbour, and the corner between four places. Each piece belongs to one of the tiles that it reads, whose block with its halo
//! holds all the texels. Where both kinds meet the caller chooses, since a static block has only one frame. So a plane is covered
//! once, including the half texel over which tiles fade out where they have no neighbour. Pieces of one block are then joined.

use super::{Packing, TileKind};
use crate::{TILE, TileTable};

/// A rectangle of one plane in which one block with its halo has all that the bilinear filter reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rectangle {
    /// Left, upper, right, lower, between texel centres of the plane: the centre of texel i, counted from the tile table's origin, is at i.
    pub bounds: [i32; 4],
    /// Kind of its block.
    pub kind: TileKind,
    /// Index of the block in its packing.
    pub block: usize,
    /// The plane.
    pub plane: usize,
}

/// Pieces of one block side by side, and how far down they reach.
struct Span {
    columns: [i32; 2],
    rows: [i32; 2],
    owner: (TileKind, u32),
}

/// The rectangles of all planes, the farthest first. Both packings have a halo of at least one texel. Planes are parallel, so the
/// order is right for every camera. Between tiles of different kinds the block of kind `shared` is taken: the looping one where the
/// loop plays.
pub fn cover(
    table: &TileTable,
    static_packing: &Packing,
    looping_packing: &Packing,
    shared: TileKind,
) -> Vec<Rectangle> {
    let mut block_at = vec![u32::MAX; table.tiles.len()];
    for packing in [static_packing, looping_packing] {
        for (index, block) in packing.blocks.iter().enumerate() {
            for row in block.rows.clone() {
                let start = table.index(block.plane, row, 0);
                block_at[start + block.columns.start..start + block.columns.end].fill(index as u32);
            }
        }
    }
    let mut rectangles = Vec::new();
    for plane in (0..table.planes).rev() {
        let owner = |row: i32, column: i32| {
            let readers = [(0, 0), (0, 1), (1, 0), (1, 1)].into_iter().filter_map(|(lower, right)| {
                // Of an odd piece the second place is the neighbour, of an even one the place itself.
                let place = |piece: i32, next: i32| i64::from(piece.div_euclid(2) + piece.rem_euclid(2) * next);
                let (row, column) = (place(row, lower), place(column, right));
                let kind = TileKind::of(table.get(plane, row, column))?;
                Some((kind, block_at[table.index(plane, row as usize, column as usize)]))
            });
            readers.clone().find(|owner| owner.0 == shared).or_else(|| readers.clone().next())
        };
        let mut done = |span: Span| {
            let Span { columns, rows, owner: (kind, block) } = span;
            let bounds = [start_of(columns[0]), start_of(rows[0]), start_of(columns[1]), start_of(rows[1])];
            rectangles.push(Rectangle { bounds, kind, block: block as usize, plane });
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
    rectangles
}

/// First texel centre of a piece: even pieces are the 15 cells inside a tile, odd ones the cell between two tiles.
fn start_of(piece: i32) -> i32 {
    let tile = TILE as i32;
    piece.div_euclid(2) * tile + piece.rem_euclid(2) * (tile - 1)
}
