//! The exact CPU compositor: the oracle of every faster renderer.
//!
//! Premultiplied texels are filtered bilinearly through the tile table and composited near to far with *over*:
//! `out += T·s; T *= 1 − s.a`, until the transmittance `T` falls below [`OPAQUE_BELOW`]. Each block of 16×16 pixels first lists the
//! planes that have a tile under it, so that its pixels skip most of the empty places.

use crate::sample::Corner;
use crate::{Camera, Moment, PlaneProjector, Scene, TILE, TILE_VALUES, Tile};
use glam::Vec4;

/// Compositing stops at a transmittance below this. What lies behind could change a channel by at most 1/4096, a
/// sixteenth of a step of 8 bits.
pub const OPAQUE_BELOW: f32 = 1.0 / 4096.0;

/// Side of the blocks of pixels that share a list of planes.
const BLOCK: usize = 16;

/// A rendered image: premultiplied RGBA, `[height, width, 4]`, 1.0 = full.
#[derive(Clone, Debug, PartialEq)]
pub struct RenderedImage {
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// `height · width · 4` values.
    pub rgba: Vec<f32>,
}

impl RenderedImage {
    /// `[height, width, 3]` bytes over black: `round(255·v)`.
    pub fn to_rgb8(&self) -> Vec<u8> {
        // `as u8` saturates, so values outside [0, 1] are clamped.
        self.rgba.chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]]).map(|v| (255.0 * v + 0.5) as u8).collect()
    }
}

/// The image that `camera` sees at `time`, in frames of the loop. The loop goes round: frame T is frame 0, and a
/// time between two frames blends them linearly, the last with the first at the seam.
///
/// # Panics
/// The scene is not valid ([`Scene::validate`]): the table names texels that are missing.
pub fn render(scene: &Scene, camera: &Camera, time: f64) -> RenderedImage {
    let (width, height) = (camera.width as usize, camera.height as usize);
    let compositor = Compositor {
        scene,
        projector: PlaneProjector::new(&scene.reference, &scene.planes, camera),
        moment: Moment::of(time, scene.frames),
    };
    let mut rgba = vec![0.0; width * height * 4];
    if width > 0 {
        each_strip(&mut rgba, BLOCK * width * 4, |index, strip| compositor.composite(index * BLOCK, width, strip));
    }
    RenderedImage { width, height, rgba }
}

#[cfg(feature = "parallel")]
fn each_strip(values: &mut [f32], length: usize, composite: impl Fn(usize, &mut [f32]) + Sync) {
    use rayon::prelude::*;
    values.par_chunks_mut(length).enumerate().for_each(|(index, strip)| composite(index, strip));
}

#[cfg(not(feature = "parallel"))]
fn each_strip(values: &mut [f32], length: usize, composite: impl Fn(usize, &mut [f32])) {
    values.chunks_mut(length).enumerate().for_each(|(index, strip)| composite(index, strip));
}

struct Compositor<'a> {
    scene: &'a Scene,
    projector: PlaneProjector,
    moment: Moment,
}

impl Compositor<'_> {
    /// Composites the rows of `strip`, the first of which is row `top`.
    fn composite(&self, top: usize, width: usize, strip: &mut [f32]) {
        let rows = strip.len() / (4 * width);
        let mut planes = Vec::with_capacity(self.projector.planes().len());
        for left in (0..width).step_by(BLOCK) {
            let columns = BLOCK.min(width - left);
            self.planes_under(left, top, columns, rows, &mut planes);
            if planes.is_empty() {
                continue;
            }
            for row in 0..rows {
                for column in left..left + columns {
                    let pixel = self.pixel(column as f64 + 0.5, (top + row) as f64 + 0.5, &planes);
                    let at = (row * width + column) * 4;
                    strip[at..at + 4].copy_from_slice(&pixel.to_array());
                }
            }
        }
    }

    /// Lists the planes that have a tile under a block of pixels.
    fn planes_under(&self, left: usize, top: usize, columns: usize, rows: usize, planes: &mut Vec<usize>) {
        planes.clear();
        // A plane's homography takes the block's corners to a quadrilateral that holds all of its pixels, as long as
        // all of the corners' rays reach the planes.
        let (x, y) = (left as f64 + 0.5, top as f64 + 0.5);
        let (right, bottom) = (x + (columns - 1) as f64, y + (rows - 1) as f64);
        let mut low = (f64::INFINITY, f64::INFINITY);
        let mut high = (f64::NEG_INFINITY, f64::NEG_INFINITY);
        for (x, y) in [(x, y), (right, y), (x, bottom), (right, bottom)] {
            let Some((a, b)) = self.projector.pixel_slopes(x, y) else {
                planes.extend(self.projector.planes());
                return;
            };
            low = (low.0.min(a), low.1.min(b));
            high = (high.0.max(a), high.1.max(b));
        }
        let table = &self.scene.tiles;
        planes.extend(self.projector.planes().filter(|&plane| {
            let corner_at = |(a, b)| {
                let (x_ref, y_ref) = self.projector.on_plane(plane, a, b);
                Corner::of(table.origin_px, x_ref, y_ref)
            };
            let (first, last) = (corner_at(low), corner_at(high));
            let tile_range = |first: i32, last: i32, count: usize| {
                let first = i64::from(first).div_euclid(TILE as i64).clamp(0, count as i64) as usize;
                let past = (i64::from(last) + 1).div_euclid(TILE as i64) + 1;
                first..past.clamp(first as i64, count as i64) as usize
            };
            let columns = tile_range(first.column, last.column, table.columns);
            tile_range(first.row, last.row, table.rows).any(|row| {
                let start = table.index(plane, row, 0);
                table.tiles[start + columns.start..start + columns.end].iter().any(|&t| t != Tile::Empty)
            })
        }));
    }

    fn pixel(&self, x: f64, y: f64, planes: &[usize]) -> Vec4 {
        let Some((a, b)) = self.projector.pixel_slopes(x, y) else { return Vec4::ZERO };
        let mut out = Vec4::ZERO;
        let mut transmittance = 1.0;
        for &plane in planes {
            let (x_ref, y_ref) = self.projector.on_plane(plane, a, b);
            let sample = self.sample(plane, Corner::of(self.scene.tiles.origin_px, x_ref, y_ref));
            out += transmittance * sample;
            transmittance *= 1.0 - sample.w;
            if transmittance < OPAQUE_BELOW {
                break;
            }
        }
        out
    }

    /// A plane's premultiplied RGBA, filtered from the four texels at `corner`.
    #[inline]
    fn sample(&self, plane: usize, corner: Corner) -> Vec4 {
        let weights = corner.weights();
        let (column, row) = (i64::from(corner.column), i64::from(corner.row));
        let (tile, texel) = self.scene.tiles.texel(plane, column, row);
        let mut sum = Vec4::ZERO;
        if texel % TILE != TILE - 1 && texel / TILE != TILE - 1 {
            // Seven of eight points have all four texels in one tile.
            if tile == Tile::Empty {
                return Vec4::ZERO;
            }
            self.add(&mut sum, tile, [texel, texel + 1, texel + TILE, texel + TILE + 1], weights);
        } else {
            for (i, (right, lower)) in [(0, 0), (1, 0), (0, 1), (1, 1)].into_iter().enumerate() {
                let (tile, texel) = self.scene.tiles.texel(plane, column + right, row + lower);
                self.add(&mut sum, tile, [texel], [weights[i]]);
            }
        }
        sum / f32::from(u16::MAX)
    }

    /// Adds weighted texels of one tile.
    #[inline]
    fn add<const N: usize>(&self, sum: &mut Vec4, tile: Tile, texels: [usize; N], weights: [f32; N]) {
        match tile {
            Tile::Empty => {}
            Tile::Static(index) => add_texels(sum, &self.scene.static_texels, index as usize, texels, weights, 1.0),
            Tile::Looping(index) => {
                let first = index as usize * self.scene.frames;
                for (frame, fraction) in self.moment.frames.into_iter().zip(self.moment.weights()) {
                    if fraction > 0.0 {
                        add_texels(sum, &self.scene.looping_texels, first + frame, texels, weights, fraction);
                    }
                }
            }
        }
    }
}

#[inline]
fn add_texels<const N: usize>(
    sum: &mut Vec4,
    values: &[u16],
    tile: usize,
    texels: [usize; N],
    weights: [f32; N],
    fraction: f32,
) {
    let values = &values[tile * TILE_VALUES..(tile + 1) * TILE_VALUES];
    for (texel, weight) in texels.into_iter().zip(weights) {
        let v = &values[4 * texel..4 * texel + 4];
        let v = Vec4::new(f32::from(v[0]), f32::from(v[1]), f32::from(v[2]), f32::from(v[3]));
        *sum += fraction * weight * v;
    }
}

#[cfg(test)]
mod tests;
