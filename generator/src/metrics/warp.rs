//! MAWE, the motion-aware warp error of StreamingT2V: mean over pairs of frames of W / (c·OFS), c = 9.5.
//!
//! W: the left frame is splatted forward by the flow, rounded half to even, nearest; of pixels that land on one place the last in
//! row-major order stays. W = Σ(right − warped)² / (3 · number of filled pixels), levels 0…255. OFS: mean length of the flow.
//! The published code takes the mean of ratios, [`Mawe::value`]; the ratio of means is [`Mawe::ratio_of_means`].

use super::error::{MetricError, at_least, equal};
use super::motion::{FlowPower, flow_score};
use serde::Serialize;

/// The constant of the released code.
const C: f64 = 9.5;

/// Optical flow between two frames, in pixels: where each pixel of the left frame has moved.
#[derive(Clone, Debug, PartialEq)]
pub struct Flow {
    /// Pixels.
    pub width: usize,
    /// Pixels.
    pub height: usize,
    /// (to the right, down) of each pixel, `[height, width, 2]`.
    pub xy: Vec<[f32; 2]>,
}

/// A frame moved along a flow.
#[derive(Clone, Debug, PartialEq)]
pub struct Warped {
    /// `[height, width, 3]`; 0 where nothing landed.
    pub rgb: Vec<f32>,
    /// Whether something landed, `[height, width]`.
    pub filled: Vec<bool>,
}

/// Splats the pixels of `left`, `[height, width, 3]`, along the flow.
///
/// # Errors
/// The frame has another size than the flow.
pub fn splat(left: &[f32], flow: &Flow) -> Result<Warped, MetricError> {
    let (w, h) = (flow.width, flow.height);
    equal("warp", "number of flow vectors", &flow.xy.len(), &(w * h))?;
    equal("warp", "length of the frame", &left.len(), &(w * h * 3))?;
    let mut warped = Warped { rgb: vec![0.0; w * h * 3], filled: vec![false; w * h] };
    for (from, (rgb, [dx, dy])) in left.as_chunks::<3>().0.iter().zip(&flow.xy).enumerate() {
        let x = ((from % w) as f32 + dx).round_ties_even();
        let y = ((from / w) as f32 + dy).round_ties_even();
        // Not a number lands nowhere.
        if x >= 0.0 && y >= 0.0 && x < w as f32 && y < h as f32 {
            let to = y as usize * w + x as usize;
            warped.rgb[3 * to..3 * to + 3].copy_from_slice(rgb);
            warped.filled[to] = true;
        }
    }
    Ok(warped)
}

/// W: the mean squared difference between `right` and the warped left frame where that is filled; 0 where it is filled nowhere.
///
/// # Errors
/// The frames have other sizes than the flow.
pub fn warp_error(left: &[f32], right: &[f32], flow: &Flow) -> Result<f64, MetricError> {
    let warped = splat(left, flow)?;
    equal("warp", "length of the right frame", &right.len(), &left.len())?;
    let (mut sum, mut count) = (0.0, 0_usize);
    for (index, _) in warped.filled.iter().enumerate().filter(|(_, filled)| **filled) {
        let pixel = 3 * index..3 * index + 3;
        sum += right[pixel.clone()].iter().zip(&warped.rgb[pixel]).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>();
        count += 3;
    }
    Ok(if count == 0 { 0.0 } else { sum / count as f64 })
}

/// The motion-aware warp error of a clip.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Mawe {
    /// Mean of W / (9.5·OFS) over the pairs that move; `None` where none does.
    pub value: Option<f64>,
    /// ΣW / (9.5·ΣOFS): the other reading of the article.
    pub ratio_of_means: Option<f64>,
    /// The second version of the article: ΣW / Σ mean squared length of the flow, without the constant. The specification leaves
    /// its mean open; this is the ratio of means.
    pub second_version: Option<f64>,
    /// W of each pair.
    pub warp_errors: Vec<f64>,
    /// OFS of each pair.
    pub motions: Vec<f64>,
}

impl Mawe {
    /// OFS: the mean motion of all pairs, in pixels.
    #[must_use]
    pub fn motion(&self) -> f64 {
        self.motions.iter().sum::<f64>() / self.motions.len().max(1) as f64
    }
}

/// MAWE of a clip, pair by pair.
#[derive(Clone, Debug, Default)]
pub(super) struct MaweSum {
    warp_errors: Vec<f64>,
    motions: Vec<f64>,
    squared: f64,
}

impl MaweSum {
    /// Adds the pair of frames, `[height, width, 3]` with levels 0…255, and the flow from `left` to `right`.
    pub(super) fn add(&mut self, left: &[f32], right: &[f32], flow: &Flow) -> Result<(), MetricError> {
        self.warp_errors.push(warp_error(left, right, flow)?);
        self.motions.push(flow_score(flow, FlowPower::Length));
        self.squared += flow_score(flow, FlowPower::Square);
        Ok(())
    }

    /// The measure, of at least one pair.
    pub(super) fn finish(self) -> Result<Mawe, MetricError> {
        let Self { warp_errors, motions, squared } = self;
        at_least("MAWE", "frames", motions.len() + 1, 2)?;
        let moving = warp_errors.iter().zip(&motions).filter(|(_, motion)| **motion > 0.0);
        let ratios: Vec<f64> = moving.map(|(w, motion)| w / (C * motion)).collect();
        let (w, motion) = (warp_errors.iter().sum::<f64>(), motions.iter().sum::<f64>());
        let over = |below: f64| (below > 0.0).then(|| w / below);
        let value = (!ratios.is_empty()).then(|| ratios.iter().sum::<f64>() / ratios.len() as f64);
        Ok(Mawe { value, ratio_of_means: over(C * motion), second_version: over(squared), warp_errors, motions })
    }
}

/// Measures frames `[height, width, 3]`, levels 0…255, and the flow from each to the next.
///
/// # Errors
/// Fewer than two frames, not one flow for each pair, or sizes differ.
pub fn mawe(frames: &[Vec<f32>], flows: &[Flow]) -> Result<Mawe, MetricError> {
    at_least("MAWE", "frames", frames.len(), 2)?;
    equal("MAWE", "number of flows", &flows.len(), &(frames.len() - 1))?;
    let mut sum = MaweSum::default();
    for (pair, flow) in frames.windows(2).zip(flows) {
        sum.add(&pair[0], &pair[1], flow)?;
    }
    sum.finish()
}
