//! What the tests of several modules share: a small generator, cameras, scenes.

use crate::{Camera, Planes, Scene, SceneView, TILE_VALUES, Tile, TileTable};
use glam::{DAffine3, DMat3, DQuat, DVec2, DVec3, EulerRot};

/// SplitMix64: enough randomness for test inputs, the same on every machine.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// One premultiplied texel.
    pub(crate) fn texel(&mut self) -> [u16; 4] {
        let alpha = self.below(65536) as f64;
        let mut channel = || (self.between(0.0, 1.0) * alpha) as u16;
        [channel(), channel(), channel(), alpha as u16]
    }
}

pub(crate) fn reference(width: u32, height: u32) -> Camera {
    Camera {
        width,
        height,
        focal_px: DVec2::splat(f64::from(width) * 0.9),
        center_px: DVec2::new(f64::from(width), f64::from(height)) / 2.0,
        world_from_camera: DAffine3::IDENTITY,
    }
}

/// A camera moved by up to `shift` per axis and turned by up to `turn` radians per axis, of a slightly other focal length.
pub(crate) fn camera_near(random: &mut Random, camera: &Camera, shift: f64, turn: f64) -> Camera {
    let mut signed = |m: f64| random.between(-m, m);
    let t = DVec3::new(signed(shift), signed(shift), signed(shift));
    let r = DQuat::from_euler(EulerRot::XYZ, signed(turn), signed(turn), signed(turn));
    let focal_px = camera.focal_px * (1.0 + signed(0.1));
    Camera {
        world_from_camera: camera.world_from_camera * DAffine3::from_mat3_translation(DMat3::from_quat(r), t),
        focal_px,
        ..*camera
    }
}

/// A valid scene of `planes` planes at depths 1 to 10 whose tiles are empty, static or looping at random.
pub(crate) fn random_scene(seed: u64, planes: usize, frames: usize, width: u32, height: u32) -> Scene {
    let mut random = Random::new(seed);
    let margin = 16;
    let [columns, rows] = [width, height].map(|n| (n as usize + 2 * margin).div_ceil(16));
    let mut tiles = TileTable::empty(planes, rows, columns, [-(margin as i32), -(margin as i32)]);
    let (mut static_tiles, mut looping_tiles) = (0, 0);
    for tile in &mut tiles.tiles {
        *tile = match random.below(3) {
            0 => Tile::Empty,
            1 => {
                static_tiles += 1;
                Tile::Static(static_tiles - 1)
            }
            _ => {
                looping_tiles += 1;
                Tile::Looping(looping_tiles - 1)
            }
        };
    }
    let reference = reference(width, height);
    let mut texels = |n: usize| (0..n * TILE_VALUES / 4).flat_map(|_| random.texel()).collect::<Vec<u16>>();
    let (static_texels, looping_texels) = (texels(static_tiles as usize), texels(looping_tiles as usize * frames));
    let views = (0..3).map(|i| SceneView {
        name: format!("{i:04}"),
        camera: camera_near(&mut random, &reference, 0.1, 0.05),
        held_out: i == 1,
    });
    Scene {
        reference,
        planes: Planes { near: 1.0, far: 10.0, count: planes },
        tiles,
        fps: 25.0,
        frames,
        static_texels,
        looping_texels,
        views: views.collect(),
        fit: serde_json::json!({"preset": "draft", "seed": 1, "rate": 0.1}),
    }
}
