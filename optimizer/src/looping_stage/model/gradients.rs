//! The gradients of a step: their buffers and their terms.

use super::descent::{Loss, Place};
use super::rows::Rows;
use super::total_variation::{add_static_total_variation, add_total_variation};
use super::{LoopingModel, SPARSITY, Target};
use crate::grid::{LOOPING, Rgba};
use crate::hits::Hits;
use crate::kernels::compositor::looping_tiles::{self, DataTerm, Gradients, Texels};
use crate::kernels::lanes::{F32x8, LANES, RgbaLanes};
use crate::kernels::texel::TexelU16x8;
use rayon::prelude::*;
use std::sync::{Mutex, PoisonError};

/// Buffers for the gradients of one step. Those of looping texels are needed for one chunk of frames at a time, so each busy
/// thread has a buffer, not each chunk: at T = 50 and two threads that is a third of the memory.
#[derive(Debug, Default)]
pub struct GradientBuffers {
    /// dL/d(static texel) from each chunk, the transparent texel at the end. They are kept apart because their sum must not
    /// depend on which chunk finishes first.
    static_texels: Vec<Vec<Rgba>>,
    pool: Pool,
}

/// Buffers of dL/d(looping texel), all zero.
#[derive(Debug, Default)]
pub(super) struct Pool(Mutex<Vec<Vec<RgbaLanes>>>);

impl Pool {
    /// Lends a zeroed buffer of `n` texels, at most `most`, to `work`, which must zero it again.
    pub(super) fn lend<R>(&self, n: usize, most: usize, work: impl FnOnce(&mut [RgbaLanes]) -> R) -> R {
        let idle = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // The number of visible tiles differs between views. A buffer with room for all never has to move in order to grow,
        // and pages that are never touched cost nothing.
        let mut buffer = idle().pop().unwrap_or_else(|| Vec::with_capacity(most));
        buffer.resize(n, [F32x8::ZERO; 4]);
        let result = work(&mut buffer);
        idle().push(buffer);
        result
    }
}

impl GradientBuffers {
    /// Room for `chunks` chunks and `static_texels` static texels (with the transparent one).
    pub(super) fn of(&mut self, chunks: usize, static_texels: usize) -> (&mut [Vec<Rgba>], &Pool) {
        self.static_texels.resize_with(chunks, Vec::new);
        self.static_texels.iter_mut().for_each(|partial| partial.resize(static_texels, [0.0; 4]));
        (&mut self.static_texels, &self.pool)
    }
}

impl GradientBuffers {
    /// Frees the looping texels' buffers.
    pub(super) fn release_scratch(&self) {
        self.pool.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Clone for GradientBuffers {
    /// Nothing is in them between steps.
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Loss<'_> {
    /// The mean over colour values, from the Σ ψ of chunks.
    pub(super) fn mean(&self, penalties: &[f64]) -> f64 {
        penalties.iter().sum::<f64>() / (self.hits.pixels() * 3 * self.frames).max(1) as f64
    }

    /// Adds the gradients of chunk `q`'s robust penalty and of its rays' sparsity; returns Σ ψ.
    pub(super) fn data_gradient(&self, q: usize, texels: &[TexelU16x8], out: &mut Gradients<'_>) -> f64 {
        let texels = Texels { static_texels: self.static_texels, looping_texels: texels };
        let frames = LANES.min(self.frames - q * LANES);
        let term = DataTerm { exposure: self.exposure, frames, sparsity: SPARSITY };
        looping_tiles::backward(self.hits, &self.rows.taps, texels, &self.target[q], term, out)
    }

    /// Adds the gradients of chunk `q`'s total variation.
    pub(super) fn tv_gradient(&self, q: usize, texels: &[TexelU16x8], places: &[Place], out: &mut Gradients<'_>) {
        let mut exists = F32x8::ZERO;
        exists.0[..LANES.min(self.frames - q * LANES)].fill(1.0);
        for place in places {
            add_total_variation(self, texels, place, exists, out);
        }
    }

    /// The gradients of the static places, one after the other: the sum of the chunks' partial sums, in the order of chunks, and
    /// the total variation that all frames partial. Clears the partial sums.
    pub(super) fn static_gradient(&self, places: &[Place], partials: &mut [Vec<Rgba>]) -> Vec<Rgba> {
        let n = self.grid.tile_texels();
        let static_places: Vec<&Place> = places.iter().filter(|place| place.first & LOOPING == 0).collect();
        let mut sums = vec![[0.0; 4]; static_places.len() * n];
        for (place, sums) in static_places.iter().zip(sums.chunks_exact_mut(n)) {
            let first = place.first as usize;
            for partial in partials.iter_mut() {
                for (sum, partial) in sums.iter_mut().zip(&mut partial[first..first + n]) {
                    let partial = std::mem::take(partial);
                    for c in 0..4 {
                        sum[c] += partial[c];
                    }
                }
            }
        }
        sums.par_chunks_exact_mut(n)
            .zip(&static_places)
            .for_each(|(sums, place)| add_static_total_variation(self, place, sums));
        for transparent in partials.iter_mut().filter_map(|partial| partial.last_mut()) {
            *transparent = [0.0; 4];
        }
        sums
    }
}

impl LoopingModel {
    /// What a step descends, for checks against an oracle: the mean of ψ, and with the total variation dL/d(static texel)
    /// and dL/d(looping texel) as `[frame][texel]`.
    pub fn gradients(&self, hits: &Hits, target: &Target, exposure: f32) -> (f64, Vec<Rgba>, Vec<Vec<Rgba>>) {
        let mut model = self.clone();
        let rows = Rows::new(&self.grid, hits);
        let places = model.mark_visible(hits, &rows, 0.0);
        let loss = model.loss(hits, &rows, target, exposure);
        let mut sum = vec![[0.0; 4]; self.static_texels.len()];
        let (mut penalty, mut looping_texels) = (0.0, Vec::with_capacity(self.frames));
        let mut partials = vec![sum.clone(); self.chunks.len()];
        let n = self.grid.tile_texels();
        for (q, (chunk, partial)) in self.chunks.iter().zip(&mut partials).enumerate() {
            let mut by_row = vec![[F32x8::ZERO; 4]; rows.count];
            let out = &mut Gradients { static_texels: partial, looping_texels: &mut by_row };
            penalty += loss.data_gradient(q, &chunk.texels, out);
            loss.tv_gradient(q, &chunk.texels, &places, out);
            let mut gradient = vec![[F32x8::ZERO; 4]; chunk.texels.len()];
            for place in places.iter().filter(|place| place.first & LOOPING != 0) {
                let first = (place.first & !LOOPING) as usize;
                gradient[first..first + n].copy_from_slice(&by_row[place.gradient_row..place.gradient_row + n]);
            }
            looping_texels
                .extend((0..self.frames_of(q)).map(|lane| gradient.iter().map(|g| g.map(|c| c.0[lane])).collect()));
        }
        let static_places = places.iter().filter(|place| place.first & LOOPING == 0);
        for (place, gradient) in static_places.zip(loss.static_gradient(&places, &mut partials).chunks_exact(n)) {
            let first = place.first as usize;
            sum[first..first + n].copy_from_slice(gradient);
        }
        sum.pop();
        (loss.mean(&[penalty]), sum, looping_texels)
    }

    /// Forward and backward through the compositor alone, for benchmarks; the gradients stay in `buffers`. Returns the mean of
    /// ψ over colour values.
    pub fn compositor(&self, hits: &Hits, target: &Target, exposure: f32, buffers: &mut GradientBuffers) -> f64 {
        let rows = Rows::new(&self.grid, hits);
        let loss = self.loss(hits, &rows, target, exposure);
        let (partials, pool) = buffers.of(self.chunks.len(), self.static_texels.len());
        let chunks = self.chunks.par_iter().zip(partials).enumerate().map(|(q, (chunk, static_texels))| {
            pool.lend(rows.count, chunk.texels.len(), |looping_texels| {
                loss.data_gradient(q, &chunk.texels, &mut Gradients { static_texels, looping_texels })
            })
        });
        let losses: Vec<f64> = chunks.collect();
        loss.mean(&losses)
    }
}
