//! Which tiles stay, and which of them move (spec §3.6, by contribution instead of by opacity).
//!
//! A texel counts by what it adds to a picture: `Tₖ·αₖ`, opacity times what is left of the ray, at its best over all
//! training views. So tiles behind an opaque surface go, too. Whether a texel loops is the average of the views'
//! loopable masks under the same weights: the published method learns that share by descent (spec §2.6, §3.3), but
//! with opacity held fixed it is this average.

use super::model::StaticModel;
use crate::grid::renumber;
use crate::hits::Hits;
use crate::kernels::still;
use loop3d_scene::{Tile, TileTable};
use rayon::prelude::*;

/// Least contribution of a texel that is seen.
const SEEN: f32 = 0.05;
/// Least share of a tile's texels that must be seen; fewer are a speck.
const SEEN_SHARE: f64 = 1.0 / 32.0;
/// Least share of a tile's texels that must be seen to loop.
const LOOPING_SHARE: f64 = 1.0 / 32.0;

/// What the training views see of each texel.
#[derive(Clone, Debug)]
pub struct Contribution {
    /// Greatest `T·α` over all pixels that mostly see this texel.
    best: Vec<f32>,
    /// Σ of bilinear weight · T · α.
    total: Vec<f32>,
    /// Σ of the same over loopable pixels.
    looping: Vec<f32>,
}

impl Contribution {
    /// Nothing seen yet.
    pub fn new(model: &StaticModel) -> Self {
        let zeros = vec![0.0; model.grid.static_texels()];
        Self { best: zeros.clone(), total: zeros.clone(), looping: zeros }
    }

    /// Adds one view: its hits and, where looping matters, its loopable mask (one flag for each pixel).
    pub fn add(&mut self, model: &StaticModel, hits: &Hits, loopable: Option<&[bool]>) {
        let forward = still::forward(hits, &model.shown);
        for pixel in 0..hits.pixels() {
            let loops = loopable.is_some_and(|mask| mask[pixel]);
            let mut through = 1.0;
            for k in hits.of(pixel) {
                let hit = &hits.hits[k];
                for (tap, w) in hit.taps.into_iter().zip(hit.weights()) {
                    let tap = tap as usize;
                    let Some(best) = self.best.get_mut(tap) else { continue };
                    let share = through * model.shown[tap][3];
                    if w > 0.1 {
                        *best = best.max(share);
                    }
                    self.total[tap] += w * share;
                    if loops {
                        self.looping[tap] += w * share;
                    }
                }
                through *= 1.0 - forward.samples[k][3];
            }
        }
    }

    /// The table of the tiles that stay: looping where enough of their seen texels lie under loopable pixels.
    pub fn table(&self, model: &StaticModel) -> TileTable {
        let grid = &model.grid;
        let n = grid.tile_texels();
        let least = |share: f64| (n as f64 * share).ceil() as usize;
        let places: Vec<_> = grid.places().collect();
        let labels: Vec<Tile> = (0..places.len())
            .into_par_iter()
            .map(|slot| {
                let seen = |i: &usize| self.best[*i] > SEEN;
                let count = (slot * n..(slot + 1) * n).filter(seen).count();
                let loops = |i: &usize| seen(i) && self.looping[*i] > 0.5 * self.total[*i];
                if count < least(SEEN_SHARE) && places[slot].0 + 1 == grid.table.planes {
                    // The backdrop stays: it is all that there is where something before it lets light through.
                    Tile::Static(0)
                } else if count < least(SEEN_SHARE) {
                    Tile::Empty
                } else if (slot * n..(slot + 1) * n).filter(loops).count() >= least(LOOPING_SHARE) {
                    Tile::Looping(0)
                } else {
                    Tile::Static(0)
                }
            })
            .collect();
        let mut table = grid.table.clone();
        for (&(plane, row, column, _), label) in places.iter().zip(labels) {
            let index = table.index(plane, row, column);
            table.tiles[index] = label;
        }
        renumber(&mut table);
        table
    }
}
