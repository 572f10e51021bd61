//! Semi-global matching (Hirschmüller 2008): a cost volume smoothed so that neighbours lie on near planes.
//!
//! `S(x, k) = Σ_r L_r(x, k)` over four directions, with
//! `L_r(x, k) = C(x, k) + min(L_r(x−r, k), L_r(x−r, k±1) + P1, min_i L_r(x−r, i) + P2) − min_i L_r(x−r, i)`.

use rayon::prelude::*;

/// Cost of stepping to a neighbouring plane between neighbouring texels.
const STEP: f32 = 0.25;
/// Cost of jumping to any other plane.
const JUMP: f32 = 2.0;

/// Costs of all planes at all texels: `[rows, columns, planes]`.
pub struct Volume {
    /// Number of rows.
    pub rows: usize,
    /// Number of columns.
    pub columns: usize,
    /// Number of planes.
    pub planes: usize,
    /// `rows · columns · planes` costs, finite.
    pub costs: Vec<f32>,
}

impl Volume {
    /// Costs of all planes at one texel.
    pub fn at(&self, texel: usize) -> &[f32] {
        &self.costs[texel * self.planes..(texel + 1) * self.planes]
    }

    /// The sum of the costs along the four directions, divided by four: of the same scale as the costs.
    pub fn smoothed(&self) -> Self {
        let (rows, columns) = (self.rows, self.columns);
        let row = |y: usize| (0..columns).map(move |x| y * columns + x);
        let column = |x: usize| (0..rows).map(move |y| y * columns + x);
        let across: Vec<Vec<f32>> = (0..rows).into_par_iter().map(|y| self.both_ways(row(y).collect())).collect();
        let down: Vec<Vec<f32>> = (0..columns).into_par_iter().map(|x| self.both_ways(column(x).collect())).collect();
        let mut costs = across.concat();
        costs.par_chunks_mut(columns * self.planes).enumerate().for_each(|(y, line)| {
            for (x, out) in line.chunks_mut(self.planes).enumerate() {
                for (out, down) in out.iter_mut().zip(&down[x][y * self.planes..]) {
                    *out = 0.25 * (*out + down);
                }
            }
        });
        Self { rows, columns, planes: self.planes, costs }
    }

    /// Sum of the path costs along a line of texels, forwards and backwards: `[texel of the line][plane]`.
    fn both_ways(&self, line: Vec<usize>) -> Vec<f32> {
        let n = self.planes;
        let mut sum = vec![0.0; line.len() * n];
        let mut last = vec![0.0; n];
        let mut next = vec![0.0; n];
        for backwards in [false, true] {
            last.fill(0.0);
            for step in 0..line.len() {
                let at = if backwards { line.len() - 1 - step } else { step };
                let least = last.iter().copied().fold(f32::INFINITY, f32::min);
                for (k, cost) in self.at(line[at]).iter().enumerate() {
                    let mut best = last[k].min(least + JUMP);
                    if k > 0 {
                        best = best.min(last[k - 1] + STEP);
                    }
                    if k + 1 < n {
                        best = best.min(last[k + 1] + STEP);
                    }
                    next[k] = cost + best - least;
                    sum[at * n + k] += next[k];
                }
                std::mem::swap(&mut last, &mut next);
            }
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_contradicting_texel_follows_its_neighbours() {
        // 5 × 5 texels, 3 planes: all like plane 2, the middle one likes plane 0 a little better.
        let mut costs: Vec<f32> = [2.0, 2.0, 0.0].repeat(25);
        costs[12 * 3..13 * 3].copy_from_slice(&[0.5, 2.0, 1.0]);
        let volume = Volume { rows: 5, columns: 5, planes: 3, costs };
        let smooth = volume.smoothed();
        for texel in 0..25 {
            let c = smooth.at(texel);
            assert!(c[2] < c[0] && c[2] < c[1], "texel {texel}: {c:?}");
        }
    }

    #[test]
    fn a_line_by_hand() {
        // Two texels in a row, two planes. Forwards: L(0) = C(0) = (0, 1), L(1) = (1 + 0, 0 + min(1, 0.25)) = (1, 0.25).
        // Backwards: L(1) = (1, 0), L(0) = (0 + min(1, 0.25), 1 + 0) = (0.25, 1). A column of one adds C twice.
        let volume = Volume { rows: 1, columns: 2, planes: 2, costs: vec![0.0, 1.0, 1.0, 0.0] };
        let expected = [0.25, 2.0 + 2.0, 2.0 + 2.0, 0.25].map(|s: f32| s / 4.0);
        let found = volume.smoothed().costs;
        for (f, e) in found.iter().zip(expected) {
            assert!((f - e).abs() < 1e-6, "{found:?} {expected:?}");
        }
    }
}
