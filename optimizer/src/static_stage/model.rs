//! The texels of the static stage: logits of straight RGBA, and what they are shown as.

use crate::grid::{Rgba, TexelGrid, for_neighbours, renumber};
use crate::kernels::adam::AdamStep;
use crate::kernels::compositor::static_tiles::TexelGradient;
use crate::kernels::planewise;
use loop3d_scene::{Tile, TileTable};
use rayon::prelude::*;

/// Opacity logit where nothing is known (METHOD §2.4): α = 0.047.
const ALPHA_LOGIT: f32 = -3.0;

/// Learning rate of opacity logits, as a multiple of that of colour. A texel of an empty place starts at a logit of -6.9 and must be able to turn
/// opaque within a level, and back: at the rate of colours light stayed spread over many planes (docs/EXPERIMENTS.md).
pub const OPACITY_RATE: f32 = 5.0;

/// Far below any gradient that matters: those are of the order of a colour difference times a weight.
pub const EPSILON: f32 = 1e-8;

/// A multiplane image under optimisation. All vectors are indexed by texel id.
#[derive(Clone, Debug)]
pub struct StaticModel {
    /// Where the texels are; every tile is static.
    pub grid: TexelGrid,
    /// First texel of each plane, and the total.
    pub starts: Vec<usize>,
    /// Logits of straight RGBA. Activated before they are filtered (METHOD D2).
    pub logits: Vec<Rgba>,
    /// Premultiplied RGBA of the logits, and the transparent texel at the end.
    pub shown: Vec<Rgba>,
    first_moments: Vec<Rgba>,
    second_moments: Vec<Rgba>,
    steps: Vec<u32>,
}

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

/// Inverse of the logistic function, kept finite.
pub fn logit(y: f32) -> f32 {
    let y = y.clamp(1e-4, 1.0 - 1e-4);
    (y / (1.0 - y)).ln()
}

fn activate(l: &Rgba, opaque: bool) -> Rgba {
    let a = if opaque { 1.0 } else { sigmoid(l[3]) };
    [sigmoid(l[0]) * a, sigmoid(l[1]) * a, sigmoid(l[2]) * a, a]
}

impl StaticModel {
    /// A model of `logits` (one for each texel of `grid`).
    pub fn new(grid: TexelGrid, logits: Vec<Rgba>) -> Self {
        let n = grid.static_texel_count();
        debug_assert_eq!(logits.len(), n);
        let starts = planewise::static_starts(&grid);
        let mut model = Self {
            steps: vec![0; n / grid.tile_texels()],
            shown: vec![[0.0; 4]; n + 1],
            first_moments: vec![[0.0; 4]; n],
            second_moments: vec![[0.0; 4]; n],
            starts,
            logits,
            grid,
        };
        model.activate_all();
        model
    }

    /// First texel of the backdrop: the farthest plane, opaque always, so that no ray leaves the scene unseen.
    fn backdrop(&self) -> usize {
        self.starts[self.grid.table.planes - 1]
    }

    fn activate_all(&mut self) {
        let backdrop = self.backdrop();
        self.shown
            .par_iter_mut()
            .zip(&self.logits)
            .enumerate()
            .for_each(|(i, (shown, l))| *shown = activate(l, i >= backdrop));
    }

    /// One Adam step by the gradient of the shown texels. Texels that no pixel saw stay.
    pub fn step(&mut self, gradient: &TexelGradient, lr: f32) {
        let n = self.grid.tile_texels();
        let backdrop = self.backdrop();
        let tiles = self
            .logits
            .par_chunks_mut(n)
            .zip(self.shown.par_chunks_mut(n))
            .zip(self.first_moments.par_chunks_mut(n))
            .zip(self.second_moments.par_chunks_mut(n))
            .zip(&mut self.steps)
            .zip(gradient.gradient.par_chunks(n))
            .zip(gradient.coverage.par_chunks(n))
            .enumerate();
        tiles.for_each(|(tile, ((((((logits, shown), m), v), step), g), cover))| {
            if cover.iter().all(|c| *c == 0.0) {
                return;
            }
            *step += 1;
            let [colour, opacity] = [1.0, OPACITY_RATE].map(|rate| AdamStep::new(rate * lr, *step, EPSILON));
            let opaque = tile * n >= backdrop;
            for i in 0..n {
                if cover[i] == 0.0 {
                    continue;
                }
                let (g, s) = (g[i], shown[i]);
                let a = s[3];
                // Chain rule of c·a and a, with c = σ(l): dc/dl = c (1 − c).
                let c = std::array::from_fn::<f32, 3, _>(|k| s[k] / a.max(1e-6));
                let mut d = [0.0; 4];
                for k in 0..3 {
                    d[k] = g[k] * a * c[k] * (1.0 - c[k]);
                }
                if !opaque {
                    d[3] = (g[3] + (0..3).map(|k| g[k] * c[k]).sum::<f32>()) * a * (1.0 - a);
                }
                for k in 0..4 {
                    let adam = if k < 3 { &colour } else { &opacity };
                    logits[i][k] += adam.delta(d[k], &mut m[i][k], &mut v[i][k]);
                }
                shown[i] = activate(&logits[i], opaque);
            }
        });
    }

    /// Adds the gradient of the total variation in texture space, between true neighbours of a plane: L1 of
    /// differences of premultiplied colour (weight `rgb`) and of opacity (`alpha`), scaled by how well a texel is seen.
    pub fn add_total_variation(&self, rgb: f32, alpha: f32, gradient: &mut TexelGradient) {
        let grid = &self.grid;
        let n = grid.tile_texels();
        let places: Vec<_> = grid.places().collect();
        gradient.gradient.par_chunks_mut(n).zip(gradient.coverage.par_chunks(n)).zip(&places).for_each(
            |((g, cover), &(plane, row, column, _))| {
                if cover.iter().all(|c| *c == 0.0) {
                    return;
                }
                let (x0, y0) = ((column * grid.side) as i64, (row * grid.side) as i64);
                for_neighbours(grid, plane, x0, y0, |i, own, neighbour| {
                    let (s, t) = (self.shown[own as usize], self.shown[neighbour as usize]);
                    let weight = cover[i].min(1.0);
                    for k in 0..4 {
                        let d = s[k] - t[k];
                        if d != 0.0 {
                            g[i][k] += weight * if k < 3 { rgb } else { alpha } * d.signum();
                        }
                    }
                });
            },
        );
    }

    /// The same image at another number of texels a side, on the tiles of `grid` (a subset of this one's).
    pub fn resampled(&self, grid: TexelGrid) -> Self {
        let n = grid.tile_texels();
        let ratio = self.grid.side as f64 / grid.side as f64;
        let places: Vec<_> = grid.places().collect();
        let mut logits = vec![[0.0; 4]; grid.static_texel_count()];
        logits.par_chunks_mut(n).zip(&places).for_each(|(out, &(plane, row, column, _))| {
            for (i, out) in out.iter_mut().enumerate() {
                let (x, y) = (column * grid.side + i % grid.side, row * grid.side + i / grid.side);
                let at = |p: usize| (p as f64 + 0.5) * ratio - 0.5;
                *out = self.logits_at(plane, at(x), at(y));
            }
        });
        Self::new(grid, logits)
    }

    /// The same texels on the tiles that `table` keeps (any kind counts as static), with a fresh optimiser.
    pub fn on_tiles(&self, mut table: TileTable) -> Self {
        for tile in &mut table.tiles {
            if *tile != Tile::Empty {
                *tile = Tile::Static(0);
            }
        }
        renumber(&mut table);
        self.resampled(TexelGrid::new(table, self.grid.side))
    }

    /// Bilinear logits at texel coordinates; taps in empty places do not count.
    fn logits_at(&self, plane: usize, x: f64, y: f64) -> Rgba {
        let (x0, y0) = (x.floor(), y.floor());
        let (fx, fy) = ((x - x0) as f32, (y - y0) as f32);
        let (mut sum, mut total) = ([0.0; 4], 0.0);
        for (dx, dy, w) in
            [(0, 0, (1.0 - fx) * (1.0 - fy)), (1, 0, fx * (1.0 - fy)), (0, 1, (1.0 - fx) * fy), (1, 1, fx * fy)]
        {
            let id = self.grid.texel(plane, x0 as i64 + dx, y0 as i64 + dy) as usize;
            if let Some(l) = self.logits.get(id) {
                total += w;
                for k in 0..4 {
                    sum[k] += w * l[k];
                }
            }
        }
        if total > 0.0 { sum.map(|s| s / total) } else { [0.0, 0.0, 0.0, ALPHA_LOGIT] }
    }

    /// Number of tiles.
    pub fn tiles(&self) -> usize {
        self.steps.len()
    }
}
