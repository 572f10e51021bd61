//! What a camera did between two sets of places, robust to outliers: nothing, a shift, a turn with a zoom, or a homography. The
//! simplest of these that explains nearly as much as the next is taken, because a homography of few features in one corner is far
//! off in the others.

use super::grey::through;
use glam::{DMat3, DVec2};

/// Trials, each with as few pairs as determine a motion.
const TRIES: usize = 200;
/// Pairs farther off than this, in pixels, do not count.
const NEAR_PX: f64 = 1.0;
/// Least support, in pairs, that determines a motion.
const FEWEST: f64 = 10.0;
/// Refits with weights.
const REFITS: usize = 5;

/// Kinds of motion, the simplest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    None,
    Shift,
    /// Shift, turn and zoom.
    Similarity,
    Homography,
}

const KINDS: [Kind; 4] = [Kind::None, Kind::Shift, Kind::Similarity, Kind::Homography];

impl Kind {
    /// Pairs that determine one.
    fn pairs(self) -> usize {
        match self {
            Self::None => 0,
            Self::Shift => 1,
            Self::Similarity => 2,
            Self::Homography => 4,
        }
    }

    /// Fraction of the best support that is enough: fire and water shift even static features, and a homography follows them a
    /// little.
    fn enough(self) -> f64 {
        match self {
            Self::None => 0.85,
            _ => 0.99,
        }
    }

    /// The motion of this kind that fits best by weighted least squares.
    fn fit(self, pairs: &[(DVec2, DVec2)], weights: &[f64]) -> Option<DMat3> {
        match self {
            Self::None => Some(DMat3::IDENTITY),
            Self::Homography => fit(pairs, weights),
            Self::Shift | Self::Similarity => {
                let total: f64 = weights.iter().sum();
                let mean = |of: &dyn Fn(&(DVec2, DVec2)) -> DVec2| -> DVec2 {
                    pairs.iter().zip(weights).map(|(pair, weight)| of(pair) * *weight).sum::<DVec2>() / total
                };
                let (from, to) = (mean(&|pair| pair.0), mean(&|pair| pair.1));
                let mut turned = DVec2::X;
                if self == Self::Similarity {
                    let (mut sum, mut square) = (DVec2::ZERO, 0.0);
                    for ((a, b), weight) in pairs.iter().zip(weights) {
                        let (a, b) = (*a - from, *b - to);
                        sum += *weight * DVec2::new(a.dot(b), a.perp_dot(b));
                        square += weight * a.length_squared();
                    }
                    turned = sum / square;
                }
                let shift = to - turned.rotate(from);
                let map =
                    DMat3::from_cols_array(&[turned.x, turned.y, 0., -turned.y, turned.x, 0., shift.x, shift.y, 1.]);
                map.is_finite().then_some(map)
            }
        }
    }

    /// The motion of this kind that most pairs agree on, and their support.
    fn robust(self, pairs: &[(DVec2, DVec2)]) -> Option<(DMat3, f64)> {
        let mut random = 0x2545_f491_4f6c_dd1d_u64;
        let mut draw = || {
            // xorshift: any even spread will do.
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            pairs[(random % pairs.len() as u64) as usize]
        };
        let mut best = self.fit(pairs, &vec![1.0; pairs.len()])?;
        let mut most = support(&best, pairs);
        if self != Self::None {
            for _ in 0..TRIES {
                let few: Vec<_> = (0..self.pairs()).map(|_| draw()).collect();
                if let Some(map) = self.fit(&few, &vec![1.0; few.len()]) {
                    let found = support(&map, pairs);
                    if found > most {
                        (best, most) = (map, found);
                    }
                }
            }
            for _ in 0..REFITS {
                let weights: Vec<f64> = pairs.iter().map(|pair| weight(&best, pair, 2.0 * NEAR_PX)).collect();
                best = self.fit(pairs, &weights)?;
            }
        }
        Some((best, support(&best, pairs)))
    }
}

/// The simplest motion that takes most of `pairs` from their first place to their second, and how many agree with it; `None` where too few agree on one.
/// The same pairs give the same answer.
pub(crate) fn robust(pairs: &[(DVec2, DVec2)]) -> Option<(DMat3, f64)> {
    if (pairs.len() as f64) < FEWEST {
        return None;
    }
    let found: Vec<(Kind, DMat3, f64)> =
        KINDS.iter().filter_map(|&kind| kind.robust(pairs).map(|(map, support)| (kind, map, support))).collect();
    let most = found.iter().map(|found| found.2).fold(0.0, f64::max);
    if most < FEWEST {
        return None;
    }
    found
        .into_iter()
        .find(|(kind, _, support)| *support >= kind.enough() * most)
        .map(|(_, map, support)| (map, support))
}

/// Pairs that agree with a motion, those that are a little off less.
fn support(map: &DMat3, pairs: &[(DVec2, DVec2)]) -> f64 {
    pairs.iter().map(|pair| weight(map, pair, NEAR_PX)).sum()
}

/// 1 for a pair that fits, falling off smoothly to 0 at the distance `none`.
fn weight(map: &DMat3, pair: &(DVec2, DVec2), none: f64) -> f64 {
    let fraction = off(map, pair) / none;
    if fraction < 1.0 { (1.0 - fraction * fraction).powi(2) } else { 0.0 }
}

/// How far a pair is off a homography, in pixels.
pub(crate) fn off(map: &DMat3, (from, to): &(DVec2, DVec2)) -> f64 {
    through(map, *from).distance(*to)
}

/// Weighted least squares for the eight numbers of a homography whose ninth is 1: good for views that differ little, where the
/// algebraic error is the distance in pixels.
fn fit(pairs: &[(DVec2, DVec2)], weights: &[f64]) -> Option<DMat3> {
    // Places around 0 and of size 1 keep the equations well conditioned.
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

/// Gaussian elimination with pivots; `None` where the equations are singular.
fn solve(mut rows: [[f64; 9]; 8]) -> Option<[f64; 8]> {
    for column in 0..8 {
        let pivot = (column..8).max_by(|&a, &b| rows[a][column].abs().total_cmp(&rows[b][column].abs()))?;
        if rows[pivot][column].is_nan() || rows[pivot][column].abs() < 1e-12 {
            return None;
        }
        rows.swap(column, pivot);
        let lead = rows[column];
        for row in rows.iter_mut().skip(column + 1) {
            let factor = row[column] / lead[column];
            for (value, of_lead) in row.iter_mut().zip(lead) {
                *value -= factor * of_lead;
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
        let found = robust(&pairs).unwrap().0;
        for place in [DVec2::ZERO, DVec2::new(640.0, 0.0), DVec2::new(320.0, 360.0)] {
            assert!(through(&found, place).distance(through(&map, place)) < 1e-6);
        }
        assert!(robust(&pairs[..9]).is_none());
    }

    #[test]
    fn the_plainest_motion_that_explains_it_is_taken() {
        let places: Vec<DVec2> =
            (0..80).map(|i| DVec2::new(f64::from(i * 37 % 640), f64::from(i * 91 % 360))).collect();
        let moved = |map: &DMat3| -> Vec<(DVec2, DVec2)> {
            let noise = |i: usize| DVec2::new((i as f64 * 1.7).sin(), (i as f64 * 2.9).sin()) * 0.15;
            places.iter().enumerate().map(|(i, place)| (*place, through(map, *place) + noise(i))).collect()
        };
        assert_eq!(robust(&moved(&DMat3::IDENTITY)).unwrap().0, DMat3::IDENTITY);
        let shift = DMat3::from_translation(DVec2::new(2.0, 1.0));
        let found = robust(&moved(&shift)).unwrap().0;
        assert!(found.x_axis.x == 1.0 && found.z_axis.truncate().distance(DVec2::new(2.0, 1.0)) < 0.05, "{found}");
        let turn = DMat3::from_scale_angle_translation(DVec2::splat(1.01), 0.01, DVec2::new(2.0, 1.0));
        let found = robust(&moved(&turn)).unwrap().0;
        assert!(found.x_axis.z == 0.0 && found.abs_diff_eq(turn, 0.2), "{found}");
    }
}
