//! Scenes and cameras that are hard to draw.

use fastrand::Rng;
use glam::{DAffine3, DMat3, DQuat, DVec2, DVec3, EulerRot};
use loop3d_scene::{Camera, Planes, Scene, SceneView, TILE_VALUES, Tile, TileTable};

/// Four planes of tiles at random: neighbours of both kinds, single tiles, gaps; texels of noise, opaque, half transparent or
/// nearly transparent. Every frame of the loop is other noise.
pub fn hard_scene(seed: u64, frames: usize) -> Scene {
    let mut random = Rng::with_seed(seed);
    let (width, height) = (160, 96);
    let (planes, rows, columns) = (4, 8, 12);
    let mut tiles = TileTable::empty(planes, rows, columns, [-16, -16]);
    let (mut static_tiles, mut looping_tiles) = (0, 0);
    for place in 0..tiles.tiles.len() {
        // Sparse in front, so that there are single tiles and the back shows.
        let plane = place / (rows * columns);
        tiles.tiles[place] = if random.f64() < [0.85, 0.6, 0.4, 0.1][plane] {
            Tile::Empty
        } else if random.bool() {
            static_tiles += 1;
            Tile::Static(static_tiles - 1)
        } else {
            looping_tiles += 1;
            Tile::Looping(looping_tiles - 1)
        };
    }
    let mut texels = |count: usize| {
        let mut texels = Vec::with_capacity(count * TILE_VALUES);
        for _ in 0..count {
            let cover = random.choice([0.02, 0.5, 1.0, 1.0]).unwrap_or(1.0);
            for _ in 0..TILE_VALUES / 4 {
                let alpha = if cover < 1.0 { cover * random.f64() } else { 1.0 };
                texels.extend([random.f64(), random.f64(), random.f64(), 1.0].map(|c| (65535.0 * alpha * c) as u16));
            }
        }
        texels
    };
    let (static_texels, looping_texels) = (texels(static_tiles as usize), texels(looping_tiles as usize * frames));
    let reference = Camera {
        width,
        height,
        focal_px: DVec2::splat(f64::from(width) * 0.9),
        center_px: DVec2::new(f64::from(width), f64::from(height)) / 2.0,
        world_from_camera: DAffine3::from_mat3_translation(
            DMat3::from_quat(DQuat::from_rotation_y(0.3)),
            DVec3::new(0.4, -0.1, 0.2),
        ),
    };
    let mut scene = Scene {
        reference,
        planes: Planes { near: 1.0, far: 8.0, count: planes },
        tiles,
        fps: 25.0,
        frames,
        static_texels,
        looping_texels,
        views: Vec::new(),
        fit: serde_json::Value::Null,
    };
    let views = cameras(&scene, seed + 1).into_iter().take(3).enumerate();
    scene.views =
        views.map(|(i, camera)| SceneView { name: format!("{i:04}"), camera, held_out: false }).collect::<Vec<_>>();
    scene
}

/// Ten cameras: the reference, and around it moved, turned, zoomed, with other sizes, and between the planes.
pub fn cameras(scene: &Scene, seed: u64) -> Vec<Camera> {
    let mut random = Rng::with_seed(seed);
    let sizes = [(160, 96), (161, 97), (320, 180), (64, 36), (96, 160)];
    let mut near = |index: usize| {
        let mut signed = |most: f64| most * (2.0 * random.f64() - 1.0);
        let mut shift = DVec3::new(signed(0.2), signed(0.15), signed(0.2));
        if index == 9 {
            shift.z = 1.4; // before the second plane
        }
        let turn = DQuat::from_euler(EulerRot::XYZ, signed(0.1), signed(0.15), signed(0.3));
        let (width, height) = sizes[index % sizes.len()];
        let zoom = 1.0 + signed(0.3);
        let camera = scene.reference.covering(width, height);
        let pose = DAffine3::from_mat3_translation(DMat3::from_quat(turn), shift);
        Camera {
            world_from_camera: camera.world_from_camera * pose,
            focal_px: camera.focal_px * DVec2::new(zoom, zoom * 1.01),
            ..camera
        }
    };
    std::iter::once(scene.reference).chain((1..10).map(&mut near)).collect()
}
