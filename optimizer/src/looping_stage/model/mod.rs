//! The texels of the looping stage and their optimiser.
//!
//! Texels are premultiplied RGBA themselves, not logits: what is optimised is what is filtered and shown, and a step
//! costs no exponentials. A frame of a looping texel takes 20 bytes: four 16-bit values (`kernels/texel.rs`), their
//! first moments in 16 bits, and one second moment.

mod descent;
mod gradients;
mod resample;
mod rows;
mod step;
mod total_variation;

use crate::grid::{Rgba, TexelGrid};
use crate::hits::Hits;
use crate::kernels::compositor::looping_tiles::{self, Texels};
use crate::kernels::lanes::{F32x8, LANES};
use crate::kernels::texel::{Bf16x8, TexelU16x8, UNIT, unorm};
use crate::static_stage::loss;
pub use gradients::GradientBuffers;
use rayon::prelude::*;
use resample::Resampler;
pub use total_variation::{TV_ALPHA, TV_RGB};

/// Adam's ε: the slope of the robust penalty for a difference of one grey level is 0.4. Texels that hardly show in any
/// pixel have gradients far below that; at full step size they would turn into coloured noise.
pub const EPSILON: f32 = 0.3;

/// Weight of the sparsity of a ray's opacities against the robust penalty (METHOD §3.3, D19, which has it in the static stage alone): sixteen
/// times the published weight. Without it tiles that were merely thin there thicken at their rims wherever some frame gains by it.
pub const SPARSITY: f32 = 16.0 * loss::PUBLISHED_SPARSITY;

/// Pixels that one task renders, all frames of them.
const RUN: usize = 256;

/// A target of one window: RGB bytes, `[chunk][pixel][channel][frame of the chunk]`.
pub type Target = Vec<Vec<[[u8; LANES]; 3]>>;

/// Eight frames of all looping texels, with their optimiser.
#[derive(Clone, Debug, Default)]
struct Chunk {
    texels: Vec<TexelU16x8>,
    /// The optimiser's; empty until the first step, since these take more memory than the texels.
    first_moments: Vec<[Bf16x8; 4]>,
    /// One for all channels of a texel.
    second_moments: Vec<F32x8>,
}

impl Chunk {
    fn of(texels: Vec<TexelU16x8>) -> Self {
        Self { texels, ..Self::default() }
    }

    /// Makes room for the optimiser where there is none.
    fn allocate_moments(&mut self) {
        self.first_moments.resize(self.texels.len(), Default::default());
        self.second_moments.resize(self.texels.len(), F32x8::ZERO);
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
    pub static_texels: Vec<Rgba>,
    /// For each training view, the factor that makes the render as bright as its images.
    pub exposures: Vec<f32>,
    chunks: Vec<Chunk>,
    static_first_moments: Vec<Rgba>,
    static_second_moments: Vec<f32>,
    /// Steps that each tile took: static tiles, then looping ones.
    steps: Vec<u32>,
    /// Σ of bilinear weights over the window's pixels, by texel; zero between steps.
    static_coverage: Vec<f32>,
    looping_coverage: Vec<f32>,
    buffers: GradientBuffers,
}

impl LoopingModel {
    /// A model from texels: `static_texels` as `[texel]`, `looping_texels` as `[frame][texel]`, both premultiplied RGBA.
    pub fn new(grid: TexelGrid, static_texels: Vec<Rgba>, looping_texels: &[Vec<Rgba>], exposures: Vec<f32>) -> Self {
        let frame = |t: usize| looping_texels[t].iter().map(|texel| texel.map(unorm)).collect();
        Self::from_frames(grid, static_texels, looping_texels.len(), exposures, frame)
    }

    /// A model of `frames` frames that `frame` makes, one after the other: 16-bit looping texels (65535 is 1). All of them
    /// in that order at once would be as much memory again as the model.
    pub fn from_frames(
        grid: TexelGrid,
        mut static_texels: Vec<Rgba>,
        frames: usize,
        exposures: Vec<f32>,
        mut frame: impl FnMut(usize) -> Vec<[u16; 4]>,
    ) -> Self {
        static_texels.truncate(grid.static_texel_count());
        static_texels.push([0.0; 4]);
        let empty = || Chunk::of(vec![TexelU16x8::default(); grid.looping_texel_count()]);
        let mut chunks: Vec<Chunk> = (0..frames.div_ceil(LANES)).map(|_| empty()).collect();
        for t in 0..frames {
            for (out, texel) in chunks[t / LANES].texels.iter_mut().zip(frame(t)) {
                out.set_lane(t % LANES, texel);
            }
        }
        Self::of_chunks(grid, frames, static_texels, chunks, exposures)
    }

    fn of_chunks(
        grid: TexelGrid,
        frames: usize,
        static_texels: Vec<Rgba>,
        chunks: Vec<Chunk>,
        exposures: Vec<f32>,
    ) -> Self {
        let (ns, nl) = (grid.static_texel_count(), grid.looping_texel_count());
        Self {
            frames,
            static_texels,
            exposures,
            chunks,
            static_first_moments: vec![[0.0; 4]; ns],
            static_second_moments: vec![0.0; ns],
            steps: vec![0; (ns + nl) / grid.tile_texels()],
            static_coverage: vec![0.0; ns + 1],
            looping_coverage: vec![0.0; nl],
            buffers: GradientBuffers::default(),
            grid,
        }
    }

    /// Looping texels as `[frame][texel]`.
    pub fn looping_texels(&self) -> Vec<Vec<Rgba>> {
        (0..self.frames).into_par_iter().map(|t| self.frame(t)).collect()
    }

    /// Looping texels of frame `t`.
    pub fn frame(&self, t: usize) -> Vec<Rgba> {
        self.stored_frame(t).into_iter().map(|texel| texel.map(|v| f32::from(v) * UNIT)).collect()
    }

    /// Looping texels of frame `t` as they are kept: 65535 is 1.
    pub fn stored_frame(&self, t: usize) -> Vec<[u16; 4]> {
        self.chunks[t / LANES].texels.iter().map(|texel| texel.lane(t % LANES)).collect()
    }

    fn frames_of(&self, chunk: usize) -> usize {
        LANES.min(self.frames - chunk * LANES)
    }

    /// Renders a window: RGB as `[pixel][channel][frame]`, `frames` contiguous.
    pub fn render(&self, hits: &Hits) -> Vec<f32> {
        let values = 3 * self.frames;
        let mut out = vec![0.0; hits.pixels() * values];
        out.par_chunks_mut(RUN * values).enumerate().for_each(|(run, out)| {
            let mut image = [[F32x8::ZERO; 3]; RUN];
            let image = &mut image[..out.len() / values];
            for (q, chunk) in self.chunks.iter().enumerate() {
                looping_tiles::forward(hits, run * RUN, self.texels(chunk), image);
                let n = self.frames_of(q);
                for (out, rgb) in out.chunks_exact_mut(values).zip(&*image) {
                    for (c, lanes) in rgb.iter().enumerate() {
                        let at = c * self.frames + q * LANES;
                        out[at..at + n].copy_from_slice(&lanes.0[..n]);
                    }
                }
            }
        });
        out
    }

    /// Gives back what only steps need, until the next one.
    pub fn release_scratch(&self) {
        self.buffers.release_scratch();
    }

    fn texels<'a>(&'a self, chunk: &'a Chunk) -> Texels<'a> {
        Texels { static_texels: &self.static_texels, looping_texels: &chunk.texels }
    }

    /// The same video at `side` texels along a side of a tile, with a fresh optimiser.
    pub fn resampled(self, side: usize) -> Self {
        let Self { grid, frames, static_texels, exposures, chunks, .. } = self;
        // Moments go first: at full size they are most of the memory.
        let mut chunks: Vec<Chunk> = chunks.into_iter().map(|chunk| Chunk::of(chunk.texels)).collect();
        if side == grid.side {
            return Self::of_chunks(grid, frames, static_texels, chunks, exposures);
        }
        let target = TexelGrid::new(grid.table.clone(), side);
        let resampler = Resampler { from: &grid, to: &target };
        let first = chunks.first().map_or(&[][..], |chunk| &chunk.texels);
        let mut new_statics =
            resampler
                .run(false, Texels { static_texels: &static_texels, looping_texels: first }, |s| s.map(|c| c.0[0]));
        new_statics.push([0.0; 4]);
        chunks.par_iter_mut().for_each(|chunk| {
            chunk.texels = resampler.run(
                true,
                Texels { static_texels: &static_texels, looping_texels: &chunk.texels },
                TexelU16x8::of,
            );
        });
        Self::of_chunks(target, frames, new_statics, chunks, exposures)
    }
}
