//! Which tiles stay and which loop. The camera is the reference, so that pixels and texels are the same thing.

use crate::common::camera;
use glam::DVec3;
use loop3d_optimizer::grid::{TexelGrid, renumber};
use loop3d_optimizer::hits::{Hits, Window};
use loop3d_optimizer::static_stage::{cull::Contribution, model::StaticModel};
use loop3d_scene::{Planes, TILE, Tile, TileTable};

/// Tiles along a side of a plane.
const TILES: usize = 4;
const SIDE_PX: usize = TILES * TILE;
const OPAQUE: f32 = 9.0;
const CLEAR: f32 = -9.0;

/// Three planes full of static tiles; `alpha` gives the opacity logit of plane, x, y.
fn model(alpha: impl Fn(usize, usize, usize) -> f32) -> StaticModel {
    model_of(3, alpha)
}

fn model_of(planes: usize, alpha: impl Fn(usize, usize, usize) -> f32) -> StaticModel {
    let mut table = TileTable::empty(planes, TILES, TILES, [0, 0]);
    table.tiles.fill(Tile::Static(0));
    renumber(&mut table);
    let grid = TexelGrid::new(table, TILE);
    let mut logits = vec![[0.0; 4]; grid.static_texel_count()];
    for plane in 0..planes {
        for (x, y) in (0..SIDE_PX).flat_map(|y| (0..SIDE_PX).map(move |x| (x, y))) {
            logits[grid.texel(plane, x as i64, y as i64) as usize] = [0.5, 0.0, -0.5, alpha(plane, x, y)];
        }
    }
    StaticModel::new(grid, logits)
}

/// What stays where one view sees the model and, with `moves` telling which pixels can loop, what loops of that.
fn kept(model: &StaticModel, moves: Option<&dyn Fn(usize, usize) -> bool>) -> TileTable {
    let camera = camera(SIDE_PX as u32, SIDE_PX as u32, 60.0, DVec3::ZERO);
    let planes = Planes { near: 1.0, far: 4.0, count: model.grid.table.planes };
    let window = Window { x: 0, y: 0, width: SIDE_PX, height: SIDE_PX };
    let seen = |model: &StaticModel, mask: Option<&[bool]>| {
        let mut contribution = Contribution::new(model);
        contribution.add(model, &Hits::new(&model.grid, &camera, &planes, &camera, window), mask);
        contribution
    };
    let table = seen(model, None).kept(model);
    let Some(moves) = moves else { return table };
    let mask: Vec<bool> = (0..SIDE_PX * SIDE_PX).map(|i| moves(i % SIDE_PX, i / SIDE_PX)).collect();
    let model = model.on_tiles(table);
    seen(&model, Some(&mask)).labelled(&model)
}

/// One letter for each place of a plane.
fn letters(table: &TileTable, plane: usize) -> String {
    let letter = |tile: Tile| match tile {
        Tile::Empty => '.',
        Tile::Static(_) => 's',
        Tile::Looping(_) => 'L',
    };
    let row = |row: usize| (0..TILES).map(|c| letter(table.get(plane, row as i64, c as i64))).collect::<String>();
    (0..TILES).map(row).collect::<Vec<_>>().join(" ")
}

#[test]
fn what_an_opaque_front_hides_goes_and_the_backdrop_stays() {
    // The right half of the front is clear: there the middle plane is what is seen.
    let model = model(|plane, x, _| if plane == 0 && x >= SIDE_PX / 2 { CLEAR } else { OPAQUE });
    let table = kept(&model, None);
    assert_eq!(letters(&table, 0), "ss.. ss.. ss.. ss..");
    assert_eq!(letters(&table, 1), "..ss ..ss ..ss ..ss");
    assert_eq!(letters(&table, 2), "ssss ssss ssss ssss");
    // Numbered anew.
    assert_eq!(table.get(1, 0, 2), Tile::Static(8));
    let small = model.on_tiles(table);
    assert_eq!(small.tiles(), 32);
    let (old, new) = (model.grid.texel(1, 40, 3) as usize, small.grid.texel(1, 40, 3) as usize);
    assert!(old != new && model.shown[old] == small.shown[new]);
}

#[test]
fn exactly_the_front_tiles_under_moving_pixels_loop() {
    let model = model(|_, _, _| OPAQUE);
    // All of tile (1, 2); 8 of 256 texels of tile (0, 0), a 32nd; 7 of tile (3, 3), less than that.
    let moves = |x: usize, y: usize| {
        (x / TILE == 2 && y / TILE == 1) || (x < 8 && y == 3) || ((50..57).contains(&x) && y == 60)
    };
    let table = kept(&model, Some(&moves));
    assert_eq!(letters(&table, 0), "Lsss ssLs ssss ssss");
    assert_eq!(letters(&table, 1), ".... .... .... ....");
    // The backdrop is not seen: nothing of it moves.
    assert_eq!(letters(&table, 2), "ssss ssss ssss ssss");
    assert_eq!(table.counts(), (30, 2));
}

#[test]
fn a_seen_tile_that_motion_surrounds_loops_too() {
    // Rows of tiles: still, except all around tile (1, 1), and on three sides of tile (3, 2).
    let around = [(0, 1), (1, 0), (1, 2), (2, 1), (2, 2), (3, 1), (3, 3)];
    let moves = |x: usize, y: usize| around.contains(&(y / TILE, x / TILE));
    let table = kept(&model(|_, _, _| OPAQUE), Some(&moves));
    // Tiles (0, 0) and (2, 0), which have motion on two sides, stay as they are; (0, 2) and (2, 3) as well.
    assert_eq!(letters(&table, 0), "sLss LLLs sLLs sLLL");
    // Nothing of the backdrop is seen.
    assert_eq!(letters(&table, 2), "ssss ssss ssss ssss");
}

#[test]
fn motion_behind_a_clear_front_belongs_to_the_plane_that_shows_it() {
    let model = model(|plane, _, _| if plane == 0 { CLEAR } else { OPAQUE });
    let table = kept(&model, Some(&|x, y| x < TILE && y < TILE));
    assert_eq!(letters(&table, 0), ".... .... .... ....");
    assert_eq!(letters(&table, 1), "Lsss ssss ssss ssss");
    assert_eq!(letters(&table, 2), "ssss ssss ssss ssss");
}

#[test]
fn specks_go() {
    // Opaque texels on a clear front: 25 in tile (0, 1), less than a tenth of 256; 26 in tile (2, 3).
    let speck = |x: usize, y: usize| {
        let (i, j) = (x % TILE, y % TILE);
        match (y / TILE, x / TILE) {
            (0, 1) => (5..10).contains(&i) && (5..10).contains(&j),
            (2, 3) => (1..14).contains(&i) && (5..7).contains(&j),
            _ => false,
        }
    };
    let model = model(|plane, x, y| if plane > 0 || speck(x, y) { OPAQUE } else { CLEAR });
    let table = kept(&model, None);
    assert_eq!(letters(&table, 0), ".... .... ...s ....");
    assert_eq!(letters(&table, 1), "ssss ssss ssss ssss");
}

#[test]
fn where_light_spreads_over_many_planes_most_of_it_stays() {
    // Eleven veils of α = 0.15 before the backdrop: plane k shows 0.15 · 0.85^k and the backdrop 0.85^11 = 0.17, none of
    // them much. The backdrop and the first six make 0.79, less than 0.8; the seventh makes it 0.85.
    let veil = (0.15f32 / 0.85).ln();
    let model = model_of(12, |_, _, _| veil);
    let table = kept(&model, None);
    for plane in 0..12 {
        let expected = if plane < 7 || plane == 11 { "ssss ssss ssss ssss" } else { ".... .... .... ...." };
        assert_eq!(letters(&table, plane), expected, "plane {plane}");
    }
}

#[test]
fn the_best_view_decides() {
    // A second look that sees nothing of the model takes nothing away.
    let model = model(|plane, _, _| if plane == 0 { OPAQUE } else { CLEAR });
    let camera = camera(SIDE_PX as u32, SIDE_PX as u32, 60.0, DVec3::ZERO);
    let planes = Planes { near: 1.0, far: 4.0, count: 3 };
    let window = Window { x: 0, y: 0, width: TILE, height: SIDE_PX };
    let left = Hits::new(&model.grid, &camera, &planes, &camera, window);
    let window = Window { x: 3 * TILE, ..window };
    let right = Hits::new(&model.grid, &camera, &planes, &camera, window);
    let mut contribution = Contribution::new(&model);
    contribution.add(&model, &left, None);
    contribution.add(&model, &right, None);
    assert_eq!(letters(&contribution.kept(&model), 0), "s..s s..s s..s s..s");
}
