//! Sinkhorn: choosing keys so that the loop uses the clip evenly, by entropic optimal transport between the queries and the
//! keys of a location (Cuturi 2013).
//!
//! The normalised score of METHOD §4.5, D14 with ρ = 0 brings back what the loop has lost, but counts a rare key as much as a
//! common one: on campfire the loop came out a tenth too bright. Here every query has mass 1 and every key T/K, so that
//! the loop's frames are distributed as the clip's: `f(i) = argmin_j d_ij − ε ln v_j`, with scalings v of the keys from Sinkhorn's
//! iteration on `exp(−d_ij / ε)`.

use super::Table;
use multiversion::multiversion;

/// Sinkhorn iterations. Scalings need not be exact: the choice is an argmin, and searches repeat.
pub(crate) const ITERATIONS: usize = 8;
/// Least sum that a row or column is divided by: below it a key is so far from every query that it stays out.
pub(crate) const LEAST: f32 = 1e-12;
/// Values handled at once; tables are padded to it.
const LANES: usize = 8;

/// Buffers of [`balanced_keys`], kept between locations.
#[derive(Default)]
pub struct Scratch {
    kernel: Vec<f32>,
    scaling: Vec<f32>,
    sums: Vec<f32>,
}

/// `exp` for arguments from −87 to 0, relative error below 4e-6: 2^x by exponent bits and a polynomial.
#[inline(always)]
fn exp(x: f32) -> f32 {
    let y = x.max(-87.0) * std::f32::consts::LOG2_E;
    let whole = y.floor();
    let z = y - whole;
    let p = 1.0
        + z * (std::f32::consts::LN_2
            + z * (0.240_226_5 + z * (0.055_504_1 + z * (0.009_618_1 + z * (0.001_333_4 + z * 0.000_154)))));
    p * f32::from_bits(((whole as i32 + 127) as u32) << 23)
}

/// The key of each query. `entropic_epsilon` is ε as a fraction of the table's mean distance.
#[multiversion(targets("x86_64+avx2"))]
pub fn balanced_keys(table: &Table<'_>, entropic_epsilon: f32, scratch: &mut Scratch, out: &mut [u16]) {
    let (queries, keys, width) = (table.queries, table.keys, table.width);
    let rows = table.values.chunks_exact(width).take(queries);
    let total: f32 = rows.clone().map(|row| row[..keys].iter().sum::<f32>()).sum();
    let epsilon = entropic_epsilon * total / (queries * keys) as f32;
    if epsilon <= 0.0 {
        // All patches are alike: any key is right.
        return out.fill(0);
    }
    let Scratch { kernel, scaling, sums } = scratch;
    kernel.clear();
    for row in rows.clone() {
        let least = row[..keys].iter().copied().fold(f32::INFINITY, f32::min);
        // Padding columns hold +∞, which becomes e^−87: nothing beside the rest.
        kernel.extend(row.iter().map(|d| exp((least - d) / epsilon)));
    }
    scaling.clear();
    scaling.resize(width, 1.0);
    let mass = queries as f32 / keys as f32;
    for _ in 0..ITERATIONS {
        sums.clear();
        sums.resize(width, 0.0);
        for row in kernel.chunks_exact(width) {
            let mut dots = [0.0f32; LANES];
            for (k, v) in row.chunks_exact(LANES).zip(scaling.chunks_exact(LANES)) {
                for lane in 0..LANES {
                    dots[lane] += k[lane] * v[lane];
                }
            }
            let scale = 1.0 / dots.iter().sum::<f32>().max(LEAST);
            for (sum, k) in sums.iter_mut().zip(row) {
                *sum += scale * k;
            }
        }
        for (scaling, sum) in scaling.iter_mut().zip(sums.iter()) {
            *scaling = mass / sum.max(LEAST);
        }
    }
    for (row, out) in kernel.chunks_exact(width).zip(out) {
        let mut best = (f32::NEG_INFINITY, 0);
        for key in 0..keys {
            let score = row[key] * scaling[key];
            if score > best.0 {
                best = (score, key);
            }
        }
        *out = best.1 as u16;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys_of(distances: &[&[f32]], entropic_epsilon: f32) -> Vec<u16> {
        let keys = distances[0].len();
        let width = keys.next_multiple_of(LANES);
        let mut values = Vec::new();
        for row in distances {
            values.extend_from_slice(row);
            values.resize(values.len() + width - keys, f32::INFINITY);
        }
        let table = Table { row: 0, column: 0, queries: distances.len(), keys, width, values: &values };
        let mut out = vec![0; distances.len()];
        balanced_keys(&table, entropic_epsilon, &mut Scratch::default(), &mut out);
        out
    }

    #[test]
    fn exp_is_exp() {
        for i in 0..=860 {
            let x = -f32::from(i as i16) / 10.0;
            let (fast, exact) = (f64::from(exp(x)), f64::from(x).exp());
            assert!((fast / exact - 1.0).abs() < 1e-5, "exp({x}) = {fast}, not {exact}");
        }
    }

    #[test]
    fn queries_that_all_like_one_key_share_the_keys() {
        // Plain nearest neighbours would give (0, 0); the best sharing gives the second query, which minds less, key 1.
        assert_eq!(keys_of(&[&[1.0, 9.0], &[1.0, 4.0]], 0.1), [0, 1]);
    }

    #[test]
    fn a_permutation_finds_itself() {
        assert_eq!(keys_of(&[&[5.0, 0.0, 6.0], &[0.0, 4.0, 5.0], &[7.0, 5.0, 0.0]], 0.2), [1, 0, 2]);
    }

    #[test]
    fn a_rare_key_gets_no_more_than_its_share() {
        // Nine keys like the first and one unlike: of ten equal queries one takes the odd key, not half of them.
        let row: Vec<f32> = (0..10).map(|k| if k == 9 { 4.0 } else { 1.0 + 0.01 * k as f32 }).collect();
        let rows: Vec<Vec<f32>> = (0..10)
            .map(|q| row.iter().enumerate().map(|(k, d)| d + 0.1 * ((q + 10 - k) % 10) as f32).collect())
            .collect();
        let rows: Vec<&[f32]> = rows.iter().map(Vec::as_slice).collect();
        let odd = keys_of(&rows, 0.1).into_iter().filter(|k| *k == 9).count();
        assert!((1..=2).contains(&odd), "{odd} of ten queries took the odd key");
    }
}
