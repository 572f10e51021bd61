//! Exposure as a property of a view, estimated once from pixels that never move.

use crate::grid::Rgba;

/// Least fraction of an image's pixels that must be static for its exposure to be estimated from them.
const STATIC_FRACTION: f64 = 0.01;

/// What a view's exposure is estimated from: three images of one size.
pub struct ExposureView {
    /// Long exposure.
    pub captured: Vec<[f32; 3]>,
    /// Render of the static stage.
    pub rendered: Vec<Rgba>,
    /// Loopable mask.
    pub loopable: Vec<bool>,
}

/// What each view's images must be divided by to be as bright as the others': exp of the mean log ratio of its long exposure to
/// the static stage's render over pixels that never move, relative to the geometric mean over views. (METHOD §4.4 step 5
/// compares a step's render with the whole clip instead, moving pixels and all: there a loop that differs from the
/// clip, as it must, changes its own exposure.)
pub fn exposures(views: &[ExposureView]) -> Vec<f32> {
    let logs: Vec<f64> = views
        .iter()
        .map(|ExposureView { captured, rendered, loopable }| {
            let (mut sum, mut n) = (0.0, 0usize);
            for ((captured, rendered), _) in captured.iter().zip(rendered).zip(loopable).filter(|(_, moves)| !**moves) {
                n += 1;
                sum += (0..3).map(|k| f64::from((captured[k] + 0.01) / (rendered[k] + 0.01)).ln()).sum::<f64>();
            }
            if n as f64 > STATIC_FRACTION * loopable.len() as f64 { sum / (3 * n) as f64 } else { 0.0 }
        })
        .collect();
    let mean = logs.iter().sum::<f64>() / logs.len().max(1) as f64;
    logs.iter().map(|l| (l - mean).exp() as f32).collect()
}
