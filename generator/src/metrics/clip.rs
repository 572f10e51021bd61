//! All that can be measured of one clip by itself.

use super::{Activity, CutOptions, MetricError, Seam, activity, scene_cuts, seam};
use loop3d_media::Clip;
use serde::Serialize;

/// The measures of a clip. Those that need more frames than it has are `None`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClipMetrics {
    /// Width and height in pixels.
    pub size: [usize; 2],
    /// Number of frames.
    pub frames: usize,
    /// Whether it closes on itself; from three frames.
    pub seam: Option<Seam>,
    /// How much it moves; from two frames.
    pub activity: Option<Activity>,
    /// First frames of new scenes.
    pub cuts: Vec<usize>,
}

impl ClipMetrics {
    /// Measures a clip.
    ///
    /// # Errors
    /// It has no frame.
    pub fn of(clip: &Clip) -> Result<Self, MetricError> {
        let cuts = scene_cuts(clip, &CutOptions::default())?.cuts;
        let (size, frames) = ([clip.width, clip.height], clip.frames);
        Ok(Self { size, frames, seam: seam(clip).ok(), activity: activity(clip).ok(), cuts })
    }
}
