use super::*;
use crate::testing::hard_scene;

#[test]
fn every_tile_has_one_place_and_runs_do_not_overlap() {
    let scene = hard_scene(1, 3);
    let (still, looping) = scene.tiles.counts();
    for (kind, count) in [(Kind::Static, still), (Kind::Looping, looping)] {
        for max_side in [256, 8192] {
            let atlas = Atlas::pack(&scene.tiles, kind, max_side).unwrap();
            assert!(atlas.width <= max_side as usize && atlas.height <= max_side as usize);
            assert_eq!(atlas.runs.iter().map(|run| run.columns.len()).sum::<usize>(), count);
            let mut taken = vec![false; atlas.width * atlas.height];
            for run in &atlas.runs {
                for column in run.columns.clone() {
                    assert_eq!(Kind::of(scene.tiles.get(run.plane, run.row as i64, column as i64)), Some(kind));
                }
                for y in run.at[1]..run.at[1] + RUN_HEIGHT {
                    for x in run.at[0]..run.at[0] + run.columns.len() * TILE + 2 * HALO {
                        assert!(x < atlas.width && !std::mem::replace(&mut taken[y * atlas.width + x], true));
                    }
                }
            }
        }
    }
}

#[test]
fn a_full_plane_is_packed_in_lines_as_long_as_the_texture() {
    let mut table = TileTable::empty(1, 4, 200, [0, 0]);
    table.tiles.iter_mut().enumerate().for_each(|(i, tile)| *tile = Tile::Static(i as u32));
    let atlas = Atlas::pack(&table, Kind::Static, 2048).unwrap();
    // 31 tiles and a halo are 498 of 512 texels, and 800 tiles 26 lines of 18.
    assert_eq!((atlas.width, atlas.height), (512, 26 * 18));
    assert_eq!(atlas.runs[0], Run { plane: 0, row: 0, columns: 0..31, at: [0, 0] });
    assert_eq!(Atlas::pack(&table, Kind::Looping, 2048).unwrap().runs, []);
}

#[test]
fn too_many_tiles_name_the_limit() {
    let scene = hard_scene(1, 3);
    let (still, _) = scene.tiles.counts();
    let error = Atlas::pack(&scene.tiles, Kind::Static, 128).unwrap_err();
    assert_eq!(error, RenderError::AtlasTooLarge { kind: "static", tiles: still, limit: 128 });
    assert!(error.to_string().contains("128×128"), "{error}");
    assert!(Atlas::pack(&scene.tiles, Kind::Static, 8).is_err());
}

#[test]
fn sixteen_bits_become_the_nearest_eight() {
    for value in 0..=u16::MAX {
        assert_eq!(to_u8(value), (255.0 * f64::from(value) / 65535.0).round() as u8);
    }
}
