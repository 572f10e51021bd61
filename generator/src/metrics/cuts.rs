//! SCuts: hard cuts, as PySceneDetect's adaptive detector finds them (0.7.2, its defaults).
//!
//! The score of a frame is the mean of the three mean absolute differences in hue, saturation and value from the frame before; hue is
//! not taken round its circle. Its ratio is the score over the mean score of two frames on either side, itself left out. A cut is
//! where the ratio is at least 3, the score at least 15, and the last cut 15 frames or more away. The clip's first frame does not
//! count as a cut: a cut may come right after it.

use super::error::{MetricError, at_least};
use super::hsv::Hsv;
use loop3d_media::Clip;
use serde::{Deserialize, Serialize};

/// Largest ratio: what a change among equal frames gets.
const LARGEST_RATIO: f64 = 255.0;
/// A mean of neighbours below this is none.
const NO_CHANGE: f64 = 1e-5;

/// When a change is a cut.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CutOptions {
    /// Least ratio to the neighbours.
    pub ratio: f64,
    /// Least score.
    pub score: f64,
    /// Frames on either side that a frame is compared with.
    pub window: usize,
    /// Least number of frames between cuts.
    pub apart: usize,
}

impl Default for CutOptions {
    fn default() -> Self {
        Self { ratio: 3.0, score: 15.0, window: 2, apart: 15 }
    }
}

/// The cuts of a clip.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SceneCuts {
    /// First frames of new scenes.
    pub cuts: Vec<usize>,
    /// Score of each frame; 0 for the first.
    pub scores: Vec<f64>,
    /// Ratio of each frame; `None` where there are too few neighbours: the first and the last frames.
    pub ratios: Vec<Option<f64>>,
}

/// Finds the cuts of a clip.
///
/// # Errors
/// The clip has no frame.
pub fn scene_cuts(clip: &Clip, options: &CutOptions) -> Result<SceneCuts, MetricError> {
    at_least("SCuts", "frames", clip.frames, 1)?;
    let hsv = Hsv::new();
    let convert =
        |t: usize| -> Vec<[u8; 3]> { clip.frame(t).as_chunks::<3>().0.iter().map(|rgb| hsv.pixel(*rgb)).collect() };
    let mut scores = vec![0.0];
    let mut before = convert(0);
    for t in 1..clip.frames {
        let now = convert(t);
        let mut sums = [0_u64; 3];
        for (a, b) in now.iter().zip(&before) {
            for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
                *sum += u64::from(a.abs_diff(*b));
            }
        }
        scores.push(sums.map(|sum| sum as f64 / now.len().max(1) as f64).iter().sum::<f64>() / 3.0);
        before = now;
    }
    let window = options.window.max(1);
    let ratio = |t: usize| {
        let around = scores.get(t.checked_sub(window)?..=t + window)?;
        let mean = (around.iter().sum::<f64>() - scores[t]) / (2 * window) as f64;
        Some(match mean < NO_CHANGE {
            false => (scores[t] / mean).min(LARGEST_RATIO),
            true if scores[t] >= options.score => LARGEST_RATIO,
            true => 0.0,
        })
    };
    let ratios: Vec<Option<f64>> = (0..clip.frames).map(ratio).collect();
    let mut cuts: Vec<usize> = Vec::new();
    for (t, ratio) in ratios.iter().enumerate() {
        let large = ratio.is_some_and(|ratio| ratio >= options.ratio) && scores[t] >= options.score;
        if large && cuts.last().is_none_or(|last| t - last >= options.apart) {
            cuts.push(t);
        }
    }
    Ok(SceneCuts { cuts, scores, ratios })
}
