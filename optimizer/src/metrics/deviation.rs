//! Statistics of each pixel over time: does the loop move as much as the truth, and around the same mean.

use super::MetricsError;
use super::error::check_sizes;
use crate::patches::TimeClip;

/// STDerr (METHOD §6.2): mean over pixels and channels of the squared difference between the standard deviations over
/// time (population) of render and truth, 0–255 units squared. A frozen render gets the truth's mean variance.
///
/// # Errors
/// Sizes that differ.
pub fn std_err(render: &TimeClip, truth: &TimeClip) -> Result<f64, MetricsError> {
    check_sizes(render, truth)?;
    let sum: f64 = render.lines().zip(truth.lines()).map(|(a, b)| (deviation(a) - deviation(b)).powi(2)).sum();
    Ok(sum / render.lines().len() as f64)
}

/// PSNR in dB (peak 255) between the temporal mean images of render and truth, not rounded: the one figure that sees the
/// whole image of a scene that moves everywhere. Infinite for equal means.
///
/// # Errors
/// Sizes that differ.
pub fn psnr_mean(render: &TimeClip, truth: &TimeClip) -> Result<f64, MetricsError> {
    check_sizes(render, truth)?;
    let sum: f64 = render.lines().zip(truth.lines()).map(|(a, b)| (mean(a) - mean(b)).powi(2)).sum();
    Ok(psnr(sum / render.lines().len() as f64))
}

/// PSNR in dB of a mean squared error in 0–255 units.
pub(super) fn psnr(mse: f64) -> f64 {
    10.0 * (255.0 * 255.0 / mse).log10()
}

/// Mean of one pixel's channel over time.
pub(super) fn mean(line: &[u8]) -> f64 {
    line.iter().map(|&v| u64::from(v)).sum::<u64>() as f64 / line.len() as f64
}

/// Population standard deviation; whole-number sums, so a constant line has exactly 0.
fn deviation(line: &[u8]) -> f64 {
    let (mut sum, mut squares) = (0u64, 0u64);
    for &value in line {
        sum += u64::from(value);
        squares += u64::from(value) * u64::from(value);
    }
    let count = line.len() as u64;
    ((count * squares - sum * sum) as f64).sqrt() / count as f64
}
