//! Blocks as bytes: eight `u16`, little-endian, for each block.
//!
//! Page; column and row of its first texel on the page; plane; first row, first column, number of rows, number of columns in the tile
//! table.

use crate::PackageError;
use crate::error::{check, damaged};
use loop3d_scene::{TILE, Tile, TileBlock, TileKind, TileTable};

/// Bytes of a block.
pub const BLOCK_BYTES: usize = 16;

/// The blocks as bytes.
///
/// # Errors
/// A number of a block does not fit in 16 bits.
pub fn layout_bytes(blocks: &[TileBlock]) -> Result<Vec<u8>, PackageError> {
    let mut bytes = Vec::with_capacity(blocks.len() * BLOCK_BYTES);
    for block in blocks {
        let TileBlock { plane, rows, columns, page, at } = block;
        for value in [*page, at[0], at[1], *plane, rows.start, columns.start, rows.len(), columns.len()] {
            let value = u16::try_from(value).map_err(|_| damaged("layout", value, "at most 65535"))?;
            bytes.extend(value.to_le_bytes());
        }
    }
    Ok(bytes)
}

/// Reads blocks. Each must lie in its page with its halo, in the table, and on places of the table that were empty. The places get
/// tiles of `kind`, which [`number`] numbers later.
pub(crate) fn read(
    bytes: &[u8],
    kind: TileKind,
    halo: usize,
    pages: &[[u32; 2]],
    table: &mut TileTable,
) -> Result<Vec<TileBlock>, PackageError> {
    let place = |index: usize| format!("layout of {} tiles, block {index}", kind.name());
    let (blocks, rest) = bytes.as_chunks::<BLOCK_BYTES>();
    check(rest.is_empty(), format!("layout of {} tiles", kind.name()), bytes.len(), "a multiple of 16 bytes")?;
    let read_block = |(index, bytes): (usize, &[u8; BLOCK_BYTES])| {
        let value = |i: usize| usize::from(u16::from_le_bytes([bytes[2 * i], bytes[2 * i + 1]]));
        let [page, x, y, plane, row, column, rows, columns] = [0, 1, 2, 3, 4, 5, 6, 7].map(value);
        let [width, height] = pages.get(page).map_or([0; 2], |page| page.map(|side| side as usize));
        let inside = |at: usize, tiles: usize, side: usize| at >= halo && at + tiles * TILE + halo <= side;
        let fits = rows >= 1 && columns >= 1 && inside(x, columns, width) && inside(y, rows, height);
        check(
            fits,
            place(index),
            format!("{columns}×{rows} tiles at ({x}, {y})"),
            format!("tiles with a halo of {halo} inside page {page} of {} pages, {width}×{height}", pages.len()),
        )?;
        let fits = plane < table.planes && row + rows <= table.rows && column + columns <= table.columns;
        check(
            fits,
            place(index),
            format!("{columns}×{rows} tiles from plane {plane}, row {row}, column {column}"),
            format!("tiles inside {} planes of {}×{}", table.planes, table.columns, table.rows),
        )?;
        for row in row..row + rows {
            for column in column..column + columns {
                let at = table.index(plane, row, column);
                let found = std::mem::replace(&mut table.tiles[at], tile(kind, 0));
                let empty = found == Tile::Empty;
                check(
                    empty,
                    place(index),
                    format!("plane {plane}, row {row}, column {column} again"),
                    "each place once",
                )?;
            }
        }
        Ok(TileBlock { plane, rows: row..row + rows, columns: column..column + columns, page, at: [x, y] })
    };
    let blocks: Vec<TileBlock> = blocks.iter().enumerate().map(read_block).collect::<Result<_, PackageError>>()?;
    // So a scene has at most as many texels as its pages, whose number has been checked.
    let room: u64 = pages.iter().map(|&[width, height]| u64::from(width) * u64::from(height)).sum();
    let texels = (blocks.iter().map(TileBlock::tiles).sum::<usize>() * TILE * TILE) as u64;
    let fits = texels <= room;
    check(fits, format!("layout of {} tiles", kind.name()), format!("{texels} texels"), format!("at most {room}"))?;
    Ok(blocks)
}

/// Numbers the tiles of each kind in the order of the table.
pub(crate) fn number(table: &mut TileTable) {
    let mut next = [0, 0];
    for place in &mut table.tiles {
        if let Some(kind) = TileKind::of(*place) {
            *place = tile(kind, next[kind as usize]);
            next[kind as usize] += 1;
        }
    }
}

fn tile(kind: TileKind, index: u32) -> Tile {
    match kind {
        TileKind::Static => Tile::Static(index),
        TileKind::Looping => Tile::Looping(index),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(plane: usize, row: usize, at: [usize; 2]) -> TileBlock {
        TileBlock { plane, rows: row..row + 1, columns: 0..2, page: 0, at }
    }

    /// Reads blocks with a halo over a table of 2 planes of 2×3 tiles, on one page of 40×48 texels.
    fn read_blocks(blocks: &[TileBlock]) -> Result<Vec<TileBlock>, String> {
        let mut table = TileTable::empty(2, 2, 3, [0, 0]);
        read(&layout_bytes(blocks).unwrap(), TileKind::Static, 1, &[[40, 48]], &mut table).map_err(|e| e.to_string())
    }

    #[test]
    fn blocks_come_back_and_bad_places_are_named() {
        let good = [block(1, 0, [3, 1]), block(0, 1, [1, 20])];
        assert_eq!(read_blocks(&good).unwrap(), good);
        for (bad, said) in [
            (
                block(0, 0, [8, 1]),
                "block 1: found 2×1 tiles at (8, 1), expected tiles with a halo of 1 inside page 0 of 1 pages, 40×48",
            ),
            (TileBlock { page: 1, ..block(0, 0, [1, 1]) }, "page 1 of 1 pages"),
            (
                block(2, 0, [1, 1]),
                "found 2×1 tiles from plane 2, row 0, column 0, expected tiles inside 2 planes of 3×2",
            ),
            (block(0, 2, [1, 1]), "row 2"),
            (TileBlock { rows: 1..1, ..block(0, 1, [1, 1]) }, "found 2×0 tiles"),
            (block(1, 0, [1, 1]), "found plane 1, row 0, column 0 again, expected each place once"),
        ] {
            let error = read_blocks(&[good[0].clone(), bad]).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
        let many = [block(0, 0, [1, 1]), block(0, 1, [1, 1]), block(1, 0, [1, 1]), block(1, 1, [1, 1])];
        assert!(read_blocks(&many).unwrap_err().contains("found 2048 texels, expected at most 1920"));
    }

    #[test]
    fn tiles_are_numbered_in_the_order_of_the_table() {
        let mut table = TileTable::empty(1, 1, 4, [0, 0]);
        table.tiles = vec![Tile::Looping(0), Tile::Static(0), Tile::Empty, Tile::Looping(0)];
        number(&mut table);
        assert_eq!(table.tiles, [Tile::Looping(0), Tile::Static(0), Tile::Empty, Tile::Looping(1)]);
    }
}
