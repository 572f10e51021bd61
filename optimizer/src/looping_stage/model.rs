//! The texels of the looping stage and their optimiser.
//!
//! Texels are premultiplied RGBA themselves, not logits: what is optimised is what is filtered and shown, and a step
//! costs no exponentials. After each step a texel is projected to what a texel can be: 0 ≤ colour ≤ α ≤ 1.

mod gradients;
mod resample;
mod total_variation;

use crate::grid::{LOOPING, TexelGrid};
use crate::hits::Hits;
use crate::kernels::adam::AdamStep;
use crate::kernels::lanes::{LANES, Lanes};
use crate::kernels::looping::{self, Gradients, Pull, Rgb8, Rgba8, Texels};
use crate::kernels::still::Rgba;
use loop3d_scene::Tile;
use multiversion::multiversion;
use rayon::prelude::*;
use resample::Resampler;
use total_variation::add_total_variation;
pub use total_variation::{TV_ALPHA, TV_RGB};

/// Adam's ε: the slope of the robust penalty for a difference of one grey level is 0.4. Texels that hardly show in any
/// pixel have gradients far below that; at full step size they would turn into coloured noise.
pub const EPSILON: f32 = 0.3;

/// A target of one window: RGB bytes, `[chunk][pixel][channel][frame of the chunk]`.
pub type Target = Vec<Vec<[[u8; LANES]; 3]>>;

/// Eight frames of all looping texels, with their optimiser.
#[derive(Clone, Debug, Default)]
struct Chunk {
    texels: Vec<Rgba8>,
    /// The optimiser's; empty until the first step, since these take twice the texels' memory.
    first_moments: Vec<Rgba8>,
    second_moments: Vec<Rgba8>,
    /// Empty until there are any.
    gradient: Vec<Rgba8>,
    static_gradient: Vec<Rgba>,
}

impl Chunk {
    fn of(texels: Vec<Rgba8>) -> Self {
        Self { texels, ..Self::default() }
    }

    /// Makes room for gradients where there is none.
    fn wake(&mut self, static_texels: usize) {
        self.gradient.resize(self.texels.len(), [Lanes::ZERO; 4]);
        self.static_gradient.resize(static_texels + 1, [0.0; 4]);
    }

    /// Makes room for the optimiser where there is none.
    fn wake_moments(&mut self) {
        for state in [&mut self.first_moments, &mut self.second_moments] {
            state.resize(self.texels.len(), [Lanes::ZERO; 4]);
        }
    }
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
                Chunk::of(texels)
            })
            .collect();
        Self::of_chunks(grid, frames, statics, chunks, exposures)
    }

    fn of_chunks(grid: TexelGrid, frames: usize, statics: Vec<Rgba>, chunks: Vec<Chunk>, exposures: Vec<f32>) -> Self {
        let (ns, nl) = (grid.static_texels(), grid.looping_texels());
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
                for (c, lanes) in image[pixel].iter().enumerate() {
                    let at = c * self.frames + q * LANES;
                    out[at..at + n].copy_from_slice(&lanes.0[..n]);
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
                chunk.wake(statics.len() - 1);
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
            chunk.wake_moments();
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

    /// The same video at `side` texels along a side of a tile, with a fresh optimiser.
    pub fn resampled(self, side: usize) -> Self {
        let Self { grid, frames, statics, exposures, chunks, .. } = self;
        // Moments and gradients go first: at full size they are most of the memory.
        let mut chunks: Vec<Chunk> = chunks.into_iter().map(|chunk| Chunk::of(chunk.texels)).collect();
        if side == grid.side {
            return Self::of_chunks(grid, frames, statics, chunks, exposures);
        }
        let target = TexelGrid::new(grid.table.clone(), side);
        let resampler = Resampler { from: &grid, to: &target };
        let first = chunks.first().map_or(&[][..], |chunk| &chunk.texels);
        let mut new_statics =
            resampler.run(false, Texels { statics: &statics, loopings: first }, |s| s.map(|c| c.0[0]));
        new_statics.push([0.0; 4]);
        chunks.par_iter_mut().for_each(|chunk| {
            chunk.texels = resampler.run(true, Texels { statics: &statics, loopings: &chunk.texels }, |s| s);
        });
        Self::of_chunks(target, frames, new_statics, chunks, exposures)
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
        for c in &mut texel[..3] {
            *c = c.zip(a, |x, a| x.max(0.0).min(a));
        }
        texel[3] = a;
    }
}
