//! How much a clip moves: so that a loop that closes because it stands still is not called a good one.

use super::error::{MetricError, at_least, mean_difference};
use super::warp::Flow;
use loop3d_media::Clip;
use serde::{Deserialize, Serialize};

/// What is averaged over the pixels of a flow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum FlowPower {
    /// The length: OFS of StreamingT2V's first version.
    #[default]
    Length,
    /// Its square: the second version.
    Square,
}

/// OFS: the mean length of a flow, or of its square, in pixels. 0 for a flow without pixels.
#[must_use]
pub fn flow_score(flow: &Flow, power: FlowPower) -> f64 {
    let square = |[x, y]: &[f32; 2]| f64::from(*x).powi(2) + f64::from(*y).powi(2);
    let sum: f64 = match power {
        FlowPower::Length => flow.xy.iter().map(|xy| square(xy).sqrt()).sum(),
        FlowPower::Square => flow.xy.iter().map(square).sum(),
    };
    sum / flow.xy.len().max(1) as f64
}

/// Motion without flow.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Activity {
    /// Mean absolute difference of consecutive frames, in grey levels.
    pub mean_difference: f64,
    /// Fraction of pixels whose largest channel difference between consecutive frames is more than one grey level, over all pairs.
    pub moving: f64,
}

/// How much consecutive frames differ.
///
/// # Errors
/// Fewer than two frames.
pub fn activity(clip: &Clip) -> Result<Activity, MetricError> {
    at_least("activity", "frames", clip.frames, 2)?;
    let pairs = clip.frames - 1;
    let (mut difference, mut moving) = (0.0, 0_usize);
    for t in 0..pairs {
        let (a, b) = (clip.frame(t), clip.frame(t + 1));
        difference += mean_difference(a, b);
        let pixels = a.as_chunks::<3>().0.iter().zip(b.as_chunks::<3>().0);
        moving += pixels.filter(|(a, b)| a.iter().zip(*b).any(|(a, b)| a.abs_diff(*b) > 1)).count();
    }
    let pixels = (clip.width * clip.height * pairs).max(1);
    Ok(Activity { mean_difference: difference / pairs as f64, moving: moving as f64 / pixels as f64 })
}
