//! Shrinking by exact area average: every output pixel is the mean of the source over the rectangle that it covers,
//! source pixels at the rim weighted by the fraction that lies inside.

use crate::Size;
use crate::shape::Shape;
use rayon::prelude::*;

/// Channels of a pixel.
const RGB: usize = 3;

/// The sources of one output row or column.
struct Span {
    first: usize,
    /// One weight for each source from `first`; they sum to 1.
    weights: Vec<f32>,
}

/// Shrinks images of one size to another; made once for a clip.
pub struct AreaFilter {
    source_width: usize,
    source_height: usize,
    width: usize,
    columns: Vec<Span>,
    rows: Vec<Span>,
}

impl AreaFilter {
    /// From `source` (width, height) to `target`, both at least 1.
    pub fn new(source: Size, target: Size) -> Self {
        let [source_width, source_height] = [source.0 as usize, source.1 as usize];
        let [width, height] = [target.0 as usize, target.1 as usize];
        let (columns, rows) = (spans(source_width, width), spans(source_height, height));
        Self { source_width, source_height, width, columns, rows }
    }

    /// Filters `source` `[source height, source width, 3]` into `target` `[height, width, 3]`. An image that keeps its
    /// size keeps its bytes.
    pub fn apply(&self, source: &[u8], target: &mut [u8]) {
        if (self.source_width, self.source_height) == (self.width, self.rows.len()) {
            target.copy_from_slice(source);
            return;
        }
        let pitch = self.source_width * RGB;
        target.par_chunks_mut(self.width * RGB).zip(&self.rows).for_each_init(
            || vec![0f32; pitch],
            |line, (out, row)| {
                line.fill(0.0);
                for (source, &weight) in source[row.first * pitch..].chunks_exact(pitch).zip(&row.weights) {
                    for (sum, &value) in line.iter_mut().zip(source) {
                        *sum += weight * f32::from(value);
                    }
                }
                for (pixel, column) in out.chunks_exact_mut(RGB).zip(&self.columns) {
                    let mut sum = [0.5f32; RGB]; // rounds to the nearest byte
                    for (source, &weight) in line[column.first * RGB..].chunks_exact(RGB).zip(&column.weights) {
                        for channel in 0..RGB {
                            sum[channel] += weight * source[channel];
                        }
                    }
                    // `as` saturates: rounding noise above 255 stays 255.
                    pixel.copy_from_slice(&sum.map(|value| value as u8));
                }
            },
        );
    }
}

impl Shape for AreaFilter {
    fn source(&self) -> Size {
        (self.source_width as u32, self.source_height as u32)
    }

    fn target(&self) -> Size {
        (self.width as u32, self.rows.len() as u32)
    }

    fn apply(&self, source: &[u8], target: &mut [u8]) {
        self.apply(source, target);
    }
}

/// Which of `source` cells each of `target` cells covers, and by how much. Whole numbers of units of 1/(source·target), so
/// that the rims are exact.
fn spans(source: usize, target: usize) -> Vec<Span> {
    let span = |cell: usize| {
        let (start, end) = (cell * source, (cell + 1) * source); // in units of 1/target of a source cell
        let first = start / target;
        let covered = |at: usize| end.min((at + 1) * target) - start.max(at * target);
        let weights = (first..end.div_ceil(target)).map(|at| covered(at) as f32 / source as f32).collect();
        Span { first, weights }
    };
    (0..target).map(span).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(n: usize) -> Vec<u8> {
        let mut state = 1u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        };
        (0..n).map(|_| next()).collect()
    }

    /// The mean over a rectangle by definition: each source pixel cut into `target` parts, so that rims fall between parts.
    fn by_definition(source: &[u8], (sw, sh): (usize, usize), (w, h): (usize, usize)) -> Vec<f64> {
        let mut means = Vec::new();
        for y in 0..h {
            for x in 0..w {
                for c in 0..3 {
                    let mut sum = 0.0;
                    for v in y * sh..(y + 1) * sh {
                        for u in x * sw..(x + 1) * sw {
                            sum += f64::from(source[(v / h * sw + u / w) * 3 + c]);
                        }
                    }
                    means.push(sum / (sw * sh) as f64);
                }
            }
        }
        means
    }

    #[test]
    fn is_the_area_average_for_any_ratio() {
        for (source, target) in [((12, 8), (4, 2)), ((13, 11), (5, 7)), ((10, 9), (9, 4)), ((7, 5), (1, 1))] {
            let pixels = noise((source.0 * source.1 * 3) as usize);
            let mut shrunk = vec![0; (target.0 * target.1 * 3) as usize];
            AreaFilter::new(source, target).apply(&pixels, &mut shrunk);
            let size = |(w, h): (u32, u32)| (w as usize, h as usize);
            let means = by_definition(&pixels, size(source), size(target));
            for (got, mean) in shrunk.iter().zip(means) {
                assert!((f64::from(*got) - mean).abs() <= 0.5 + 1e-3, "{source:?} to {target:?}: {got}, mean {mean}");
            }
        }
    }

    #[test]
    fn keeps_white_white_and_a_kept_size_exact() {
        let mut shrunk = vec![0; 5 * 3 * 3];
        AreaFilter::new((17, 13), (5, 3)).apply(&[255; 17 * 13 * 3], &mut shrunk);
        assert_eq!(shrunk, [255; 5 * 3 * 3]);
        let pixels = noise(7 * 5 * 3);
        let mut same = vec![0; pixels.len()];
        AreaFilter::new((7, 5), (7, 5)).apply(&pixels, &mut same);
        assert_eq!(same, pixels);
    }
}
