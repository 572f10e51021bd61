//! Numbers of tiles and texels.

use loop3d_optimizer::grid::{LOOPING, TexelGrid, renumber};
use loop3d_optimizer::kernels::planewise::static_starts;
use loop3d_scene::{Tile, TileTable};

/// Two planes of 2 × 3 places with ids of no meaning: E S L / L S E, and S E E / S L S.
fn table() -> TileTable {
    let mut table = TileTable::empty(2, 2, 3, [0, 0]);
    let (e, s, l) = (Tile::Empty, Tile::Static(77), Tile::Looping(77));
    table.tiles = vec![e, s, l, l, s, e, s, e, e, s, l, s];
    table
}

fn grid(side: usize) -> TexelGrid {
    let mut table = table();
    renumber(&mut table);
    TexelGrid::new(table, side)
}

#[test]
fn renumber_counts_each_kind_in_table_order() {
    let mut table = table();
    renumber(&mut table);
    let (e, s, l) = (Tile::Empty, Tile::Static, Tile::Looping);
    assert_eq!(table.tiles, [e, s(0), l(0), l(1), s(1), e, s(2), e, e, s(3), l(2), s(4)]);
}

#[test]
fn texels_are_numbered_tile_by_tile() {
    let grid = grid(4);
    assert_eq!((grid.tile_texels(), grid.static_texel_count(), grid.looping_texel_count()), (16, 80, 48));
    assert_eq!(grid.texels_per_px(), 0.25);
    // Plane 0: static tile 0 in columns 4–7, looping tile 0 in columns 8–11, of row 0.
    assert_eq!([grid.texel(0, 4, 0), grid.texel(0, 7, 0), grid.texel(0, 4, 1), grid.texel(0, 7, 3)], [0, 3, 4, 15]);
    assert_eq!([grid.texel(0, 8, 0), grid.texel(0, 11, 3)], [LOOPING, 15 | LOOPING]);
    // Below it static tile 1, left of that looping tile 1: the border between them is one texel wide.
    assert_eq!([grid.texel(0, 3, 4), grid.texel(0, 4, 4), grid.texel(0, 4, 3)], [19 | LOOPING, 16, 12]);
    // Plane 1: its last tile is static tile 4.
    assert_eq!(grid.texel(1, 11, 7), 79);
    assert_eq!(grid.first_texel(Tile::Looping(2)), Some(32 | LOOPING));
    assert_eq!(grid.first_texel(Tile::Empty), None);
}

#[test]
fn every_empty_place_is_the_transparent_texel() {
    let grid = grid(5);
    let nothing = 5 * 25;
    for (x, y) in [(0, 0), (4, 4), (14, 5), (14, 9), (-1, 6), (5, -1), (15, 0), (5, 10), (-1000, 1000)] {
        assert_eq!(grid.texel(0, x, y), nothing, "({x}, {y})");
    }
    let existing = (0..10).flat_map(|y| (0..15).map(move |x| (x, y))).filter(|(x, y)| grid.texel(0, *x, *y) != nothing);
    assert_eq!(existing.count(), 4 * 25);
}

#[test]
fn places_and_starts_follow_the_table() {
    let grid = grid(4);
    let places: Vec<_> = grid.places().map(|(plane, row, column, _)| (plane, row, column)).collect();
    let expected = [(0, 0, 1), (0, 0, 2), (0, 1, 0), (0, 1, 1), (1, 0, 0), (1, 1, 0), (1, 1, 1), (1, 1, 2)];
    assert_eq!(places, expected);
    assert_eq!(static_starts(&grid), [0, 32, 80]);
}
