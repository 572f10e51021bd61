use super::*;
use crate::testing::random_scene;

const RULES: [PageRules; 3] = [
    PageRules { halo: 1, align: 1, limit: [8192, 8192] },
    PageRules { halo: 1, align: 16, limit: [256, 128] },
    PageRules { halo: 0, align: 16, limit: [256, 96] },
];

#[test]
fn every_tile_has_one_place_and_blocks_with_their_halos_do_not_overlap() {
    let scene = random_scene(1, 5, 2, 200, 120);
    let (static_tiles, looping_tiles) = scene.tiles.counts();
    for (kind, count) in [(TileKind::Static, static_tiles), (TileKind::Looping, looping_tiles)] {
        for rules in RULES {
            let packing = Packing::new(&scene.tiles, kind, &rules).unwrap();
            assert_eq!(packing.blocks.iter().map(TileBlock::tiles).sum::<usize>(), count);
            assert!(packing.pages.len() == 1 || rules.limit[0] < 8192);
            let mut taken: Vec<_> = packing.pages.iter().map(|[w, h]| vec![false; w * h]).collect();
            for [width, height] in &packing.pages {
                assert!(*width <= rules.limit[0] && *height <= rules.limit[1]);
                assert!(width % rules.align == 0 && height % rules.align == 0);
            }
            let mut tiles = vec![false; scene.tiles.tiles.len()];
            for block in &packing.blocks {
                for (row, column) in block.rows.clone().flat_map(|r| block.columns.clone().map(move |c| (r, c))) {
                    let index = scene.tiles.index(block.plane, row, column);
                    assert_eq!(TileKind::of(scene.tiles.tiles[index]), Some(kind));
                    assert!(!std::mem::replace(&mut tiles[index], true));
                }
                let [width, height] = block_size(block, rules.halo);
                let [x, y] = block.at.map(|at| at - rules.halo);
                for (y, x) in (y..y + height).flat_map(|y| (x..x + width).map(move |x| (y, x))) {
                    assert!(x < packing.pages[block.page][0]);
                    assert!(!std::mem::replace(&mut taken[block.page][y * packing.pages[block.page][0] + x], true));
                }
            }
        }
    }
}

/// The plane's own texel wherever a block or its halo lies.
#[test]
fn pages_repeat_the_plane_with_its_neighbours_of_both_kinds() {
    let scene = random_scene(2, 3, 3, 100, 60);
    for (kind, frame) in [(TileKind::Static, 0), (TileKind::Looping, 0), (TileKind::Looping, 2)] {
        for rules in RULES {
            let packing = Packing::new(&scene.tiles, kind, &rules).unwrap();
            let mut pages: Vec<_> = packing.pages.iter().map(|[w, h]| vec![0; w * h * 4]).collect();
            for (page, texels) in pages.iter_mut().enumerate() {
                packing.fill(page, &scene, frame, |value| value, texels);
            }
            let halo = rules.halo as i32;
            for block in &packing.blocks {
                let [dx, dy] = block.shift();
                let reach = |tiles: &Range<usize>| (tiles.start * TILE) as i32 - halo..(tiles.end * TILE) as i32 + halo;
                for (row, column) in reach(&block.rows).flat_map(|r| reach(&block.columns).map(move |c| (r, c))) {
                    let (tile, texel) = scene.tiles.texel(block.plane, column.into(), row.into());
                    let expected =
                        scene.tile_texels(tile, frame).map_or([0; 4], |t| [0, 1, 2, 3].map(|c| t[4 * texel + c]));
                    let at = ((row + dy) as usize * packing.pages[block.page][0] + (column + dx) as usize) * 4;
                    assert_eq!(pages[block.page][at..at + 4], expected);
                }
            }
        }
    }
}

#[test]
fn a_full_plane_is_one_block_unless_a_page_is_smaller() {
    let mut table = TileTable::empty(1, 4, 200, [0, 0]);
    table.tiles.iter_mut().enumerate().for_each(|(i, tile)| *tile = Tile::Static(i as u32));
    let rules = |limit| PageRules { halo: 1, align: 1, limit };
    let packing = Packing::new(&table, TileKind::Static, &rules([4096, 4096])).unwrap();
    assert_eq!(packing.pages, [[200 * 16 + 2, 4 * 16 + 2]]);
    assert_eq!(packing.blocks, [TileBlock { plane: 0, rows: 0..4, columns: 0..200, page: 0, at: [1, 1] }]);
    // 127 tiles and a halo are 2034 of 2048 texels.
    let packing = Packing::new(&table, TileKind::Static, &rules([2048, 2048])).unwrap();
    assert_eq!(packing.blocks.iter().map(|b| b.columns.clone()).collect::<Vec<_>>(), [0..127, 127..200]);
    assert_eq!(packing.pages, [[2034, 132]]);
    let none = Packing::new(&table, TileKind::Looping, &rules([2048, 2048])).unwrap();
    assert_eq!((none.pages.len(), none.blocks.len()), (0, 0));
    let error = Packing::new(&table, TileKind::Static, &rules([2048, 17])).unwrap_err();
    assert_eq!(error.to_string(), "pages of at most 2048×17 texels cannot hold a tile of 18×18");
}

#[test]
fn little_of_a_page_is_wasted() {
    let scene = random_scene(3, 20, 1, 400, 300);
    let packing = Packing::new(&scene.tiles, TileKind::Static, &RULES[0]).unwrap();
    let [width, height] = packing.pages[0];
    let used: usize = packing.blocks.iter().map(|block| block_size(block, 1)).map(|[w, h]| w * h).sum();
    assert!(used * 100 >= 95 * width * height, "{used} of {width}×{height}");
}
