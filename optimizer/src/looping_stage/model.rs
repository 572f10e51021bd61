//! The texels of the looping stage and their optimiser.
//!
//! Texels are premultiplied RGBA themselves, not logits: what is optimised is what is filtered and shown, and a step
//! costs no exponentials. After each step a texel is projected to what a texel can be: 0 ≤ colour ≤ α ≤ 1.

mod gradients;

use crate::grid::{LOOPING, TexelGrid};
use crate::hits::Hits;
use crate::kernels::adam::AdamStep;
use crate::kernels::lanes::{LANES, Lanes};
use crate::kernels::looping::{self, Gradients, Pull, Rgb8, Rgba8, Texels};
use crate::kernels::still::Rgba;
use crate::static_stage::model::for_neighbours;
use loop3d_scene::Tile;
use multiversion::multiversion;
use rayon::prelude::*;

/// Weight of the total variation of colour against the robust penalty: 0.2 over 32 layers (spec §4.4 (7)).
pub const TV_RGB: f32 = 0.2 / 32.0;
/// The same for opacity, of which there is one value for three of colour.
pub const TV_ALPHA: f32 = 0.2 * 3.0 / 32.0;

/// Adam's ε: the slope of the robust penalty for a difference of one grey level is 0.4. Texels that hardly show in any
/// pixel have gradients far below that; at full step size they would turn into coloured noise.
pub const EPSILON: f32 = 0.3;

/// A target of one window: RGB bytes, `[chunk][pixel][channel][frame of the chunk]`.
pub type Target = Vec<Vec<[[u8; LANES]; 3]>>;

/// Eight frames of all looping texels, with their optimiser.
#[derive(Clone, Debug)]
struct Chunk {
    texels: Vec<Rgba8>,
    first_moments: Vec<Rgba8>,
    second_moments: Vec<Rgba8>,
    gradient: Vec<Rgba8>,
    static_gradient: Vec<Rgba>,
}

/// A multi-tile video under optimisation.
#[derive(Clone, Debug)]
pub struct LoopingModel {
    /// Where the texels are.
    pub grid: TexelGrid,
    /// Length T of the loop.
    pub frames: usize,
    /// Static texels, premultiplied RGBA, and the transparent texel at the end.
    pub statics: Vec<Rgba>,
    /// For each training view, what the render is multiplied with to be like its pictures.
    pub exposures: Vec<f32>,
    chunks: Vec<Chunk>,
    static_first_moments: Vec<Rgba>,
    static_second_moments: Vec<Rgba>,
    /// Steps that each tile took: static tiles, then looping ones.
    steps: Vec<u32>,
    /// Σ of bilinear weights over the window's pixels, by texel; zero between steps.
    static_coverage: Vec<f32>,
    looping_coverage: Vec<f32>,
}

/// A tile that a step touches.
struct Place {
    plane: usize,
    row: usize,
    column: usize,
    first: u32,
}

impl LoopingModel {
    /// A model from texels: `statics` as `[texel]`, `loopings` as `[frame][texel]`, both premultiplied RGBA.
    pub fn new(grid: TexelGrid, mut statics: Vec<Rgba>, loopings: &[Vec<Rgba>], exposures: Vec<f32>) -> Self {
        let (ns, nl, frames) = (grid.static_texels(), grid.looping_texels(), loopings.len());
        statics.truncate(ns);
        statics.push([0.0; 4]);
        let chunks = (0..frames.div_ceil(LANES))
            .into_par_iter()
            .map(|q| {
                let mut texels = vec![[Lanes::ZERO; 4]; nl];
                for lane in 0..LANES.min(frames - q * LANES) {
                    for (out, texel) in texels.iter_mut().zip(&loopings[q * LANES + lane]) {
                        for c in 0..4 {
                            out[c].0[lane] = texel[c];
                        }
                    }
                }
                Chunk {
                    texels,
                    first_moments: vec![[Lanes::ZERO; 4]; nl],
                    second_moments: vec![[Lanes::ZERO; 4]; nl],
                    gradient: vec![[Lanes::ZERO; 4]; nl],
                    static_gradient: vec![[0.0; 4]; ns + 1],
                }
            })
            .collect();
        Self {
            frames,
            statics,
            exposures,
            chunks,
            static_first_moments: vec![[0.0; 4]; ns],
            static_second_moments: vec![[0.0; 4]; ns],
            steps: vec![0; (ns + nl) / grid.tile_texels()],
            static_coverage: vec![0.0; ns + 1],
            looping_coverage: vec![0.0; nl],
            grid,
        }
    }

    /// Looping texels as `[frame][texel]`.
    pub fn loopings(&self) -> Vec<Vec<Rgba>> {
        (0..self.frames)
            .into_par_iter()
            .map(|t| {
                let chunk = &self.chunks[t / LANES];
                chunk.texels.iter().map(|texel| texel.map(|c| c.0[t % LANES])).collect()
            })
            .collect()
    }

    fn frames_of(&self, chunk: usize) -> usize {
        LANES.min(self.frames - chunk * LANES)
    }

    /// Renders a window: RGB as `[pixel][channel][frame]`, `frames` contiguous.
    pub fn render(&self, hits: &Hits) -> Vec<f32> {
        let images: Vec<Vec<Rgb8>> = self
            .chunks
            .par_iter()
            .map(|chunk| {
                let mut image = vec![[Lanes::ZERO; 3]; hits.pixels()];
                looping::forward(hits, self.texels(chunk), &mut image);
                image
            })
            .collect();
        let mut out = vec![0.0; hits.pixels() * 3 * self.frames];
        out.par_chunks_mut(3 * self.frames).enumerate().for_each(|(pixel, out)| {
            for (q, image) in images.iter().enumerate() {
                let n = self.frames_of(q);
                for c in 0..3 {
                    let at = c * self.frames + q * LANES;
                    out[at..at + n].copy_from_slice(&image[pixel][c].0[..n]);
                }
            }
        });
        out
    }

    fn texels<'a>(&'a self, chunk: &'a Chunk) -> Texels<'a> {
        Texels { statics: &self.statics, loopings: &chunk.texels }
    }

    /// Adds the gradients of one window's loss. Returns the mean of ψ over its colour values.
    pub fn accumulate(&mut self, hits: &Hits, target: &Target, exposure: f32) -> f64 {
        let (statics, frames) = (&self.statics, self.frames);
        let losses: Vec<f64> = self
            .chunks
            .par_iter_mut()
            .enumerate()
            .map(|(q, chunk)| {
                let texels = Texels { statics, loopings: &chunk.texels };
                let out = Gradients { statics: &mut chunk.static_gradient, loopings: &mut chunk.gradient };
                let pull = Pull { exposure, frames: LANES.min(frames - q * LANES) };
                looping::backward(hits, texels, &target[q], pull, out)
            })
            .collect();
        for hit in &hits.hits {
            for (tap, w) in hit.taps.into_iter().zip(hit.weights()) {
                match tap & LOOPING {
                    0 => self.static_coverage[tap as usize] += w,
                    _ => self.looping_coverage[(tap & !LOOPING) as usize] += w,
                }
            }
        }
        losses.iter().sum::<f64>() / (hits.pixels() * 3 * self.frames).max(1) as f64
    }

    /// One Adam step by the accumulated gradients and the total variation; clears the gradients.
    /// Only texels that were seen since the last step move.
    pub fn step(&mut self, lr: f32) {
        let n = self.grid.tile_texels();
        let static_tiles = self.grid.static_texels() / n;
        let mut places = Vec::new();
        let mut adams = Vec::new();
        for (plane, row, column, tile) in self.grid.places() {
            let (coverage, slot, counter) = match tile {
                Tile::Static(s) => (&self.static_coverage, s as usize, s as usize),
                Tile::Looping(s) => (&self.looping_coverage, s as usize, static_tiles + s as usize),
                Tile::Empty => continue,
            };
            if coverage[slot * n..(slot + 1) * n].iter().all(|c| *c == 0.0) {
                continue;
            }
            let Some(first) = self.grid.first_texel(tile) else { continue };
            self.steps[counter] += 1;
            adams.push(AdamStep::new(lr, self.steps[counter], EPSILON));
            places.push(Place { plane, row, column, first });
        }
        let frames = self.frames;
        let (grid, statics) = (&self.grid, &self.statics);
        let (static_coverage, looping_coverage) = (&self.static_coverage, &self.looping_coverage);
        self.chunks.par_iter_mut().enumerate().for_each(|(q, chunk)| {
            let frames = LANES.min(frames - q * LANES);
            for place in &places {
                add_total_variation(grid, statics, chunk, place, static_coverage, looping_coverage, frames);
            }
            for (place, adam) in places.iter().zip(&adams) {
                if place.first & LOOPING != 0 {
                    let first = (place.first & !LOOPING) as usize;
                    let backdrop = place.plane + 1 == grid.table.planes;
                    move_looping(chunk, first..first + n, looping_coverage, *adam, backdrop);
                }
            }
        });
        for (place, adam) in places.iter().zip(&adams).filter(|(p, _)| p.first & LOOPING == 0) {
            let backdrop = place.plane + 1 == self.grid.table.planes;
            for i in place.first as usize..place.first as usize + n {
                let mut g = [0.0; 4];
                for chunk in &mut self.chunks {
                    let share = std::mem::take(&mut chunk.static_gradient[i]);
                    for c in 0..4 {
                        g[c] += share[c];
                    }
                }
                if self.static_coverage[i] == 0.0 {
                    continue;
                }
                let (m, v) = (&mut self.static_first_moments[i], &mut self.static_second_moments[i]);
                let texel = &mut self.statics[i];
                for c in 0..4 {
                    texel[c] += adam.delta(g[c], &mut m[c], &mut v[c]);
                }
                *texel = project(*texel, backdrop);
            }
        }
        for chunk in &mut self.chunks {
            if let Some(transparent) = chunk.static_gradient.last_mut() {
                *transparent = [0.0; 4];
            }
        }
        for place in &places {
            let first = (place.first & !LOOPING) as usize;
            let coverage =
                if place.first & LOOPING == 0 { &mut self.static_coverage } else { &mut self.looping_coverage };
            coverage[first..first + n].fill(0.0);
        }
    }

    /// The same video at another number of texels a side, with a fresh optimiser.
    pub fn resampled(&self, side: usize) -> Self {
        let grid = TexelGrid::new(self.grid.table.clone(), side);
        let resampler = Resampler { from: &self.grid, to: &grid };
        let loopings = self.loopings();
        let statics = resampler.run(false, |id| self.value(id, &loopings[0]));
        let loopings: Vec<_> =
            loopings.par_iter().map(|frame| resampler.run(true, |id| self.value(id, frame))).collect();
        Self::new(grid, statics, &loopings, self.exposures.clone())
    }

    fn value(&self, id: u32, frame: &[Rgba]) -> Option<Rgba> {
        if id & LOOPING != 0 {
            return frame.get((id & !LOOPING) as usize).copied();
        }
        (id as usize != self.grid.static_texels()).then(|| self.statics[id as usize])
    }
}

/// Bilinear resampling of texels between two levels of the same tiles.
struct Resampler<'a> {
    from: &'a TexelGrid,
    to: &'a TexelGrid,
}

impl Resampler<'_> {
    /// Texels of one kind (`looping` or static); `value` reads the source, `None` in empty places, which do not count.
    fn run(&self, looping: bool, value: impl Fn(u32) -> Option<Rgba>) -> Vec<Rgba> {
        let ratio = self.from.side as f64 / self.to.side as f64;
        let mut out = Vec::new();
        for (plane, row, column, tile) in self.to.places() {
            if matches!(tile, Tile::Looping(_)) != looping {
                continue;
            }
            for i in 0..self.to.tile_texels() {
                let (x, y) = (column * self.to.side + i % self.to.side, row * self.to.side + i / self.to.side);
                let at = |p: usize| (p as f64 + 0.5) * ratio - 0.5;
                let (u, v) = (at(x), at(y));
                let (left, top) = (u.floor(), v.floor());
                let (fx, fy) = ((u - left) as f32, (v - top) as f32);
                let (mut sum, mut total) = ([0.0; 4], 0.0);
                for (dx, dy, w) in
                    [(0, 0, (1.0 - fx) * (1.0 - fy)), (1, 0, fx * (1.0 - fy)), (0, 1, (1.0 - fx) * fy), (1, 1, fx * fy)]
                {
                    if let Some(s) = value(self.from.texel(plane, left as i64 + dx, top as i64 + dy)) {
                        total += w;
                        for c in 0..4 {
                            sum[c] += w * s[c];
                        }
                    }
                }
                out.push(if total > 0.0 { sum.map(|s| s / total) } else { sum });
            }
        }
        out
    }
}

fn project(t: Rgba, backdrop: bool) -> Rgba {
    let a = if backdrop { 1.0 } else { t[3].clamp(0.0, 1.0) };
    [t[0].clamp(0.0, a), t[1].clamp(0.0, a), t[2].clamp(0.0, a), a]
}

#[multiversion(targets("x86_64+avx2"))]
fn move_looping(chunk: &mut Chunk, texels: std::ops::Range<usize>, coverage: &[f32], adam: AdamStep, backdrop: bool) {
    for i in texels {
        let gradient = std::mem::take(&mut chunk.gradient[i]);
        if coverage[i] == 0.0 {
            continue;
        }
        let (m, v) = (&mut chunk.first_moments[i], &mut chunk.second_moments[i]);
        let texel = &mut chunk.texels[i];
        for c in 0..4 {
            for lane in 0..LANES {
                texel[c].0[lane] += adam.delta(gradient[c].0[lane], &mut m[c].0[lane], &mut v[c].0[lane]);
            }
        }
        let a = if backdrop { Lanes::splat(1.0) } else { texel[3].map(|a| a.clamp(0.0, 1.0)) };
        for c in 0..3 {
            texel[c] = texel[c].zip(a, |x, a| x.max(0.0).min(a));
        }
        texel[3] = a;
    }
}

/// Gradient of the L1 total variation between true neighbours of a plane, scaled by how well a texel is seen.
#[expect(clippy::too_many_arguments, reason = "one call site; the arguments are the fields of one step")]
#[multiversion(targets("x86_64+avx2"))]
fn add_total_variation(
    grid: &TexelGrid,
    statics: &[Rgba],
    chunk: &mut Chunk,
    place: &Place,
    static_coverage: &[f32],
    looping_coverage: &[f32],
    frames: usize,
) {
    let (x0, y0) = ((place.column * grid.side) as i64, (place.row * grid.side) as i64);
    let texels = &chunk.texels;
    let mut exists = Lanes::ZERO;
    exists.0[..frames].fill(1.0);
    let value = |id: u32| {
        if id & LOOPING == 0 { statics[id as usize].map(Lanes::splat) } else { texels[(id & !LOOPING) as usize] }
    };
    for_neighbours(grid, place.plane, x0, y0, |_, own, neighbour| {
        let at = (own & !LOOPING) as usize;
        let cover = if own & LOOPING == 0 { static_coverage[at] } else { looping_coverage[at] };
        if cover == 0.0 {
            return;
        }
        let (s, t) = (value(own), value(neighbour));
        let weight = cover.min(1.0);
        for c in 0..4 {
            let scale = weight * if c < 3 { TV_RGB } else { TV_ALPHA };
            let d = s[c].zip(t[c], |a, b| f32::from(i8::from(a > b) - i8::from(a < b))) * exists * scale;
            if own & LOOPING == 0 {
                chunk.static_gradient[at][c] += d.sum();
            } else {
                chunk.gradient[at][c] = chunk.gradient[at][c] + d;
            }
        }
    });
}
