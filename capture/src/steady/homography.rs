//! The homography between two sets of places, whatever some of them do.

use super::grey::through;
use glam::{DMat3, DVec2};

/// Tries of four pairs.
const TRIES: usize = 200;
/// Pairs within this distance, in pixels, belong to it.
const NEAR_PX: f64 = 1.0;
/// Fewest pairs that tell one.
const FEWEST: usize = 12;
/// Refits with weights.
const REFITS: usize = 5;

/// The homography that takes most of `pairs` from their first place to their second; `None` where fewer than 12 agree on one.
/// The same pairs give the same answer.
pub(crate) fn robust(pairs: &[(DVec2, DVec2)]) -> Option<DMat3> {
    let all = vec![1.0; pairs.len()];
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let mut draw = || {
        // xorshift: any even spread will do.
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random % pairs.len().max(1) as u64) as usize
    };
    if pairs.len() < FEWEST {
        return None;
    }
    let belonging = |map: &DMat3| pairs.iter().filter(|pair| off(map, pair) < NEAR_PX).count();
    let mut best = fit(pairs, &all)?;
    let mut most = belonging(&best);
    for _ in 0..TRIES {
        let four = [draw(), draw(), draw(), draw()].map(|index| pairs[index]);
        if let Some(map) = fit(&four, &[1.0; 4]) {
            let count = belonging(&map);
            if count > most {
                (best, most) = (map, count);
            }
        }
    }
    for _ in 0..REFITS {
        // Full weight to what fits, falling off smoothly, none beyond three times the distance.
        let weight = |pair: &(DVec2, DVec2)| {
            let share = off(&best, pair) / (3.0 * NEAR_PX);
            if share < 1.0 { (1.0 - share * share).powi(2) } else { 0.0 }
        };
        let weights: Vec<f64> = pairs.iter().map(weight).collect();
        best = fit(pairs, &weights)?;
    }
    (belonging(&best) >= FEWEST).then_some(best)
}

/// How far a pair is off a homography, in pixels.
pub(crate) fn off(map: &DMat3, (from, to): &(DVec2, DVec2)) -> f64 {
    through(map, *from).distance(*to)
}

/// Weighted least squares for the eight numbers of a homography whose ninth is 1: good for views that differ little, where the
/// algebraic error is the distance in pixels.
fn fit(pairs: &[(DVec2, DVec2)], weights: &[f64]) -> Option<DMat3> {
    // Places around 0 and of size 1 keep the equations well apart.
    let middle = pairs.iter().map(|pair| pair.0).sum::<DVec2>() / pairs.len() as f64;
    let spread = pairs.iter().map(|pair| pair.0.distance(middle)).sum::<f64>() / pairs.len() as f64;
    if spread.is_nan() || spread < 1e-6 {
        return None;
    }
    let small = |place: DVec2| (place - middle) / spread;
    let mut equations = [[0.0; 9]; 8];
    for (pair, &weight) in pairs.iter().zip(weights) {
        let (p, q) = (small(pair.0), small(pair.1));
        let rows = [
            [p.x, p.y, 1.0, 0.0, 0.0, 0.0, -p.x * q.x, -p.y * q.x, q.x],
            [0.0, 0.0, 0.0, p.x, p.y, 1.0, -p.x * q.y, -p.y * q.y, q.y],
        ];
        for row in rows {
            for (i, sums) in equations.iter_mut().enumerate() {
                for (sum, value) in sums.iter_mut().zip(row) {
                    *sum += weight * row[i] * value;
                }
            }
        }
    }
    let h = solve(equations)?;
    let map = DMat3::from_cols_array(&[h[0], h[3], h[6], h[1], h[4], h[7], h[2], h[5], 1.0]);
    let to_small = DMat3::from_scale(DVec2::splat(1.0 / spread)) * DMat3::from_translation(-middle);
    let map = to_small.inverse() * map * to_small;
    map.is_finite().then(|| map * (1.0 / map.z_axis.z))
}

/// Gauss's elimination with pivots; `None` where the equations do not tell.
fn solve(mut rows: [[f64; 9]; 8]) -> Option<[f64; 8]> {
    for column in 0..8 {
        let pivot = (column..8).max_by(|&a, &b| rows[a][column].abs().total_cmp(&rows[b][column].abs()))?;
        if rows[pivot][column].is_nan() || rows[pivot][column].abs() < 1e-12 {
            return None;
        }
        rows.swap(column, pivot);
        let lead = rows[column];
        for row in rows.iter_mut().skip(column + 1) {
            let share = row[column] / lead[column];
            for (value, of_lead) in row.iter_mut().zip(lead) {
                *value -= share * of_lead;
            }
        }
    }
    let mut solution = [0.0; 8];
    for row in (0..8).rev() {
        let known: f64 = (row + 1..8).map(|column| rows[row][column] * solution[column]).sum();
        solution[row] = (rows[row][8] - known) / rows[row][row];
    }
    Some(solution)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_third_of_wrong_pairs_does_not_count() {
        let map = DMat3::from_cols_array(&[1.01, 0.02, 2e-6, -0.015, 0.99, -1e-6, 3.0, -2.0, 1.0]);
        let pairs: Vec<(DVec2, DVec2)> = (0..120)
            .map(|i| {
                let from = DVec2::new(f64::from(i * 37 % 640), f64::from(i * 91 % 360));
                let wrong =
                    if i % 3 == 0 { DVec2::new(5.0 + f64::from(i % 7), f64::from(i % 11) - 9.0) } else { DVec2::ZERO };
                (from, through(&map, from) + wrong)
            })
            .collect();
        let found = robust(&pairs).unwrap();
        for place in [DVec2::ZERO, DVec2::new(640.0, 0.0), DVec2::new(320.0, 360.0)] {
            assert!(through(&found, place).distance(through(&map, place)) < 1e-6);
        }
        assert!(robust(&pairs[..10]).is_none());
        let one_place = vec![(DVec2::ONE, DVec2::ONE); 40];
        assert!(robust(&one_place).is_none());
    }
}
