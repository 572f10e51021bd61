//! The gradients of a step: where they stand while it lasts, and what they are made of.

use super::rows::Rows;
use super::step::Place;
use super::total_variation::add_total_variation;
use super::{LoopingModel, SPARSITY, Target};
use crate::grid::{LOOPING, TexelGrid};
use crate::hits::Hits;
use crate::kernels::lanes::{LANES, Lanes};
use crate::kernels::looping::{self, Gradients, Pull, Rgba8, Texels};
use crate::kernels::still::Rgba;
use crate::kernels::stored::Stored;
use rayon::prelude::*;
use std::sync::{Mutex, PoisonError};

/// Room for the gradients of one step. Looping texels' are needed for one chunk of frames at a time, so there is a buffer for
/// each thread at work, not for each chunk: at T = 50 and two threads a third of the memory.
#[derive(Debug, Default)]
pub struct GradientBuffers {
    /// dL/d(static texel), each chunk's share, the transparent texel at the end. Apart, since their sum must not depend on
    /// which chunk is done first.
    statics: Vec<Vec<Rgba>>,
    pool: Pool,
}

/// Buffers of dL/d(looping texel), all zero.
#[derive(Debug, Default)]
pub(super) struct Pool(Mutex<Vec<Vec<Rgba8>>>);

impl Pool {
    /// Lends a buffer of `n` texels, never more than `most`, to `work`, which leaves it as zero as it was.
    pub(super) fn lend<R>(&self, n: usize, most: usize, work: impl FnOnce(&mut [Rgba8]) -> R) -> R {
        let idle = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Views touch tiles of different number. Room for all, of which only what is touched is ever real, never has to be
        // moved to grow.
        let mut buffer = idle().pop().unwrap_or_else(|| Vec::with_capacity(most));
        buffer.resize(n, [Lanes::ZERO; 4]);
        let result = work(&mut buffer);
        idle().push(buffer);
        result
    }
}

impl GradientBuffers {
    /// Room for `chunks` chunks and `statics` static texels (with the transparent one).
    pub(super) fn of(&mut self, chunks: usize, statics: usize) -> (&mut [Vec<Rgba>], &Pool) {
        self.statics.resize_with(chunks, Vec::new);
        self.statics.iter_mut().for_each(|share| share.resize(statics, [0.0; 4]));
        (&mut self.statics, &self.pool)
    }
}

impl GradientBuffers {
    /// Gives back the looping texels' buffers.
    pub(super) fn rest(&self) {
        self.pool.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Clone for GradientBuffers {
    /// Nothing is in them between steps.
    fn clone(&self) -> Self {
        Self::default()
    }
}

/// What a step descends, but for the looping texels: those belong to their chunk.
pub(super) struct Loss<'a> {
    pub grid: &'a TexelGrid,
    pub statics: &'a [Rgba],
    pub static_coverage: &'a [f32],
    pub looping_coverage: &'a [f32],
    pub frames: usize,
    pub hits: &'a Hits,
    pub rows: &'a Rows,
    pub target: &'a Target,
    pub exposure: f32,
}

impl Loss<'_> {
    /// The mean over colour values, from the Σ ψ of chunks.
    pub(super) fn mean(&self, penalties: &[f64]) -> f64 {
        penalties.iter().sum::<f64>() / (self.hits.pixels() * 3 * self.frames).max(1) as f64
    }

    /// Adds the gradients of chunk `q`'s robust penalty and of its rays' sparsity; returns Σ ψ.
    pub(super) fn pull(&self, q: usize, texels: &[Stored], out: &mut Gradients<'_>) -> f64 {
        let texels = Texels { statics: self.statics, loopings: texels };
        let frames = LANES.min(self.frames - q * LANES);
        let pull = Pull { exposure: self.exposure, frames, sparsity: SPARSITY };
        looping::backward(self.hits, &self.rows.taps, texels, &self.target[q], pull, out)
    }

    /// Adds the gradients of chunk `q`'s total variation.
    pub(super) fn smooth(&self, q: usize, texels: &[Stored], places: &[Place], out: &mut Gradients<'_>) {
        let mut exists = Lanes::ZERO;
        exists.0[..LANES.min(self.frames - q * LANES)].fill(1.0);
        for place in places {
            add_total_variation(self, texels, place, exists, out);
        }
    }
}

impl LoopingModel {
    /// What a step descends, for checks against an oracle: the mean of ψ, and with the total variation dL/d(static texel)
    /// and dL/d(looping texel) as `[frame][texel]`.
    pub fn gradients(&self, hits: &Hits, target: &Target, exposure: f32) -> (f64, Vec<Rgba>, Vec<Vec<Rgba>>) {
        let mut model = self.clone();
        let rows = Rows::new(&self.grid, hits);
        let places = model.touch(hits, &rows, 0.0);
        let loss = model.loss(hits, &rows, target, exposure);
        let mut sum = vec![[0.0; 4]; self.statics.len()];
        let (mut penalty, mut loopings) = (0.0, Vec::with_capacity(self.frames));
        let mut shares = vec![sum.clone(); self.chunks.len()];
        let n = self.grid.tile_texels();
        for (q, (chunk, share)) in self.chunks.iter().zip(&mut shares).enumerate() {
            let mut by_row = vec![[Lanes::ZERO; 4]; rows.count];
            let out = &mut Gradients { statics: share, loopings: &mut by_row };
            penalty += loss.pull(q, &chunk.texels, out);
            loss.smooth(q, &chunk.texels, &places, out);
            let mut gradient = vec![[Lanes::ZERO; 4]; chunk.texels.len()];
            for place in places.iter().filter(|place| place.first & LOOPING != 0) {
                let first = (place.first & !LOOPING) as usize;
                gradient[first..first + n].copy_from_slice(&by_row[place.gradient_row..place.gradient_row + n]);
            }
            loopings.extend((0..self.frames_of(q)).map(|lane| gradient.iter().map(|g| g.map(|c| c.0[lane])).collect()));
        }
        let statics = places.iter().filter(|place| place.first & LOOPING == 0);
        for (place, gradient) in statics.zip(loss.static_gradient(&places, &mut shares).chunks_exact(n)) {
            let first = place.first as usize;
            sum[first..first + n].copy_from_slice(gradient);
        }
        sum.pop();
        (loss.mean(&[penalty]), sum, loopings)
    }

    /// Forward and backward through the compositor alone, for measuring it; `buffers` keep what comes of it. Returns the
    /// mean of ψ over colour values.
    pub fn compositor(&self, hits: &Hits, target: &Target, exposure: f32, buffers: &mut GradientBuffers) -> f64 {
        let rows = Rows::new(&self.grid, hits);
        let loss = self.loss(hits, &rows, target, exposure);
        let (shares, pool) = buffers.of(self.chunks.len(), self.statics.len());
        let chunks = self.chunks.par_iter().zip(shares).enumerate().map(|(q, (chunk, statics))| {
            pool.lend(rows.count, chunk.texels.len(), |loopings| {
                loss.pull(q, &chunk.texels, &mut Gradients { statics, loopings })
            })
        });
        let losses: Vec<f64> = chunks.collect();
        loss.mean(&losses)
    }

    pub(super) fn loss<'a>(&'a self, hits: &'a Hits, rows: &'a Rows, target: &'a Target, exposure: f32) -> Loss<'a> {
        Loss {
            grid: &self.grid,
            statics: &self.statics,
            static_coverage: &self.static_coverage,
            looping_coverage: &self.looping_coverage,
            frames: self.frames,
            hits,
            rows,
            target,
            exposure,
        }
    }
}
