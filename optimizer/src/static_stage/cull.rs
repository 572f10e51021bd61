//! Which tiles stay, and which of them move (METHOD §3.6, D13, by contribution instead of by opacity).
//!
//! A texel counts by what it adds to an image of any training view: `Tₖ·αₖ`, opacity times what is left of the ray.
//! So tiles behind an opaque surface are culled, too. Whether a texel loops is the average of the views' loopable masks under the
//! same weights: the published method learns that fraction by descent (METHOD §2.6, §3.3), but with opacity held fixed it
//! is this average.

use super::model::StaticModel;
use crate::grid::renumber;
use crate::hits::Hits;
use crate::kernels::compositor::static_tiles;
use loop3d_scene::{Tile, TileTable};
use rayon::prelude::*;
use std::ops::Range;

/// Contribution that always counts as seen.
const SEEN: f32 = 0.2;
/// Fraction of a pixel's light that seen texels make up at least. Where fine or slanted surfaces spread over many planes no
/// one of them may reach [`SEEN`].
const COVER: f32 = 0.8;
/// Least bilinear weight of a texel that a pixel sees.
const LEAST_WEIGHT: f32 = 0.1;
/// Least fraction of a tile's texels that must be seen; fewer are a speck.
const SEEN_FRACTION: f64 = 1.0 / 10.0;
/// Least fraction of a tile's texels that must be seen to loop.
const LOOPING_FRACTION: f64 = 1.0 / 32.0;

/// A texel loops if more than this fraction of its light falls on loopable pixels.
const LOOPING_LIGHT: f32 = 0.5;

/// A tile that is seen loops, too, if at least so many of the four beside it on its plane do.
const SURROUNDED: usize = 3;

/// What the training views see of each texel.
#[derive(Clone, Debug)]
pub struct Contribution {
    /// Whether some pixel sees this texel.
    seen: Vec<bool>,
    /// Σ of bilinear weight · T · α.
    total: Vec<f32>,
    /// Σ of the same over loopable pixels.
    looping: Vec<f32>,
}

impl Contribution {
    /// Nothing seen yet.
    pub fn new(model: &StaticModel) -> Self {
        let n = model.grid.static_texel_count();
        Self { seen: vec![false; n], total: vec![0.0; n], looping: vec![0.0; n] }
    }

    /// Adds one view: its hits and, where looping matters, its loopable mask (one flag for each pixel).
    pub fn add(&mut self, model: &StaticModel, hits: &Hits, loopable: Option<&[bool]>) {
        let forward = static_tiles::forward(hits, &model.shown);
        // Hits of a pixel: (T·α, index, T).
        let mut shares: Vec<(f32, usize, f32)> = Vec::new();
        for pixel in 0..hits.pixels() {
            let loops = loopable.is_some_and(|mask| mask[pixel]);
            let mut through = 1.0;
            shares.clear();
            for k in hits.of(pixel) {
                let alpha = forward.samples[k][3];
                shares.push((through * alpha, k, through));
                through *= 1.0 - alpha;
            }
            shares.sort_by(|a, b| b.0.total_cmp(&a.0));
            let mut uncovered = COVER * (1.0 - through);
            for &(share, k, through) in &shares {
                let needed = uncovered > 0.0;
                uncovered -= share;
                let hit = &hits.hits[k];
                for (tap, w) in hit.taps.into_iter().zip(hit.weights()) {
                    let tap = tap as usize;
                    let Some(seen) = self.seen.get_mut(tap) else { continue };
                    let share = through * model.shown[tap][3];
                    *seen |= w > LEAST_WEIGHT && (needed || share > SEEN);
                    self.total[tap] += w * share;
                    if loops {
                        self.looping[tap] += w * share;
                    }
                }
            }
        }
    }

    /// The table of the tiles that stay, all static.
    pub fn kept(&self, model: &StaticModel) -> TileTable {
        let least = least(model.grid.tile_texels(), SEEN_FRACTION);
        // The backdrop stays: it is all that there is where something before it lets light through.
        let backdrop = model.grid.table.planes - 1;
        self.table(model, |plane, texels| {
            let stays = plane == backdrop || texels.filter(|i| self.seen[*i]).count() >= least;
            if stays { Tile::Static(0) } else { Tile::Empty }
        })
    }

    /// The table of all tiles: looping where enough of their seen texels lie under loopable pixels, or where motion surrounds
    /// them.
    pub fn labelled(&self, model: &StaticModel) -> TileTable {
        let least = least(model.grid.tile_texels(), LOOPING_FRACTION);
        let loops = |i: &usize| self.seen[*i] && self.looping[*i] > LOOPING_LIGHT * self.total[*i];
        let table =
            self.table(
                model,
                |_, texels| {
                    if texels.filter(loops).count() >= least { Tile::Looping(0) } else { Tile::Static(0) }
                },
            );
        self.filled(model, table, least)
    }

    /// `table` with tiles in the midst of motion looping as well. The heart of a flame is as bright in every frame, so no pixel
    /// of it moves; still it belongs to the flame, and as a static tile it is a square that floats in it.
    fn filled(&self, model: &StaticModel, mut table: TileTable, least: usize) -> TileTable {
        let n = model.grid.tile_texels();
        let surrounded: Vec<usize> = (model.grid.places().enumerate())
            .filter(|&(slot, (plane, row, column, _))| {
                let (y, x) = (row as i64, column as i64);
                let beside = [(y, x - 1), (y, x + 1), (y - 1, x), (y + 1, x)];
                let looping = beside.iter().filter(|(y, x)| matches!(table.get(plane, *y, *x), Tile::Looping(_)));
                looping.count() >= SURROUNDED && (slot * n..(slot + 1) * n).filter(|i| self.seen[*i]).count() >= least
            })
            .map(|(_, (plane, row, column, _))| table.index(plane, row, column))
            .collect();
        for index in surrounded {
            table.tiles[index] = Tile::Looping(0);
        }
        renumber(&mut table);
        table
    }

    /// The model's table with what `label` makes of a tile's plane and texels.
    fn table(&self, model: &StaticModel, label: impl Fn(usize, Range<usize>) -> Tile + Sync) -> TileTable {
        let grid = &model.grid;
        let n = grid.tile_texels();
        let places: Vec<_> = grid.places().collect();
        let labels: Vec<Tile> =
            (0..places.len()).into_par_iter().map(|slot| label(places[slot].0, slot * n..(slot + 1) * n)).collect();
        let mut table = grid.table.clone();
        for (&(plane, row, column, _), label) in places.iter().zip(labels) {
            let index = table.index(plane, row, column);
            table.tiles[index] = label;
        }
        renumber(&mut table);
        table
    }
}

/// The least number of `texels` that makes up a fraction.
fn least(texels: usize, fraction: f64) -> usize {
    (texels as f64 * fraction).ceil() as usize
}
