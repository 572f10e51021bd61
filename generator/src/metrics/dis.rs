//! Optical flow by dense inverse search (Kroeger et al., ECCV 2016, <https://arxiv.org/abs/1603.03590>), without its variational
//! refinement: patches of 8 × 8 pixels every 4, on three scales.
//!
//! On each scale, from coarse to fine, a patch T of the left image begins at the flow of the scale before and descends
//! Σ (R(x + u) − T(x))² by inverse Gauss-Newton: u ← u − H⁻¹ Σ ∇T (R(x + u) − T(x)), H = Σ ∇T ∇Tᵀ, with the means of both patches
//! taken out. A patch that goes farther than its own size keeps where it began. The flow of a pixel is the mean of the patches
//! over it, weighted by 1 / max(1, |R(x + u) − T(x)|). The published measures use RAFT, so values differ from theirs.

use super::grey::Grey;
use super::warp::Flow;
use loop3d_media::bilinear::{mix, taps};
use rayon::prelude::*;

/// Side of a patch.
const PATCH: usize = 8;
/// Distance between patches.
const STRIDE: usize = 4;
/// Scales, each half the one before.
const SCALES: usize = 3;
/// Most steps of a patch on a scale.
const STEPS: usize = 16;
/// A step shorter than this ends the descent, in pixels.
const SETTLED: f32 = 0.01;
/// Added to the diagonal of H, in levels² per pixel of a patch: what has no texture keeps the coarser flow.
const DAMPING: f32 = 0.5;

impl Grey {
    /// The patch whose upper left pixel is at a place, bilinear, continued at the rim.
    fn patch(&self, x: f32, y: f32) -> [f32; PATCH * PATCH] {
        let (left, top) = (x.floor(), y.floor());
        let (u, v) = (x - left, y - top);
        let clamped = |at: f32, count: usize| at.clamp(0.0, (count - 1) as f32) as usize;
        let columns: [usize; PATCH + 1] = std::array::from_fn(|i| clamped(left + i as f32, self.width));
        let line = |row: usize| {
            let start = clamped(top + row as f32, self.height) * self.width;
            let values: [f32; PATCH] =
                std::array::from_fn(|i| mix(self.values[start + columns[i]], self.values[start + columns[i + 1]], u));
            values
        };
        let mut patch = [0.0; PATCH * PATCH];
        let mut above = line(0);
        for (row, values) in patch.as_chunks_mut::<PATCH>().0.iter_mut().enumerate() {
            let below = line(row + 1);
            *values = std::array::from_fn(|i| mix(above[i], below[i], v));
            above = below;
        }
        patch
    }
}

/// Left edges of the patches along a side: every [`STRIDE`] pixels, and one that ends at the rim.
fn starts(length: usize) -> Vec<usize> {
    let last = length.saturating_sub(PATCH);
    (0..last).step_by(STRIDE).chain([last]).collect()
}

/// The flow from one RGB image, `[height, width, 3]` with levels 0…255, to another of its size.
#[must_use]
pub(super) fn dense_inverse_search(left: &[f32], right: &[f32], width: usize, height: usize) -> Flow {
    let pyramid = |rgb: &[f32]| {
        let mut scales = vec![Grey::of_rgb(rgb, width, height)];
        while let Some(grey) =
            scales.last().filter(|grey| scales.len() < SCALES && grey.width.min(grey.height) >= 2 * PATCH)
        {
            scales.push(grey.half());
        }
        scales
    };
    let (left, right) = (pyramid(left), pyramid(right));
    let mut flow: Option<Flow> = None;
    for (left, right) in left.iter().zip(&right).rev() {
        let from = flow.map(|flow| enlarged(&flow, left.width, left.height));
        flow = Some(on_scale(left, right, from.as_ref()));
    }
    flow.unwrap_or(Flow { width, height, xy: Vec::new() })
}

/// A flow at about twice the size, in pixels of that size.
fn enlarged(flow: &Flow, width: usize, height: usize) -> Flow {
    let (columns, rows) = (taps(flow.width, width), taps(flow.height, height));
    let scale = [width as f32 / flow.width as f32, height as f32 / flow.height as f32];
    let at = |x: usize, y: usize| flow.xy[y * flow.width + x];
    let value = |(column, row): (&loop3d_media::bilinear::Tap, &loop3d_media::bilinear::Tap)| {
        std::array::from_fn(|i| {
            let across = |y: usize| mix(at(column.first, y)[i], at(column.second, y)[i], column.weight);
            scale[i] * mix(across(row.first), across(row.second), row.weight)
        })
    };
    let xy = rows.iter().flat_map(|row| columns.iter().map(move |column| (column, row))).map(value).collect();
    Flow { width, height, xy }
}

/// A patch that has been found: where it is, where it went, and how much each pixel of it counts.
struct Found {
    u: [f32; 2],
    weights: [f32; PATCH * PATCH],
}

fn on_scale(left: &Grey, right: &Grey, from: Option<&Flow>) -> Flow {
    let (width, height) = (left.width, left.height);
    let (columns, rows) = (starts(width), starts(height));
    let find = |y: usize, x: usize| {
        let middle = (y + PATCH / 2).min(height - 1) * width + (x + PATCH / 2).min(width - 1);
        descend(left, right, [x as f32, y as f32], from.map_or([0.0; 2], |flow| flow.xy[middle]))
    };
    let found: Vec<Vec<Found>> = rows.par_iter().map(|y| columns.iter().map(|x| find(*y, *x)).collect()).collect();
    // Rows of patches over each row of pixels, and so for columns.
    let over = |starts: &[usize], length: usize| -> Vec<Vec<(usize, usize)>> {
        let at = |pixel: usize| {
            let covers = starts.iter().enumerate().filter(|(_, start)| (**start..**start + PATCH).contains(&pixel));
            covers.map(|(index, start)| (index, pixel - start)).collect()
        };
        (0..length).map(at).collect()
    };
    let (over_rows, over_columns) = (over(&rows, height), over(&columns, width));
    let mut xy = vec![[0.0; 2]; width * height];
    xy.par_chunks_mut(width).zip(&over_rows).for_each(|(line, rows)| {
        for (value, columns) in line.iter_mut().zip(&over_columns) {
            let (mut sum, mut total) = ([0.0; 2], 0.0);
            for (row, dy) in rows {
                for (column, dx) in columns {
                    let patch = &found[*row][*column];
                    let weight = patch.weights[dy * PATCH + dx];
                    sum = [sum[0] + weight * patch.u[0], sum[1] + weight * patch.u[1]];
                    total += weight;
                }
            }
            *value = sum.map(|sum| sum / total.max(f32::MIN_POSITIVE));
        }
    });
    Flow { width, height, xy }
}

/// Descends one patch of the left image, whose upper left pixel is at `place`, from the flow `start`.
fn descend(left: &Grey, right: &Grey, place: [f32; 2], start: [f32; 2]) -> Found {
    let [x, y] = place;
    let template = left.patch(x, y);
    let slope = |dx: f32, dy: f32| {
        let (after, before) = (left.patch(x + dx, y + dy), left.patch(x - dx, y - dy));
        let slopes: [f32; PATCH * PATCH] = std::array::from_fn(|i| (after[i] - before[i]) / 2.0);
        without_mean(slopes)
    };
    let (along_x, along_y) = (slope(1.0, 0.0), slope(0.0, 1.0));
    let template = without_mean(template);
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    let damping = DAMPING * template.len() as f32;
    let (xx, xy, yy) = (dot(&along_x, &along_x) + damping, dot(&along_x, &along_y), dot(&along_y, &along_y) + damping);
    let determinant = xx * yy - xy * xy;
    let mut u = start;
    let difference = |u: [f32; 2]| {
        let seen = without_mean(right.patch(x + u[0], y + u[1]));
        let values: [f32; PATCH * PATCH] = std::array::from_fn(|i| seen[i] - template[i]);
        values
    };
    for _ in 0..STEPS {
        let off = difference(u);
        let (bx, by) = (dot(&along_x, &off), dot(&along_y, &off));
        let step = [(yy * bx - xy * by) / determinant, (xx * by - xy * bx) / determinant];
        u = [u[0] - step[0], u[1] - step[1]];
        if step[0].hypot(step[1]) < SETTLED {
            break;
        }
    }
    let way = (u[0] - start[0]).hypot(u[1] - start[1]);
    if way.is_nan() || way > PATCH as f32 {
        u = start;
    }
    Found { u, weights: difference(u).map(|off| 1.0 / off.abs().max(1.0)) }
}

fn without_mean(values: [f32; PATCH * PATCH]) -> [f32; PATCH * PATCH] {
    let mean = values.iter().sum::<f32>() / values.len() as f32;
    values.map(|value| value - mean)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIDE: usize = 256;

    fn texture(x: f32, y: f32) -> f32 {
        let wave = (0.31 * x + 0.17 * y).sin() * (0.23 * y - 0.11 * x).cos() + 0.5 * (0.071 * x - 0.093 * y).sin();
        128.0 + 60.0 * (wave + 0.4 * (0.7 * x).sin() * (0.6 * y).sin()) / 1.9
    }

    /// A texture, and the same seen after each of its points has moved by `motion` of where it is now.
    fn pair(motion: impl Fn(f32, f32) -> [f32; 2]) -> (Vec<f32>, Vec<f32>) {
        let image = |value: &dyn Fn(f32, f32) -> f32| -> Vec<f32> {
            (0..SIDE * SIDE * 3).map(|i| value((i / 3 % SIDE) as f32, (i / 3 / SIDE) as f32)).collect()
        };
        let moved = |x: f32, y: f32| {
            let [u, v] = motion(x, y);
            texture(x - u, y - v)
        };
        (image(&texture), image(&moved))
    }

    /// Mean end-point error, the outermost 16 pixels left out.
    fn error(flow: &Flow, motion: impl Fn(f32, f32) -> [f32; 2]) -> f32 {
        let inside = (16..SIDE - 16).flat_map(|y| (16..SIDE - 16).map(move |x| (x, y)));
        let off = |(x, y): (usize, usize)| {
            let [u, v] = flow.xy[y * SIDE + x];
            // What is now at p was at p − motion(p).
            let [a, b] = motion(x as f32 + u, y as f32 + v);
            (u - a).hypot(v - b)
        };
        inside.clone().map(off).sum::<f32>() / inside.count() as f32
    }

    #[test]
    fn rendered_motion_is_found_within_a_pixel() {
        let shift = |_: f32, _: f32| [5.3_f32, -3.6];
        let swirl = |x: f32, y: f32| [0.03 * (y - 128.0), -0.03 * (x - 128.0)];
        let zoom = |x: f32, y: f32| [0.04 * (x - 128.0), 0.04 * (y - 128.0)];
        for motion in [&shift as &dyn Fn(f32, f32) -> [f32; 2], &swirl, &zoom] {
            let (left, right) = pair(motion);
            let found = error(&dense_inverse_search(&left, &right, SIDE, SIDE), motion);
            assert!(found < 0.1, "{found}");
            // The way back is another flow.
            let back = error(&dense_inverse_search(&right, &left, SIDE, SIDE), motion);
            assert!(back > 2.0, "{back}");
        }
    }

    #[test]
    fn what_does_not_move_or_has_no_texture_has_no_flow() {
        let (left, _) = pair(|_, _| [0.0; 2]);
        let most = |flow: Flow| flow.xy.iter().map(|[u, v]| u.abs().max(v.abs())).fold(0.0, f32::max);
        assert_eq!(most(dense_inverse_search(&left, &left, SIDE, SIDE)), 0.0);
        let (dark, light) = (vec![40.0; 3 * SIDE * SIDE], vec![90.0; 3 * SIDE * SIDE]);
        assert_eq!(most(dense_inverse_search(&dark, &light, SIDE, SIDE)), 0.0);
        // An image smaller than a patch.
        assert_eq!(dense_inverse_search(&[9.0; 15], &[9.0; 15], 5, 1).xy, [[0.0; 2]; 5]);
    }
}
