//! The vocabulary of a step: the tiles that it moves, and the loss that it descends.

use super::rows::Rows;
use super::{EPSILON, LoopingModel, Target};
use crate::grid::{LOOPING, Rgba, TexelGrid};
use crate::hits::Hits;
use crate::kernels::adam::AdamStep;
use loop3d_scene::Tile;

/// A tile that a step moves.
pub(super) struct Place {
    pub plane: usize,
    pub row: usize,
    pub column: usize,
    /// Id of its first texel.
    pub first: u32,
    /// First row of its gradients if it loops, see [`Rows`].
    pub gradient_row: usize,
    pub adam: AdamStep,
}

/// Everything that a step's loss reads, except the looping texels: those belong to their chunk.
pub(super) struct Loss<'a> {
    pub grid: &'a TexelGrid,
    pub static_texels: &'a [Rgba],
    pub static_coverage: &'a [f32],
    pub looping_coverage: &'a [f32],
    pub frames: usize,
    pub hits: &'a Hits,
    pub rows: &'a Rows,
    pub target: &'a Target,
    pub exposure: f32,
}

impl LoopingModel {
    /// Adds up the coverage of the texels that a window sees, and lists their tiles with the step that each takes.
    pub(super) fn mark_visible(&mut self, hits: &Hits, rows: &Rows, lr: f32) -> Vec<Place> {
        for hit in &hits.hits {
            for (tap, w) in hit.taps.into_iter().zip(hit.weights()) {
                match tap & LOOPING {
                    0 => self.static_coverage[tap as usize] += w,
                    _ => self.looping_coverage[(tap & !LOOPING) as usize] += w,
                }
            }
        }
        let n = self.grid.tile_texels();
        let static_tiles = self.grid.static_texel_count() / n;
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

    /// The loss of one window.
    pub(super) fn loss<'a>(&'a self, hits: &'a Hits, rows: &'a Rows, target: &'a Target, exposure: f32) -> Loss<'a> {
        Loss {
            grid: &self.grid,
            static_texels: &self.static_texels,
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
