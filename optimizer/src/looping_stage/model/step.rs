//! One step of the optimiser: the gradients of a window, and the texels that it sees moved by Adam.

use super::descent::{Loss, Place};
use super::gradients::Pool;
use super::rows::Rows;
use super::{Chunk, LoopingModel, Target};
use crate::grid::{LOOPING, Rgba};
use crate::hits::Hits;
use crate::kernels::adam::AdamStep;
use crate::kernels::compositor::looping_tiles::Gradients;
use crate::kernels::lanes::RgbaLanes;
use crate::kernels::projection::{project, project8};
use crate::kernels::texel::TexelU16x8;
use multiversion::multiversion;
use rayon::prelude::*;
use std::ops::Range;

impl LoopingModel {
    /// One Adam step down the loss of one window and the total variation of what it sees; only texels that it sees move.
    /// Returns the mean of ψ over its colour values.
    pub fn step(&mut self, hits: &Hits, target: &Target, exposure: f32, lr: f32) -> f64 {
        let rows = Rows::new(&self.grid, hits);
        let places = self.mark_visible(hits, &rows, lr);
        // Taken out while they change: all else stays readable as a whole.
        let (mut buffers, mut chunks) = (std::mem::take(&mut self.buffers), std::mem::take(&mut self.chunks));
        let (partials, pool) = buffers.of(chunks.len(), self.static_texels.len());
        let loss = self.loss(hits, &rows, target, exposure);
        let descend = |(q, (chunk, partial)): (usize, (&mut Chunk, &mut Vec<Rgba>))| {
            loss.descend(q, chunk, &places, partial, pool)
        };
        let losses: Vec<f64> = chunks.par_iter_mut().zip(partials.par_iter_mut()).enumerate().map(descend).collect();
        let mean = loss.mean(&losses);
        let sums = loss.static_gradient(&places, partials);
        self.move_static_texels(&places, &sums);
        (self.buffers, self.chunks) = (buffers, chunks);
        let n = self.grid.tile_texels();
        for place in &places {
            let first = (place.first & !LOOPING) as usize;
            let coverage =
                if place.first & LOOPING == 0 { &mut self.static_coverage } else { &mut self.looping_coverage };
            coverage[first..first + n].fill(0.0);
        }
        mean
    }

    /// Moves static texels; `sums` has the gradients of the static places, one after the other.
    fn move_static_texels(&mut self, places: &[Place], sums: &[Rgba]) {
        let n = self.grid.tile_texels();
        let static_places = places.iter().filter(|place| place.first & LOOPING == 0);
        for (place, sums) in static_places.zip(sums.chunks_exact(n)) {
            let backdrop = place.plane + 1 == self.grid.table.planes;
            for (i, g) in (place.first as usize..).zip(sums) {
                if self.static_coverage[i] == 0.0 {
                    continue;
                }
                let (m, v) = (&mut self.static_first_moments[i], &mut self.static_second_moments[i]);
                let (delta, texel) = (place.adam.texel(g, m, v), &mut self.static_texels[i]);
                for c in 0..4 {
                    texel[c] += delta[c];
                }
                *texel = project(*texel, backdrop);
            }
        }
    }
}

impl Loss<'_> {
    /// Moves one chunk of frames and adds its gradient of the static texels to `partial`. Returns Σ ψ.
    fn descend(&self, q: usize, chunk: &mut Chunk, places: &[Place], partial: &mut [Rgba], pool: &Pool) -> f64 {
        chunk.allocate_moments();
        pool.lend(self.rows.count, chunk.texels.len(), |gradients| {
            let out = &mut Gradients { static_texels: partial, looping_texels: gradients };
            let penalty = self.data_gradient(q, &chunk.texels, out);
            // A row of tiles moves when the next one has its gradients: these read the texels as they were, and what is
            // read and written is still in the cache.
            let mut above: &[Place] = &[];
            for row in places.chunk_by(|a, b| (a.plane, a.row) == (b.plane, b.row)) {
                self.tv_gradient(q, &chunk.texels, row, out);
                self.move_looping_tiles(chunk, above, out.looping_texels);
                above = row;
            }
            self.move_looping_tiles(chunk, above, out.looping_texels);
            penalty
        })
    }

    fn move_looping_tiles(&self, chunk: &mut Chunk, places: &[Place], gradients: &mut [RgbaLanes]) {
        let n = self.grid.tile_texels();
        for place in places.iter().filter(|place| place.first & LOOPING != 0) {
            let first = (place.first & !LOOPING) as usize;
            let opaque = place.plane + 1 == self.grid.table.planes;
            let gradients = &mut gradients[place.gradient_row..place.gradient_row + n];
            move_looping(chunk, gradients, first..first + n, self.looping_coverage, place.adam, opaque);
        }
    }
}

#[multiversion(targets("x86_64+avx2"))]
fn move_looping(
    chunk: &mut Chunk,
    gradients: &mut [RgbaLanes],
    texels: Range<usize>,
    coverage: &[f32],
    adam: AdamStep,
    backdrop: bool,
) {
    for (i, gradient) in texels.zip(gradients) {
        let gradient = std::mem::take(gradient);
        if coverage[i] == 0.0 {
            continue;
        }
        let delta = adam.texel8(&gradient, &mut chunk.first_moments[i], &mut chunk.second_moments[i]);
        let mut texel = chunk.texels[i].get();
        for c in 0..4 {
            texel[c] = texel[c] + delta[c];
        }
        chunk.texels[i] = TexelU16x8::of(project8(texel, backdrop));
    }
}
