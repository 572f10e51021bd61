//! A small scene and a package of it.

use fastrand::Rng;
use glam::{DAffine3, DVec2, DVec3};
use loop3d_scene::{Camera, Planes, Scene, SceneView, TILE, TILE_VALUES, Tile, TileTable};

/// Three planes of static and looping tiles before an opaque farthest one: soft shapes, some of which move.
pub fn small_scene(seed: u64, frames: usize) -> Scene {
    let mut random = Rng::with_seed(seed);
    let (planes, rows, columns) = (4, 6, 8);
    let mut tiles = TileTable::empty(planes, rows, columns, [-16, -16]);
    let (mut static_texels, mut looping_texels) = (Vec::new(), Vec::new());
    let (mut static_tiles, mut looping_tiles) = (0, 0);
    for place in 0..tiles.tiles.len() {
        let plane = place / (rows * columns);
        let farthest = plane == planes - 1;
        if !farthest && random.f64() < 0.5 {
            continue;
        }
        let (row, column) = (place / columns % rows, place % columns);
        let texel = |time: f64, i: usize| {
            let [x, y] = [(column * TILE + i % TILE) as f64, (row * TILE + i / TILE) as f64];
            let wave = |a: f64, b: f64, c: f64| 0.5 + 0.5 * (a * x + b * y + c * time + plane as f64).sin();
            let alpha = if farthest { 1.0 } else { wave(0.11, 0.07, 1.0) };
            [wave(0.05, 0.1, 1.0), wave(0.09, -0.04, 1.0), wave(0.02, 0.06, 0.0), 1.0]
                .map(|c| (65535.0 * c * alpha) as u16)
        };
        if (row + column) % 5 < 2 {
            for frame in 0..frames {
                let time = std::f64::consts::TAU * frame as f64 / frames as f64;
                looping_texels.extend((0..TILE * TILE).flat_map(|i| texel(time, i)));
            }
            tiles.tiles[place] = Tile::Looping(looping_tiles);
            looping_tiles += 1;
        } else {
            static_texels.extend((0..TILE * TILE).flat_map(|i| texel(0.0, i)));
            tiles.tiles[place] = Tile::Static(static_tiles);
            static_tiles += 1;
        }
    }
    assert_eq!(static_texels.len(), static_tiles as usize * TILE_VALUES);
    let reference = Camera {
        width: 96,
        height: 64,
        focal_px: DVec2::splat(80.0),
        center_px: DVec2::new(48.0, 32.0),
        world_from_camera: DAffine3::IDENTITY,
    };
    let views = (0..3).map(|i| SceneView {
        name: format!("{i:04}"),
        camera: Camera {
            world_from_camera: DAffine3::from_translation(DVec3::new(0.05 * f64::from(i) - 0.05, 0.02, 0.0)),
            ..reference
        },
        held_out: i == 1,
    });
    Scene {
        reference,
        planes: Planes { near: 1.0, far: 6.0, count: planes },
        tiles,
        fps: 25.0,
        frames,
        static_texels,
        looping_texels,
        views: views.collect(),
        fit: serde_json::json!({"preset": "draft"}),
    }
}
