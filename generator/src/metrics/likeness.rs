//! How alike two clips are, pixel by pixel.

use super::error::{MetricError, equal};
use loop3d_media::Clip;

/// PSNR of all frames together, in dB: 10·log₁₀(255² / mean squared difference). Infinite for equal clips.
///
/// # Errors
/// The clips differ in size or number of frames.
pub fn psnr_db(clip: &Clip, other: &Clip) -> Result<f64, MetricError> {
    equal("PSNR", "size", &(other.width, other.height), &(clip.width, clip.height))?;
    equal("PSNR", "number of frames", &other.frames, &clip.frames)?;
    let square = |(a, b): (&u8, &u8)| u64::from(a.abs_diff(*b)).pow(2);
    let sum: u64 = clip.rgb.iter().zip(&other.rgb).map(square).sum();
    let mean = sum as f64 / clip.rgb.len().max(1) as f64;
    Ok(10.0 * (255.0_f64.powi(2) / mean).log10())
}
