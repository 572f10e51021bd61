//! One step of the optimiser: the gradients of a window, and the texels that it sees moved by Adam.

use super::gradients::{Loss, Pool};
use super::rows::Rows;
use super::total_variation::add_static_total_variation;
use super::{Chunk, EPSILON, LoopingModel, Target};
use crate::grid::LOOPING;
use crate::hits::Hits;
use crate::kernels::adam::AdamStep;
use crate::kernels::looping::{Gradients, Rgba8};
use crate::kernels::projection::{project, project8};
use crate::kernels::still::Rgba;
use crate::kernels::stored::Stored;
use loop3d_scene::Tile;
use multiversion::multiversion;
use rayon::prelude::*;
use std::ops::Range;

/// A tile that a step touches.
pub(super) struct Place {
    pub plane: usize,
    pub row: usize,
    pub column: usize,
    pub first: u32,
    /// Of a looping tile: where its gradients begin, see [`Rows`].
    pub gradient_row: usize,
    adam: AdamStep,
}

impl LoopingModel {
    /// Counts what a window sees, and lists the tiles with the step that each takes.
    pub(super) fn touch(&mut self, hits: &Hits, rows: &Rows, lr: f32) -> Vec<Place> {
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
            let (coverage, slot, counter, loops) = match tile {
                Tile::Static(s) => (&self.static_coverage, s as usize, s as usize, false),
                Tile::Looping(s) => (&self.looping_coverage, s as usize, static_tiles + s as usize, true),
                Tile::Empty => continue,
            };
            if coverage[slot * n..(slot + 1) * n].iter().all(|c| *c == 0.0) {
                continue;
            }
            let Some(first) = self.grid.first_texel(tile) else { continue };
            self.steps[counter] += 1;
            let adam = AdamStep::new(lr, self.steps[counter], EPSILON);
            let gradient_row = if loops { rows.first(slot) } else { 0 };
            places.push(Place { plane, row, column, first, gradient_row, adam });
        }
        places
    }

    /// One Adam step down the loss of one window and the total variation of what it sees; only texels that it sees move.
    /// Returns the mean of ψ over its colour values.
    pub fn step(&mut self, hits: &Hits, target: &Target, exposure: f32, lr: f32) -> f64 {
        let rows = Rows::new(&self.grid, hits);
        let places = self.touch(hits, &rows, lr);
        // Taken out while they change: all else stays readable as a whole.
        let (mut buffers, mut chunks) = (std::mem::take(&mut self.buffers), std::mem::take(&mut self.chunks));
        let (shares, pool) = buffers.of(chunks.len(), self.statics.len());
        let loss = self.loss(hits, &rows, target, exposure);
        let descend =
            |(q, (chunk, share)): (usize, (&mut Chunk, &mut Vec<Rgba>))| loss.descend(q, chunk, &places, share, pool);
        let losses: Vec<f64> = chunks.par_iter_mut().zip(shares.par_iter_mut()).enumerate().map(descend).collect();
        let mean = loss.mean(&losses);
        let sums = loss.static_gradient(&places, shares);
        self.move_statics(&places, &sums);
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
    fn move_statics(&mut self, places: &[Place], sums: &[Rgba]) {
        let n = self.grid.tile_texels();
        let statics = places.iter().filter(|place| place.first & LOOPING == 0);
        for (place, sums) in statics.zip(sums.chunks_exact(n)) {
            let backdrop = place.plane + 1 == self.grid.table.planes;
            for (i, g) in (place.first as usize..).zip(sums) {
                if self.static_coverage[i] == 0.0 {
                    continue;
                }
                let (m, v) = (&mut self.static_first_moments[i], &mut self.static_second_moments[i]);
                let (delta, texel) = (place.adam.texel(g, m, v), &mut self.statics[i]);
                for c in 0..4 {
                    texel[c] += delta[c];
                }
                *texel = project(*texel, backdrop);
            }
        }
    }
}

impl Loss<'_> {
    /// Moves one chunk of frames, and leaves in `share` what it says of the static texels. Returns Σ ψ.
    fn descend(&self, q: usize, chunk: &mut Chunk, places: &[Place], share: &mut [Rgba], pool: &Pool) -> f64 {
        chunk.wake();
        pool.lend(self.rows.count, chunk.texels.len(), |gradients| {
            let out = &mut Gradients { statics: share, loopings: gradients };
            let penalty = self.pull(q, &chunk.texels, out);
            // A row of tiles moves when the next one has its gradients: these read the texels as they were, and what is
            // read and written is still in the cache.
            let mut above: &[Place] = &[];
            for row in places.chunk_by(|a, b| (a.plane, a.row) == (b.plane, b.row)) {
                self.smooth(q, &chunk.texels, row, out);
                self.move_loopings(chunk, above, out.loopings);
                above = row;
            }
            self.move_loopings(chunk, above, out.loopings);
            penalty
        })
    }

    fn move_loopings(&self, chunk: &mut Chunk, places: &[Place], gradients: &mut [Rgba8]) {
        let n = self.grid.tile_texels();
        for place in places.iter().filter(|place| place.first & LOOPING != 0) {
            let first = (place.first & !LOOPING) as usize;
            let opaque = place.plane + 1 == self.grid.table.planes;
            let gradients = &mut gradients[place.gradient_row..place.gradient_row + n];
            move_looping(chunk, gradients, first..first + n, self.looping_coverage, place.adam, opaque);
        }
    }

    /// The gradients of the static places, one after the other: the sum of the chunks' shares, in the order of chunks, and
    /// the total variation that all frames share. Clears the shares.
    pub(super) fn static_gradient(&self, places: &[Place], shares: &mut [Vec<Rgba>]) -> Vec<Rgba> {
        let n = self.grid.tile_texels();
        let statics: Vec<&Place> = places.iter().filter(|place| place.first & LOOPING == 0).collect();
        let mut sums = vec![[0.0; 4]; statics.len() * n];
        for (place, sums) in statics.iter().zip(sums.chunks_exact_mut(n)) {
            let first = place.first as usize;
            for share in shares.iter_mut() {
                for (sum, share) in sums.iter_mut().zip(&mut share[first..first + n]) {
                    let share = std::mem::take(share);
                    for c in 0..4 {
                        sum[c] += share[c];
                    }
                }
            }
        }
        sums.par_chunks_exact_mut(n)
            .zip(&statics)
            .for_each(|(sums, place)| add_static_total_variation(self, place, sums));
        for transparent in shares.iter_mut().filter_map(|share| share.last_mut()) {
            *transparent = [0.0; 4];
        }
        sums
    }
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
        chunk.texels[i] = Stored::of(project8(texel, backdrop));
    }
}
