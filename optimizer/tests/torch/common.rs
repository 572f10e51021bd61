//! Small random scenes, and an obvious renderer in f64 for finite differences.

use fastrand::Rng;
use glam::{DAffine3, DQuat, DVec2, DVec3};
use loop3d_optimizer::grid::{LOOPING, TexelGrid, renumber};
use loop3d_optimizer::hits::{Hits, Window};
use loop3d_optimizer::kernels::texel::{UNIT, unorm};
use loop3d_scene::{Camera, Planes, Tile, TileTable};

pub type Rgba = [f32; 4];

/// Texels along a side of a tile: half size, so that rows of tiles have borders every eight texels.
pub const SIDE: usize = 8;
const PLANES: usize = 4;

/// A grid and two cameras that look at it.
pub struct Setup {
    pub grid: TexelGrid,
    pub reference: Camera,
    pub planes: Planes,
    pub rng: Rng,
}

fn camera(x: f64, y: f64, turn: f64) -> Camera {
    Camera {
        width: 34,
        height: 26,
        focal_px: DVec2::new(30.0, 31.0),
        center_px: DVec2::new(17.0, 13.0),
        world_from_camera: DAffine3::from_rotation_translation(DQuat::from_rotation_y(turn), DVec3::new(x, y, 0.05)),
    }
}

impl Setup {
    /// Four planes of 4 × 5 places; a third of the places before the last plane is empty. `looping`: whether some tiles loop.
    pub fn new(seed: u64, looping: bool) -> Self {
        let mut rng = Rng::with_seed(seed);
        let mut table = TileTable::empty(PLANES, 4, 5, [-5, -4]);
        for plane in 0..PLANES {
            for place in 0..20 {
                table.tiles[plane * 20 + place] = match rng.u32(0..3) {
                    0 if plane + 1 < PLANES => Tile::Empty,
                    1 if looping => Tile::Looping(0),
                    _ => Tile::Static(0),
                };
            }
        }
        renumber(&mut table);
        let reference = camera(0.0, 0.0, 0.0).resized(68, 52);
        let reference = Camera { world_from_camera: DAffine3::IDENTITY, ..reference };
        let planes = Planes { near: 1.0, far: 4.0, count: PLANES };
        Self { grid: TexelGrid::new(table, SIDE), reference, planes, rng }
    }

    /// What view 0 or 1 sees: both look past the planes' edges, and at different parts of them.
    pub fn hits(&self, view: usize) -> Hits {
        let (camera, window) = [
            (camera(-0.11, 0.04, 0.02), Window { x: 0, y: 0, width: 20, height: 17 }),
            (camera(0.13, -0.07, -0.05), Window { x: 9, y: 6, width: 25, height: 20 }),
        ][view];
        Hits::new(&self.grid, &self.reference, &self.planes, &camera, window)
    }

    /// Straight colours and opacities of 0.05–0.75 (no ray ends early: 0.25³ of the light reaches the last plane), premultiplied.
    pub fn texels(&mut self, count: usize) -> Vec<Rgba> {
        (0..count)
            .map(|_| {
                let a = 0.05 + 0.7 * self.rng.f32();
                let texel = [self.rng.f32() * a, self.rng.f32() * a, self.rng.f32() * a, a];
                // What 16 bits hold exactly.
                texel.map(|v| f32::from(unorm(v)) * UNIT)
            })
            .collect()
    }

    pub fn picture(&mut self, pixels: usize) -> Vec<[f32; 3]> {
        (0..pixels).map(|_| std::array::from_fn(|_| 0.1 + 0.8 * self.rng.f32())).collect()
    }
}

/// Premultiplied *over* in f64, hit by hit: colour of each pixel, and the opacities of its samples.
pub fn render(hits: &Hits, texel: &dyn Fn(u32) -> [f64; 4]) -> Vec<([f64; 3], Vec<f64>)> {
    (0..hits.pixels())
        .map(|pixel| {
            let (mut colour, mut left, mut alphas) = ([0.0; 3], 1.0, Vec::new());
            for hit in &hits.hits[hits.of(pixel)] {
                let [x, y] = hit.fraction.map(f64::from);
                let weights = [(1.0 - x) * (1.0 - y), x * (1.0 - y), (1.0 - x) * y, x * y];
                let mut s = [0.0; 4];
                for (tap, w) in hit.taps.into_iter().zip(weights) {
                    let texel = texel(tap);
                    (0..4).for_each(|c| s[c] += w * texel[c]);
                }
                (0..3).for_each(|c| colour[c] += left * s[c]);
                left *= 1.0 - s[3];
                alphas.push(s[3]);
            }
            (colour, alphas)
        })
        .collect()
}

/// Σ of bilinear weights of a texel over a window.
pub fn coverage(hits: &Hits, id: u32) -> f64 {
    let of_hit = |hit: &loop3d_optimizer::hits::Hit| -> f32 {
        hit.taps.iter().zip(hit.weights()).filter(|(tap, _)| **tap == id).map(|(_, w)| w).sum()
    };
    hits.hits.iter().map(of_hit).map(f64::from).sum()
}

/// Ids of a texel's neighbours on its plane, by plane coordinates; a looping one has the transparent texel where there is no tile.
pub fn neighbours(grid: &TexelGrid, id: u32) -> Vec<u32> {
    let nothing = grid.static_texel_count() as u32;
    let size = |tiles: usize| (tiles * grid.side) as i64;
    for plane in 0..grid.table.planes {
        for y in 0..size(grid.table.rows) {
            for x in 0..size(grid.table.columns) {
                if grid.texel(plane, x, y) == id {
                    let around = [(-1, 0), (1, 0), (0, -1), (0, 1)].map(|(dx, dy)| grid.texel(plane, x + dx, y + dy));
                    return around.into_iter().filter(|n| *n != nothing || id & LOOPING != 0).collect();
                }
            }
        }
    }
    panic!("no texel {id}")
}

/// Ids of texels that a window sees, at tile borders and elsewhere: every `step`-th tap.
pub fn seen(grid: &TexelGrid, hits: &Hits, step: usize) -> Vec<u32> {
    let nothing = grid.static_texel_count() as u32;
    let taps = hits.hits.iter().enumerate().map(|(i, hit)| hit.taps[i % 4]);
    let mut ids: Vec<u32> = taps.filter(|t| *t != nothing).step_by(step).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// Greatest difference of two lists, and the greatest value of the first.
pub fn difference(a: &[Rgba], b: &[Rgba]) -> (f32, f32) {
    assert_eq!(a.len(), b.len());
    let pairs = a.as_flattened().iter().zip(b.as_flattened());
    pairs.fold((0.0, 0.0), |(d, m), (a, b)| (f32::max(d, (a - b).abs()), f32::max(m, a.abs())))
}

/// Share of values that differ by more than `tolerance`.
pub fn share_beyond(a: &[Rgba], b: &[Rgba], tolerance: f32) -> f64 {
    assert_eq!(a.len(), b.len());
    let pairs = a.as_flattened().iter().zip(b.as_flattened());
    pairs.filter(|(a, b)| (**a - **b).abs() > tolerance).count() as f64 / (4 * a.len()).max(1) as f64
}

/// A window must have what the tests are about.
pub fn assert_interesting(grid: &TexelGrid, hits: &Hits) {
    let deep = (0..hits.pixels()).filter(|p| hits.of(*p).len() >= 3).count();
    assert!(deep > hits.pixels() / 10, "{deep} pixels with three hits");
    let tile = |tap: u32| (tap & LOOPING, (tap & !LOOPING) / grid.tile_texels() as u32);
    let across = hits.hits.iter().filter(|h| h.taps.iter().any(|t| tile(*t) != tile(h.taps[0]))).count();
    assert!(across > 20, "{across} hits across tile borders");
}
