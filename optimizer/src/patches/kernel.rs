//! The inner loops of the search, compiled twice: for AVX2 with FMA where the processor has them, and plainly.
//!
//! A table holds one number for each pair of frames, query frame major: `[height, width]` with the height padded to
//! [`TILE_ROWS`] and the width to [`LANES`], so that no loop has a remainder. Bodies are `inline(always)` functions
//! over `[f32; 8]`: they take on the instruction set of the function that they are inlined into.

use multiversion::multiversion;
use std::ops::Range;

/// Lanes of a vector, and the multiple that table widths are padded to.
pub(super) const LANES: usize = 8;
/// Rows of a register tile, and the multiple that table heights are padded to.
pub(super) const TILE_ROWS: usize = 4;

/// Frame-to-frame table of a segment: `out[i, j] = Σ_line (x[line, i] − y[line, j])²` over all lines (pixel and
/// channel) of `runs`. `x` is `[lines, height]`, `y` is `[lines, width]`, `out` is `[height, width]`.
///
/// Sums stay in registers, four query frames by sixteen key frames at a time: nothing is stored per pixel.
#[multiversion(targets("x86_64+avx2+fma"))]
pub(super) fn segment_table(x: &[f32], y: &[f32], runs: &[Range<usize>], height: usize, width: usize, out: &mut [f32]) {
    // Where there is no such instruction, a fused multiply-add is a slow call into libm.
    if multiversion::target::target_cfg_f!(target_feature = "fma") {
        segment_body::<true>(x, y, runs, height, width, out);
    } else {
        segment_body::<false>(x, y, runs, height, width, out);
    }
}

#[inline(always)]
fn segment_body<const FMA: bool>(
    x: &[f32],
    y: &[f32],
    runs: &[Range<usize>],
    height: usize,
    width: usize,
    out: &mut [f32],
) {
    for (tile, out) in out[..height * width].chunks_exact_mut(TILE_ROWS * width).enumerate() {
        let row = tile * TILE_ROWS;
        let mut column = 0;
        while column + 2 * LANES <= width {
            tile_sums::<FMA, 2>(x, y, runs, (height, width), (row, column), out);
            column += 2 * LANES;
        }
        if column < width {
            tile_sums::<FMA, 1>(x, y, runs, (height, width), (row, column), out);
        }
    }
}

/// One register tile: rows `row..row + 4`, columns `column..column + 8·VECTORS`. `out` starts at the tile's first row.
#[inline(always)]
fn tile_sums<const FMA: bool, const VECTORS: usize>(
    x: &[f32],
    y: &[f32],
    runs: &[Range<usize>],
    (height, width): (usize, usize),
    (row, column): (usize, usize),
    out: &mut [f32],
) {
    let mut sums = [[[0.0f32; LANES]; VECTORS]; TILE_ROWS];
    for run in runs {
        let x_lines = x[run.start * height..run.end * height].chunks_exact(height);
        let y_lines = y[run.start * width..run.end * width].chunks_exact(width);
        for (x, y) in x_lines.zip(y_lines) {
            let x = &x[row..row + TILE_ROWS];
            let y = &y[column..column + LANES * VECTORS];
            for (sums, &x) in sums.iter_mut().zip(x) {
                for (sums, y) in sums.iter_mut().zip(y.chunks_exact(LANES)) {
                    for (sum, &y) in sums.iter_mut().zip(y) {
                        let d = x - y;
                        *sum = if FMA { d.mul_add(d, *sum) } else { *sum + d * d };
                    }
                }
            }
        }
    }
    for (sums, out) in sums.iter().zip(out.chunks_exact_mut(width)) {
        for (sums, out) in sums.iter().zip(out[column..].chunks_exact_mut(LANES)) {
            out.copy_from_slice(sums);
        }
    }
}

/// `out = Σ tables`, in their order. All of one length, a multiple of `LANES · TILE_ROWS`.
#[multiversion(targets("x86_64+avx2+fma"))]
pub(super) fn sum_tables(tables: &[&[f32]], out: &mut [f32]) {
    const CHUNK: usize = LANES * TILE_ROWS;
    for (chunk, out) in out.chunks_exact_mut(CHUNK).enumerate() {
        let mut sums = [0.0f32; CHUNK];
        for table in tables {
            let table = &table[chunk * CHUNK..(chunk + 1) * CHUNK];
            for (sum, &value) in sums.iter_mut().zip(table) {
                *sum += value;
            }
        }
        out.copy_from_slice(&sums);
    }
}

/// `out += table`.
#[multiversion(targets("x86_64+avx2+fma"))]
pub(super) fn add_table(table: &[f32], out: &mut [f32]) {
    for (out, &value) in out.iter_mut().zip(table) {
        *out += value;
    }
}

/// Sum over time: `out[i, j] = Σ_{τ < span} table[(i + τ) mod frames, j + τ]` for `i < queries` and `j < keys`, and
/// +∞ in the padding after the keys, which no minimum ever picks. Both tables have rows of `width`.
#[multiversion(targets("x86_64+avx2+fma"))]
pub(super) fn diagonal_sums(
    table: &[f32],
    width: usize,
    frames: usize,
    span: usize,
    queries: usize,
    keys: usize,
    out: &mut [f32],
) {
    let row = |i: usize, shift: usize| {
        let start = ((i + shift) % frames) * width + shift;
        &table[start..start + keys]
    };
    for (i, out) in out.chunks_exact_mut(width).enumerate().take(queries) {
        let (out, padding) = out.split_at_mut(keys);
        padding.fill(f32::INFINITY);
        let mut done = 1;
        if span >= 3 {
            for (((out, &a), &b), &c) in out.iter_mut().zip(row(i, 0)).zip(row(i, 1)).zip(row(i, 2)) {
                *out = a + b + c;
            }
            done = 3;
        } else {
            out.copy_from_slice(row(i, 0));
        }
        for shift in done..span {
            for (out, &value) in out.iter_mut().zip(row(i, shift)) {
                *out += value;
            }
        }
    }
}

/// Least value of each column over the first `queries` rows of `width`.
#[multiversion(targets("x86_64+avx2+fma"))]
pub(super) fn column_minima(table: &[f32], width: usize, queries: usize, out: &mut [f32]) {
    out.fill(f32::INFINITY);
    for row in table.chunks_exact(width).take(queries) {
        for (out, &value) in out.iter_mut().zip(row) {
            *out = if value < *out { value } else { *out };
        }
    }
}

/// First column of the least value of each row, for as many rows as `out` is long. With `divisors` (one for each
/// column) of the least `value / divisor`. Padding columns hold +∞ and finite divisors.
#[multiversion(targets("x86_64+avx2+fma"))]
pub(super) fn row_argmins(table: &[f32], width: usize, divisors: Option<&[f32]>, out: &mut [u16]) {
    match divisors {
        None => {
            for (row, out) in table.chunks_exact(width).zip(out) {
                *out = argmin(row.chunks_exact(LANES).map(|chunk| std::array::from_fn(|lane| chunk[lane])));
            }
        }
        Some(divisors) => {
            for (row, out) in table.chunks_exact(width).zip(out) {
                let pairs = row.chunks_exact(LANES).zip(divisors.chunks_exact(LANES));
                *out = argmin(pairs.map(|(value, by)| std::array::from_fn(|lane| value[lane] / by[lane])));
            }
        }
    }
}

#[inline(always)]
fn argmin(chunks: impl Iterator<Item = [f32; LANES]>) -> u16 {
    let mut least = [f32::INFINITY; LANES];
    let mut chunk_of = [0u32; LANES];
    for (chunk, values) in (0u32..).zip(chunks) {
        for lane in 0..LANES {
            let less = values[lane] < least[lane];
            least[lane] = if less { values[lane] } else { least[lane] };
            chunk_of[lane] = if less { chunk } else { chunk_of[lane] };
        }
    }
    let mut best = (f32::INFINITY, 0);
    for lane in 0..LANES {
        let column = chunk_of[lane] * LANES as u32 + lane as u32;
        if least[lane] < best.0 || (least[lane] == best.0 && column < best.1) {
            best = (least[lane], column);
        }
    }
    // Clips of more frames than a u16 counts are refused before the search.
    best.1 as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The machine that runs the tests picks one of the two versions; the other must agree with it.
    #[test]
    fn fused_and_plain_bodies_agree() {
        let value = |k: usize| ((k * 7919 + 13) % 256) as f32;
        let (lines, height, width) = (9, 8, 24);
        let x: Vec<f32> = (0..lines * height).map(value).collect();
        let y: Vec<f32> = (0..lines * width).map(|k| value(3 * k + 1)).collect();
        let (mut fused, mut plain) = (vec![0.0; height * width], vec![0.0; height * width]);
        segment_body::<true>(&x, &y, &[0..2, 5..9], height, width, &mut fused);
        segment_body::<false>(&x, &y, &[0..2, 5..9], height, width, &mut plain);
        for (k, (&fused, &plain)) in fused.iter().zip(&plain).enumerate() {
            let expected: f32 = [0, 1, 5, 6, 7, 8]
                .iter()
                .map(|line| (x[line * height + k / width] - y[line * width + k % width]).powi(2))
                .sum();
            // Whole numbers below 2²⁴: exact in either version.
            assert_eq!((fused, plain), (expected, expected));
        }
    }

    #[test]
    fn the_first_of_equal_minima_wins() {
        let mut table = vec![5.0; 3 * 24];
        (table[9], table[17], table[18]) = (1.0, 1.0, 1.0);
        (table[24 + 23], table[24 + 8]) = (0.0, 0.0);
        let mut chosen = [0; 3];
        row_argmins(&table, 24, None, &mut chosen);
        assert_eq!(chosen, [9, 8, 0]);
        let mut divisors = [1.0; 24];
        (divisors[18], divisors[23], divisors[2]) = (2.0, 4.0, 2.0);
        row_argmins(&table, 24, Some(&divisors), &mut chosen);
        assert_eq!(chosen, [18, 8, 23]);
    }
}
