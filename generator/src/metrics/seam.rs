//! Whether a clip closes on itself (generate-loop.md §4).
//!
//! Seam ratio: mean |I₀ − I_{T−1}| over the mean difference of consecutive frames; 1 is ideal. Worst shift, decided here because the
//! specification names it without a formula: with dₜ = mean |I_{t+1} − Iₜ| on the ring, and every window of three frames seen as its
//! two differences, the largest d of a window that contains the seam over the 99th percentile (nearest rank) of d inside the clip.
//! Those are the two differences next to the seam and the seam itself.

use super::error::{MetricError, at_least, mean_difference};
use loop3d_media::Clip;
use serde::Serialize;

/// The seam between a clip's last frame and its first.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Seam {
    /// Difference across the seam over the mean difference inside; `None` for a clip that does not move.
    pub ratio: Option<f64>,
    /// Largest difference near the seam over the 99th percentile inside; `None` for a clip that does not move.
    pub worst_shift: Option<f64>,
    /// Mean absolute difference across the seam, in grey levels.
    pub across: f64,
    /// Mean over the pairs inside.
    pub inside: f64,
    /// Whether no pixel ever changes, the seam included.
    pub still: bool,
}

/// Measures the seam of a clip.
///
/// # Errors
/// Fewer than three frames.
pub fn seam(clip: &Clip) -> Result<Seam, MetricError> {
    at_least("seam", "frames", clip.frames, 3)?;
    let last = clip.frames - 1;
    let steps: Vec<f64> = (0..last).map(|t| mean_difference(clip.frame(t), clip.frame(t + 1))).collect();
    let across = mean_difference(clip.frame(last), clip.frame(0));
    let inside = steps.iter().sum::<f64>() / steps.len() as f64;
    let mut sorted = steps.clone();
    sorted.sort_by(f64::total_cmp);
    let rank = (0.99 * sorted.len() as f64).ceil() as usize;
    let percentile = sorted.get(rank.saturating_sub(1)).copied().unwrap_or(inside);
    let near = across.max(steps[0]).max(steps[last - 1]);
    let over = |a: f64, b: f64| (b > 0.0).then(|| a / b);
    let still = inside == 0.0 && across == 0.0;
    Ok(Seam { ratio: over(across, inside), worst_shift: over(near, percentile), across, inside, still })
}
