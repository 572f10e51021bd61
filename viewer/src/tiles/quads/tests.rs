use super::*;
use crate::testing::hard_scene;
use loop3d_scene::{Scene, TILE, TILE_VALUES, Tile};

fn texel(scene: &Scene, plane: usize, row: i32, column: i32, frame: usize) -> [u16; 4] {
    let side = TILE as i32;
    let tile = scene.tiles.get(plane, i64::from(row.div_euclid(side)), i64::from(column.div_euclid(side)));
    let inside = ((row.rem_euclid(side) * side + column.rem_euclid(side)) * 4) as usize;
    let (texels, tile) = match tile {
        Tile::Empty => return [0; 4],
        Tile::Static(i) => (&scene.static_texels, i as usize),
        Tile::Looping(i) => (&scene.looping_texels, i as usize * scene.frames + frame),
    };
    [0, 1, 2, 3].map(|c| texels[tile * TILE_VALUES + inside + c])
}

/// The whole contract of atlases and quads, texel by texel, for several scenes.
#[test]
fn each_cell_is_drawn_once_and_reads_its_four_texels_at_every_frame() {
    for (seed, max_side) in [(1, 8192), (2, 8192), (3, 4096)] {
        let scene = hard_scene(seed, 3);
        let table = &scene.tiles;
        let atlases = [TileKind::Static, TileKind::Looping].map(|kind| Atlas::pack(table, kind, max_side).unwrap());
        let quads = quads(table, &atlases[0], &atlases[1]);
        assert!(quads.is_sorted_by_key(|quad| std::cmp::Reverse(quad.plane)), "far to near");
        assert!(quads.len() < 3 * atlases.iter().map(|atlas| atlas.packing().blocks.len()).sum::<usize>());
        let side = TILE as i32;
        let (rows, columns) = (table.rows as i32 * side, table.columns as i32 * side);
        let cell =
            |plane: i32, row: i32, column: i32| ((plane * (rows + 1) + row + 1) * (columns + 1) + column + 1) as usize;
        let mut drawn = vec![0; cell(table.planes as i32, -1, -1)];
        for frame in [0, 2] {
            let texels = [0, 1].map(|kind: usize| {
                let mut texels = vec![0; atlases[kind].values()];
                // The static atlas is filled once.
                atlases[kind].fill(&scene, frame * kind, |value| value, &mut texels);
                texels
            });
            for quad in &quads {
                let [left, upper, right, lower] = quad.rectangle;
                let kind = quad.looping as usize;
                for (row, column) in (upper..lower).flat_map(|r| (left..right).map(move |c| (r, c))) {
                    drawn[cell(quad.plane, row, column)] += 1;
                    for (row, column) in [(row, column), (row, column + 1), (row + 1, column), (row + 1, column + 1)] {
                        let [x, y] = [column + quad.shift[0], row + quad.shift[1]];
                        let at = (y as usize * atlases[kind].width + x as usize) * 4;
                        let expected = texel(&scene, quad.plane as usize, row, column, frame);
                        assert_eq!(texels[kind][at..at + 4], expected, "plane {}, {row}, {column}", quad.plane);
                    }
                }
            }
        }
        for plane in 0..table.planes as i32 {
            for (row, column) in (-1..rows).flat_map(|r| (-1..columns).map(move |c| (r, c))) {
                let near = [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(lower, right)| {
                    let place = |texel: i32| i64::from(texel.div_euclid(side));
                    table.get(plane as usize, place(row + lower), place(column + right))
                });
                // A piece is drawn as a whole, so nothing is drawn where nothing is read.
                let expected = if near.iter().any(|&tile| tile != Tile::Empty) { 2 } else { 0 };
                assert_eq!(drawn[cell(plane, row, column)], expected, "plane {plane}, {row}, {column}");
            }
        }
    }
}

#[test]
fn a_lone_tile_is_one_rectangle_and_a_full_row_is_one_too() {
    let mut table = TileTable::empty(1, 3, 5, [0, 0]);
    table.tiles[6] = Tile::Static(0);
    let pack = |table: &TileTable, kind| Atlas::pack(table, kind, 2048).unwrap();
    let list = |table: &TileTable| quads(table, &pack(table, TileKind::Static), &pack(table, TileKind::Looping));
    assert_eq!(list(&table), [Quad { rectangle: [15, 15, 32, 32], shift: [-15, -15], looping: 0, plane: 0 }]);
    (0..5).for_each(|i| table.tiles[5 + i] = Tile::Static(i as u32));
    assert_eq!(list(&table).len(), 1);
    assert_eq!(list(&table)[0].rectangle, [-1, 15, 80, 32]);
    assert_eq!(list(&TileTable::empty(2, 3, 5, [0, 0])), []);
}
