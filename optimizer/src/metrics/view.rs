//! All figures of one view, and of the two plain baselines that they are read against.

use super::deviation::mean;
use super::error::check_mask;
use super::{Appearance, MetricsError, appearance, coh, com, loop_q, psnr_mean, psnr_static, ssim_static, std_err};
use crate::patches::{ClipRef, ClipWindow, TimeClip};
use serde::{Deserialize, Serialize};

/// Figures of one render against one truth (METHOD §6.2). A figure is none where it is undefined: no static pixel, a clip
/// shorter than a temporal patch (7 frames), a truth of one frame. The PSNR of equal images is infinite, which JSON
/// writes as `null`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Share of static pixels inside the border, 0–1.
    pub static_share: f64,
    /// dB, static pixels, frames paired by index.
    pub psnr_static: Option<f64>,
    /// −1…1, static pixels, frames paired by index.
    pub ssim_static: Option<f64>,
    /// dB, between the temporal mean images.
    pub psnr_mean: Option<f64>,
    /// STDerr, 0–255 units squared.
    pub std_err: Option<f64>,
    /// Completeness, 0–255 units.
    pub com: Option<f64>,
    /// Coherence, 0–255 units.
    pub coh: Option<f64>,
    /// Error of the seam, 0–255 units.
    pub loop_q: Option<f64>,
    /// What is seen in single frames.
    #[serde(flatten)]
    pub appearance: Appearance,
}

/// [`Scores`] of a numbered view; one flat object in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ViewMetrics {
    /// Index of the view in its capture.
    pub view: usize,
    /// Its figures.
    #[serde(flatten)]
    pub scores: Scores,
}

/// What plain answers get on the same view.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Baselines {
    /// The truth's own temporal mean image, for all frames.
    pub frozen: Scores,
    /// The truth's own first frames.
    pub hard_cut: Scores,
}

/// Border that is left out on all sides: 40 pixels at a height of 360, in proportion elsewhere.
pub fn crop_px(height: usize) -> usize {
    (40 * height + 180) / 360
}

/// Figures of a rendered loop against the whole captured clip of its view, without a border of `crop_px` pixels.
/// `static_mask` is `[height, width]` of the uncropped image, true where the loopable mask (METHOD §1.5) of the truth is
/// not.
///
/// # Errors
/// Sizes that differ, a border that leaves nothing.
pub fn evaluate(
    render: &ClipRef<'_>,
    truth: &ClipRef<'_>,
    static_mask: &[bool],
    crop_px: usize,
) -> Result<Scores, MetricsError> {
    if (render.width, render.height) != (truth.width, truth.height) {
        return Err(MetricsError::Sizes {
            render_width: render.width,
            render_height: render.height,
            truth_width: truth.width,
            truth_height: truth.height,
        });
    }
    let mask = crop_mask(static_mask, truth, crop_px)?;
    scores(&crop(render, crop_px)?, &crop(truth, crop_px)?, &mask)
}

/// Figures of a frozen scene and of a hard cut, each as long as the loop (the hard cut at most as long as the truth).
///
/// # Errors
/// A border that leaves nothing, a mask of another size, a loop of no frame.
pub fn baselines(
    truth: &ClipRef<'_>,
    loop_frames: usize,
    static_mask: &[bool],
    crop_px: usize,
) -> Result<Baselines, MetricsError> {
    let mask = crop_mask(static_mask, truth, crop_px)?;
    let truth = crop(truth, crop_px)?;
    // Rounded, as any rendered frame is.
    let frozen = truth.map_time(loop_frames, |line, out| out.fill(mean(line).round() as u8))?;
    let hard_cut =
        truth.map_time(loop_frames.min(truth.frames()), |line, out| out.copy_from_slice(&line[..out.len()]))?;
    Ok(Baselines { frozen: scores(&frozen, &truth, &mask)?, hard_cut: scores(&hard_cut, &truth, &mask)? })
}

/// Mean of each figure over the views where it is defined; none for no view.
pub fn mean_scores(views: &[ViewMetrics]) -> Option<Scores> {
    let mean = |figure: fn(&Scores) -> Option<f64>| {
        let values: Vec<f64> = views.iter().filter_map(|view| figure(&view.scores)).collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    };
    Some(Scores {
        static_share: mean(|s| Some(s.static_share))?,
        psnr_static: mean(|s| s.psnr_static),
        ssim_static: mean(|s| s.ssim_static),
        psnr_mean: mean(|s| s.psnr_mean),
        std_err: mean(|s| s.std_err),
        com: mean(|s| s.com),
        coh: mean(|s| s.coh),
        loop_q: mean(|s| s.loop_q),
        appearance: Appearance::mean(&views.iter().map(|view| view.scores.appearance).collect::<Vec<_>>()),
    })
}

fn scores(render: &TimeClip, truth: &TimeClip, static_mask: &[bool]) -> Result<Scores, MetricsError> {
    let moving = truth.frames() > 1;
    let pixels = static_mask.iter().filter(|&&is_static| is_static).count();
    Ok(Scores {
        static_share: pixels as f64 / static_mask.len() as f64,
        psnr_static: psnr_static(render, truth, static_mask)?,
        ssim_static: ssim_static(render, truth, static_mask)?,
        psnr_mean: Some(psnr_mean(render, truth)?),
        std_err: if moving { Some(std_err(render, truth)?) } else { None },
        com: defined(com(render, truth))?,
        coh: defined(coh(render, truth))?,
        loop_q: defined(loop_q(render, truth))?,
        appearance: appearance(render, truth, static_mask)?,
    })
}

/// A clip too short for a figure leaves it undefined and is no failure.
fn defined(figure: Result<f64, MetricsError>) -> Result<Option<f64>, MetricsError> {
    match figure {
        Ok(value) => Ok(Some(value)),
        Err(MetricsError::TooShort { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn crop(clip: &ClipRef<'_>, crop_px: usize) -> Result<TimeClip, MetricsError> {
    let window = ClipWindow { clip: *clip, x0: crop_px, y0: crop_px };
    Ok(TimeClip::from_window(&window, clip.height - 2 * crop_px, clip.width - 2 * crop_px, 1)?)
}

/// Cuts the mask, and checks that the border fits in the image.
fn crop_mask(mask: &[bool], clip: &ClipRef<'_>, crop_px: usize) -> Result<Vec<bool>, MetricsError> {
    let (width, height) = (clip.width, clip.height);
    if 2 * crop_px >= width.min(height) {
        return Err(MetricsError::Crop { crop_px, width, height });
    }
    check_mask(mask, width, height)?;
    let rows = mask.chunks_exact(width).skip(crop_px).take(height - 2 * crop_px);
    Ok(rows.flat_map(|row| &row[crop_px..width - crop_px]).copied().collect())
}
