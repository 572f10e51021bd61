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
use crate::kernels::looping::{self, Gradients, Rgb8, Rgba8, Texels};
use crate::kernels::still::Rgba;
pub use gradients::GradientBuffers;
use loop3d_scene::Tile;
use multiversion::multiversion;
use rayon::prelude::*;
use resample::Resampler;
use std::ops::Range;
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
}

impl Chunk {
    fn of(texels: Vec<Rgba8>) -> Self {
        Self { texels, ..Self::default() }
    }

    /// Makes room for the optimiser where there is none.
    fn wake(&mut self) {
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
    buffers: GradientBuffers,
}

/// A tile that a step touches.
struct Place {
    plane: usize,
    row: usize,
    column: usize,
    first: u32,
    adam: AdamStep,
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
            buffers: GradientBuffers::default(),
            grid,
        }
    }

    /// Looping texels as `[frame][texel]`.
    pub fn loopings(&self) -> Vec<Vec<Rgba>> {
        (0..self.frames).into_par_iter().map(|t| self.frame(t)).collect()
    }

    /// Looping texels of frame `t`.
    pub fn frame(&self, t: usize) -> Vec<Rgba> {
        self.chunks[t / LANES].texels.iter().map(|texel| texel.map(|c| c.0[t % LANES])).collect()
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

    /// Counts what a window sees, and lists the tiles with the step that each takes.
    fn touch(&mut self, hits: &Hits, lr: f32) -> Vec<Place> {
        for hit in &hits.hits {
            for (tap, w) in hit.taps.into_iter().zip(hit.weights()) {
                match tap & LOOPING {
                    0 => self.static_coverage[tap as usize] += w,
                    _ => self.looping_coverage[(tap & !LOOPING) as usize] += w,
                }
            }
        }
        let n = self.grid.tile_texels();
        let static_tiles = self.grid.static_texels() / n;
        let mut places = Vec::new();
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
            let adam = AdamStep::new(lr, self.steps[counter], EPSILON);
            places.push(Place { plane, row, column, first, adam });
        }
        places
    }

    /// One Adam step down the loss of one window and the total variation of what it sees; only texels that it sees move.
    /// Returns the mean of ψ over its colour values.
    pub fn step(&mut self, hits: &Hits, target: &Target, exposure: f32, lr: f32) -> f64 {
        let places = self.touch(hits, lr);
        // Taken out while they change: all else stays readable as a whole.
        let (mut buffers, mut chunks) = (std::mem::take(&mut self.buffers), std::mem::take(&mut self.chunks));
        let (shares, pool) = buffers.of(chunks.len(), self.statics.len());
        let (n, nl) = (self.grid.tile_texels(), self.grid.looping_texels());
        let loss = self.loss(hits, target, exposure);
        let backdrop = self.grid.table.planes - 1;
        let losses: Vec<f64> = chunks
            .par_iter_mut()
            .zip(shares.par_iter_mut())
            .enumerate()
            .map(|(q, (chunk, statics))| {
                chunk.wake();
                pool.lend(nl, |gradient| {
                    let out = &mut Gradients { statics, loopings: gradient };
                    let penalty = loss.pull(q, &chunk.texels, out);
                    loss.smooth(q, &chunk.texels, &places, out);
                    for place in places.iter().filter(|place| place.first & LOOPING != 0) {
                        let first = (place.first & !LOOPING) as usize;
                        let opaque = place.plane == backdrop;
                        move_looping(chunk, gradient, first..first + n, loss.looping_coverage, place.adam, opaque);
                    }
                    penalty
                })
            })
            .collect();
        let mean = loss.mean(&losses);
        self.move_statics(&places, shares);
        (self.buffers, self.chunks) = (buffers, chunks);
        for place in &places {
            let first = (place.first & !LOOPING) as usize;
            let coverage =
                if place.first & LOOPING == 0 { &mut self.static_coverage } else { &mut self.looping_coverage };
            coverage[first..first + n].fill(0.0);
        }
        mean
    }

    /// Moves static texels by the sum of the chunks' gradients, in the order of chunks, and clears those.
    fn move_statics(&mut self, places: &[Place], shares: &mut [Vec<Rgba>]) {
        let n = self.grid.tile_texels();
        for place in places.iter().filter(|place| place.first & LOOPING == 0) {
            let backdrop = place.plane + 1 == self.grid.table.planes;
            for i in place.first as usize..place.first as usize + n {
                let mut g = [0.0; 4];
                for share in shares.iter_mut() {
                    let share = std::mem::take(&mut share[i]);
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
                    texel[c] += place.adam.delta(g[c], &mut m[c], &mut v[c]);
                }
                *texel = project(*texel, backdrop);
            }
        }
        for transparent in shares.iter_mut().filter_map(|share| share.last_mut()) {
            *transparent = [0.0; 4];
        }
    }

    /// The same video at `side` texels along a side of a tile, with a fresh optimiser.
    pub fn resampled(self, side: usize) -> Self {
        let Self { grid, frames, statics, exposures, chunks, .. } = self;
        // Moments go first: at full size they are most of the memory.
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
fn move_looping(
    chunk: &mut Chunk,
    gradients: &mut [Rgba8],
    texels: Range<usize>,
    coverage: &[f32],
    adam: AdamStep,
    backdrop: bool,
) {
    for i in texels {
        let gradient = std::mem::take(&mut gradients[i]);
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
