//! Quality of the static parts (METHOD §6.2): frames paired by index up to the shorter clip.

use super::MetricsError;
use super::deviation::psnr;
use super::error::{check_mask, check_sizes};
use crate::patches::TimeClip;
use rayon::prelude::*;

/// PSNR in dB (peak 255) over the pixels of `static_mask` (`[height, width]`, true = static), one mean squared error over
/// all paired frames. None without a static pixel; infinite for equal images.
///
/// # Errors
/// Sizes that differ.
pub fn psnr_static(render: &TimeClip, truth: &TimeClip, static_mask: &[bool]) -> Result<Option<f64>, MetricsError> {
    check_sizes(render, truth)?;
    check_mask(static_mask, truth.width(), truth.height())?;
    let frames = render.frames().min(truth.frames());
    let (mut sum, mut count) = (0u64, 0usize);
    for (k, (a, b)) in render.lines().zip(truth.lines()).enumerate() {
        if static_mask[k / 3] {
            sum += a[..frames].iter().zip(&b[..frames]).map(|(a, b)| u64::from(a.abs_diff(*b)).pow(2)).sum::<u64>();
            count += frames;
        }
    }
    Ok((count > 0).then(|| psnr(sum as f64 / count as f64)))
}

/// Taps of the Gaussian window.
const TAPS: usize = 11;
const SIGMA: f32 = 1.5;
/// Values run from −1 to 1, a range of 2.
const C1: f32 = (0.01 * 2.0) * (0.01 * 2.0);
const C2: f32 = (0.03 * 2.0) * (0.03 * 2.0);

/// SSIM over the pixels of `static_mask`: Gaussian window of 11×11, σ 1.5, for each channel of values −1…1 (range 2, as in
/// the published evaluation), mean over static pixels, channels and paired frames. At the image's border the window is
/// cut and its weights are scaled to sum to 1. None without a static pixel.
///
/// # Errors
/// Sizes that differ.
pub fn ssim_static(render: &TimeClip, truth: &TimeClip, static_mask: &[bool]) -> Result<Option<f64>, MetricsError> {
    check_sizes(render, truth)?;
    check_mask(static_mask, truth.width(), truth.height())?;
    let pixels = static_mask.iter().filter(|&&is_static| is_static).count();
    if pixels == 0 {
        return Ok(None);
    }
    let frames = render.frames().min(truth.frames());
    let blur = Blur::new(truth.height(), truth.width());
    // Collected in order, so that the sum is the same for any number of threads.
    let sums: Vec<f64> = (0..frames)
        .into_par_iter()
        .map(|t| {
            let map = ssim_map(&blur, &render.frame(t), &truth.frame(t));
            map.chunks_exact(3).zip(static_mask).filter(|(_, is_static)| **is_static).map(|(c, _)| sum(c)).sum()
        })
        .collect();
    Ok(Some(sum(&sums) / (pixels * 3 * frames) as f64))
}

fn sum<V: Copy + Into<f64>>(values: &[V]) -> f64 {
    values.iter().map(|&v| v.into()).sum()
}

/// SSIM of each pixel and channel: `[height, width, 3]`.
fn ssim_map(blur: &Blur, a: &[u8], b: &[u8]) -> Vec<f32> {
    let unit = |frame: &[u8]| frame.iter().map(|&v| f32::from(v) / 127.5 - 1.0).collect::<Vec<f32>>();
    let product = |a: &[f32], b: &[f32]| blur.run(&a.iter().zip(b).map(|(a, b)| a * b).collect::<Vec<f32>>());
    let (a, b) = (unit(a), unit(b));
    let (aa, bb, ab) = (product(&a, &a), product(&b, &b), product(&a, &b));
    let (mean_a, mean_b) = (blur.run(&a), blur.run(&b));
    (0..a.len())
        .map(|k| {
            let (ma, mb) = (mean_a[k], mean_b[k]);
            let (va, vb, cov) = (aa[k] - ma * ma, bb[k] - mb * mb, ab[k] - ma * mb);
            ((2.0 * (ma * mb) + C1) * (2.0 * cov + C2)) / ((ma * ma + mb * mb + C1) * (va + vb + C2))
        })
        .collect()
}

/// Separable Gaussian over images of one size.
struct Blur {
    height: usize,
    width: usize,
    weights: [f32; TAPS],
    /// One over the sum of the weights that fall inside, for each row and column.
    row_scale: Vec<f32>,
    column_scale: Vec<f32>,
}

impl Blur {
    fn new(height: usize, width: usize) -> Self {
        let centre = (TAPS / 2) as f32;
        let weights = std::array::from_fn(|k| (-(k as f32 - centre).powi(2) / (2.0 * SIGMA * SIGMA)).exp());
        let scale = |size: usize| {
            let inside = |at: usize| (0..TAPS).filter(move |k| (TAPS / 2..size + TAPS / 2).contains(&(at + k)));
            (0..size).map(|at| 1.0 / inside(at).map(|k| weights[k]).sum::<f32>()).collect()
        };
        Self { height, width, weights, row_scale: scale(height), column_scale: scale(width) }
    }

    /// `[height, width, 3]` to the same.
    fn run(&self, picture: &[f32]) -> Vec<f32> {
        let (line, reach) = (self.width * 3, TAPS / 2);
        let mut out = vec![0.0; picture.len()];
        // One line with a margin of zeros: a tap outside the image adds nothing.
        let mut padded = vec![0.0; line + 2 * reach * 3];
        for (y, out) in out.chunks_exact_mut(line).enumerate() {
            let middle = &mut padded[reach * 3..reach * 3 + line];
            middle.fill(0.0);
            for (k, weight) in self.weights.iter().enumerate() {
                if (reach..self.height + reach).contains(&(y + k)) {
                    let source = &picture[(y + k - reach) * line..][..line];
                    middle.iter_mut().zip(source).for_each(|(out, v)| *out += weight * v);
                }
            }
            for (k, weight) in self.weights.iter().enumerate() {
                out.iter_mut().zip(&padded[k * 3..]).for_each(|(out, v)| *out += weight * v);
            }
            for (out, scale) in out.chunks_exact_mut(3).zip(&self.column_scale) {
                out.iter_mut().for_each(|v| *v *= scale * self.row_scale[y]);
            }
        }
        out
    }
}
