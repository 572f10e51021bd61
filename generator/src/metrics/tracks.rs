//! ObjMC: how far what moved is from where it should have gone (generate-motion §5).

use super::MetricError;
use super::error::{at_least, equal};
use glam::DVec2;

/// Frames that the published figure looks at.
pub const OBJ_MC_FRAMES: usize = 14;

/// Mean distance in pixels between the tracks that were wanted and those that were found, `[points][frames]`, over the first frames.
///
/// # Errors
/// No track, or other numbers of points or frames.
pub fn obj_mc(wanted: &[Vec<DVec2>], found: &[Vec<DVec2>]) -> Result<f64, MetricError> {
    equal("ObjMC", "the number of tracks found", &found.len(), &wanted.len())?;
    let mut distances = Vec::new();
    for (wanted, found) in wanted.iter().zip(found) {
        equal("ObjMC", "the length of a track", &found.len(), &wanted.len())?;
        distances.extend(wanted.iter().zip(found).take(OBJ_MC_FRAMES).map(|(a, b)| a.distance(*b)));
    }
    at_least("ObjMC", "points", distances.len(), 1)?;
    Ok(distances.iter().sum::<f64>() / distances.len() as f64)
}
