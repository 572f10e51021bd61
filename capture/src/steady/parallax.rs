//! Parallax in what homographies leave over. Where the camera travels, all features go the same way at the same time, each by as much
//! as its depth says: one motion over time, times one number for each feature. Leaves and water go each their own way.

use glam::DVec2;

/// A feature has a say where it was found in this share of the frames.
const SEEN: f64 = 0.7;
/// Rounds of finding the common motion.
const ROUNDS: usize = 30;
/// Features that are off by less than this, in pixels, lie on the homography's own plane.
const OFF_PX: f64 = 0.5;
/// Share of the features that must be off it: a few that go wrong together are no parallax.
const FEWEST: f64 = 0.15;
/// Share of a feature's motion (its square) that the common motion must explain, in the middle of all that are off.
const EXPLAINED: f64 = 0.6;

/// How far near and far features are moved against each other in the worst frame, in pixels. `left_over` is, for each frame and
/// feature, how far it is off the homography; `None` where it was not found.
pub(super) fn measure(left_over: &[Vec<Option<DVec2>>]) -> f64 {
    let frames = left_over.len();
    let features = left_over.first().map_or(0, Vec::len);
    let seen = |&feature: &usize| {
        let count = left_over.iter().filter(|frame| frame[feature].is_some()).count();
        count as f64 >= SEEN * frames as f64
    };
    let tracks: Vec<Vec<DVec2>> = (0..features)
        .filter(seen)
        .map(|feature| left_over.iter().map(|frame| frame[feature].unwrap_or_default()).collect())
        .collect();
    let Some((common, shares)) = common_motion(&tracks, frames) else { return 0.0 };
    let worst = common.iter().map(|motion| motion.length()).fold(0.0, f64::max);
    let mut off_px: Vec<f64> = shares.iter().map(|share| share * worst).collect();
    let energy = common.iter().map(|motion| motion.length_squared()).sum::<f64>();
    let off = tracks.iter().zip(&shares).filter(|(_, share)| (*share * worst).abs() > OFF_PX);
    let mut explained: Vec<f64> = off
        .map(|(track, share)| share * share * energy / track.iter().map(|place| place.length_squared()).sum::<f64>())
        .collect();
    if (explained.len() as f64) < FEWEST * tracks.len() as f64 {
        return 0.0;
    }
    explained.sort_by(f64::total_cmp);
    if explained[explained.len() / 2] < EXPLAINED {
        return 0.0;
    }
    off_px.sort_by(f64::total_cmp);
    let at = |share: f64| off_px[((off_px.len() - 1) as f64 * share).round() as usize];
    at(0.975) - at(0.025)
}

/// The motion over time, and each track's share of it, that leave least of all tracks: the first singular vectors. Tracks that go
/// farther than most count as much as those, so that one leaf does not decide.
fn common_motion(tracks: &[Vec<DVec2>], frames: usize) -> Option<(Vec<DVec2>, Vec<f64>)> {
    let length = |track: &Vec<DVec2>| track.iter().map(|place| place.length_squared()).sum::<f64>().sqrt();
    let mut lengths: Vec<f64> = tracks.iter().map(length).collect();
    lengths.sort_by(f64::total_cmp);
    let most = *lengths.get(lengths.len() * 9 / 10)?;
    let weight = |track: &Vec<DVec2>| (most / length(track).max(1e-9)).min(1.0);
    let weights: Vec<f64> = tracks.iter().map(weight).collect();
    // From the longest of the usual tracks.
    let start = (0..tracks.len()).max_by(|&a, &b| {
        let of = |index: usize| weights[index] * length(&tracks[index]);
        of(a).total_cmp(&of(b))
    })?;
    let mut common = tracks[start].clone();
    let mut shares = vec![0.0; tracks.len()];
    for _ in 0..ROUNDS {
        let energy = common.iter().map(|motion| motion.length_squared()).sum::<f64>();
        if energy < 1e-12 {
            return None;
        }
        for (share, track) in shares.iter_mut().zip(tracks) {
            *share = track.iter().zip(&common).map(|(place, motion)| place.dot(*motion)).sum::<f64>() / energy;
        }
        let total: f64 = shares.iter().zip(&weights).map(|(share, weight)| weight * weight * share * share).sum();
        for (frame, motion) in common.iter_mut().enumerate().take(frames) {
            let sum = tracks.iter().zip(shares.iter().zip(&weights));
            let sum: DVec2 = sum.map(|(track, (share, weight))| track[frame] * (share * weight * weight)).sum();
            *motion = sum / total.max(1e-12);
        }
    }
    Some((common, shares))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(seed: usize) -> DVec2 {
        let wave = |k: f64| (seed as f64 * k).sin() * 43758.5453;
        DVec2::new(wave(12.9898).fract(), wave(78.233).fract())
    }

    /// Left over by features at depths of their own, for a camera that travels by `travel(frame)`.
    fn left_over(travel: impl Fn(usize) -> DVec2, own: impl Fn(usize, usize) -> DVec2) -> Vec<Vec<Option<DVec2>>> {
        let feature = |frame: usize, index: usize| travel(frame) * (index % 10) as f64 / 9.0 + own(frame, index);
        (0..30).map(|frame| (0..100).map(|index| Some(feature(frame, index))).collect()).collect()
    }

    #[test]
    fn a_travelling_camera_is_told_from_leaves() {
        let small = |frame: usize, index: usize| 0.1 * noise(frame * 100 + index);
        let travelling = measure(&left_over(|frame| DVec2::new(0.2, 0.05) * frame as f64, small));
        assert!((travelling - 29.0 * 0.206).abs() < 0.5, "{travelling}");
        // A third of the features are leaves that swing by three pixels, each at its own pace.
        let leaf = |frame: usize, index: usize| {
            let swing = (frame as f64 * (0.3 + 0.01 * index as f64) + index as f64).sin();
            small(frame, index) + if index % 3 == 0 { 3.0 * swing * noise(index) } else { DVec2::ZERO }
        };
        assert!(measure(&left_over(|_| DVec2::ZERO, leaf)) < 0.5);
        let both = measure(&left_over(|frame| DVec2::new(0.2, 0.05) * frame as f64, leaf));
        assert!(both > 4.0, "{both}");
        assert_eq!(measure(&[]), 0.0);
    }
}
