//! A made-up scene for what needs no real one: Criterion, and tests.

use fastrand::Rng;
use glam::{DAffine3, DVec2};
use loop3d_optimizer::grid::renumber;
use loop3d_scene::{Camera, Planes, Scene, SceneView, TILE, TILE_VALUES, Tile, TileTable};

const PLANES: usize = 8;

/// A scene of `width × height` pixels and `frames` frames: eight planes, a third of the places before the last one taken by
/// half-transparent tiles, half of these looping. One view, from the middle.
pub fn scene(width: u32, height: u32, frames: usize) -> Scene {
    let mut rng = Rng::with_seed(1);
    let tiles = |pixels: u32| (pixels as usize).div_ceil(TILE);
    let mut table = TileTable::empty(PLANES, tiles(height), tiles(width), [0, 0]);
    let places = table.rows * table.columns;
    for (place, tile) in table.tiles.iter_mut().enumerate() {
        let taken = place >= (PLANES - 1) * places || rng.u32(0..3) == 0;
        *tile = match taken {
            true if rng.bool() => Tile::Looping(0),
            true => Tile::Static(0),
            false => Tile::Empty,
        };
    }
    renumber(&mut table);
    let (static_tiles, looping_tiles) = table.counts();
    let mut texels = |tiles: usize| -> Vec<u16> {
        // Premultiplied: no colour above the opacity.
        (0..tiles * TILE * TILE).flat_map(|_| [rng.u16(..32768), rng.u16(..32768), rng.u16(..32768), 32768]).collect()
    };
    let camera = Camera {
        width,
        height,
        focal_px: DVec2::splat(f64::from(width)),
        center_px: DVec2::new(f64::from(width), f64::from(height)) / 2.0,
        world_from_camera: DAffine3::IDENTITY,
    };
    debug_assert_eq!(TILE_VALUES, TILE * TILE * 4);
    Scene {
        reference: camera,
        planes: Planes { near: 1.0, far: 10.0, count: PLANES },
        static_texels: texels(static_tiles),
        looping_texels: texels(looping_tiles * frames),
        tiles: table,
        fps: 25.0,
        frames,
        views: vec![SceneView { name: "0".into(), camera, held_out: false }],
        fit: serde_json::Value::Null,
    }
}
