//! Parallax in what homographies leave over. Where the camera travels, all features go the same way at the same time, each by as much
//! as its depth says: one motion over time, times one number for each feature. Leaves and water each go their own way. So each
//! feature's motion is tried as the motion of all, and the one that explains features in most of the image is taken.

use glam::DVec2;
use loop3d_media::Size;
use std::collections::HashMap;

/// A feature counts where it was found in this fraction of the frames.
const SEEN: f64 = 0.5;
/// Fewest features that are conclusive, and fewest cells of the image that they must be in.
const FEWEST_TRACKS: usize = 20;
const FEWEST_CELLS: usize = 6;
/// Cells along the longer side: what counts is how much of the image moves, not how many features a busy part of it has.
const CELLS: f64 = 10.0;
/// Frames that are looked at, spread over the clip.
const FRAMES: usize = 60;
/// Features whose motion is tried.
const TRIES: usize = 80;
/// Rounds of fitting the common motion to those that it explains.
const ROUNDS: usize = 5;
/// Features that are off by less than this, in pixels, lie on the homography's own plane.
const OFF_PX: f64 = 0.5;
/// Fraction of a feature's motion (its square) that the common motion must explain.
const EXPLAINED: f64 = 0.7;
/// Fraction of the cells with features that it must move: a few things that go wrong together are not parallax.
const MOVED: f64 = 0.1;

/// What one feature is off the homography in each frame, in pixels; `None` where it was not found.
type Track = Vec<Option<DVec2>>;

/// How far near and far features are moved against each other in the worst frame, in pixels: 0 where nothing is moved by a travelling
/// camera, `None` where there are too few features to say. `left_over` is, for each frame and feature, how far it is off the homography;
/// `None` where it was not found.
pub(super) fn measure(places: &[DVec2], size: Size, left_over: &[Vec<Option<DVec2>>]) -> Option<f64> {
    let step = left_over.len().div_ceil(FRAMES).max(1);
    let frames: Vec<&Vec<Option<DVec2>>> = left_over.iter().step_by(step).collect();
    let side = f64::from(size.0.max(size.1)) / CELLS;
    let (mut tracks, mut cells): (Vec<Track>, Vec<(u32, u32)>) = (Vec::new(), Vec::new());
    for (index, place) in places.iter().enumerate() {
        let track: Track = frames.iter().map(|frame| frame[index]).collect();
        let seen = track.iter().flatten().count();
        if seen > 0 && seen as f64 >= SEEN * frames.len() as f64 {
            tracks.push(track);
            cells.push(((place.x / side) as u32, (place.y / side) as u32));
        }
    }
    let mut in_cell: HashMap<(u32, u32), usize> = HashMap::new();
    for cell in &cells {
        *in_cell.entry(*cell).or_default() += 1;
    }
    if tracks.len() < FEWEST_TRACKS || in_cell.len() < FEWEST_CELLS {
        return None;
    }

    // Each feature counts for its part of its cell.
    let parts: Vec<f64> = cells.iter().map(|cell| 1.0 / in_cell.get(cell).map_or(1.0, |&count| count as f64)).collect();
    let area =
        |picked: &[bool]| parts.iter().zip(picked).map(|(part, picked)| if *picked { *part } else { 0.0 }).sum::<f64>();
    // The longest are likeliest to be moved at all.
    let mut tried: Vec<usize> = (0..tracks.len()).filter(|&index| length(&tracks[index]) > OFF_PX / 2.0).collect();
    tried.sort_by(|&a, &b| length(&tracks[b]).total_cmp(&length(&tracks[a])));
    let step = tried.len().div_ceil(TRIES).max(1);
    let best = tried.into_iter().step_by(step).filter_map(|index| {
        let mut moved = Moved::by(&tracks[index], &tracks);
        for _ in 0..ROUNDS {
            moved = Moved::by(&refitted(&tracks, &moved)?, &tracks);
        }
        Some((area(&moved.off), moved))
    });
    let Some((most, moved)) = best.max_by(|a, b| a.0.total_cmp(&b.0)) else { return Some(0.0) };
    if most < MOVED * in_cell.len() as f64 {
        return Some(0.0);
    }
    // What the common motion does not move lies on the homography's plane; what moves in its own way does not count.
    let counts = |(px, off): &(&f64, &bool)| **off || px.abs() <= OFF_PX;
    let mut sorted_px: Vec<f64> = moved.moved_px.iter().zip(&moved.off).filter(counts).map(|(px, _)| *px).collect();
    sorted_px.sort_by(f64::total_cmp);
    let at = |fraction: f64| sorted_px[((sorted_px.len() - 1) as f64 * fraction).round() as usize];
    Some(at(0.975) - at(0.025))
}

/// Root of the mean square.
fn length(track: &Track) -> f64 {
    let seen = track.iter().flatten();
    (seen.clone().map(|place| place.length_squared()).sum::<f64>() / seen.count().max(1) as f64).sqrt()
}

/// What a common motion does to each feature.
struct Moved {
    /// Its part of the motion, in pixels of the worst frame.
    moved_px: Vec<f64>,
    /// Whether it is off by that, and by little else.
    off: Vec<bool>,
}

impl Moved {
    fn by(common: &Track, tracks: &[Track]) -> Self {
        let worst = common.iter().flatten().map(|motion| motion.length()).fold(0.0, f64::max);
        let of = |track: &Track| {
            let (mut both, mut own, mut energy) = (0.0, 0.0, 0.0);
            for (place, motion) in track.iter().zip(common).filter_map(|(a, b)| Some(((*a)?, (*b)?))) {
                both += place.dot(motion);
                own += place.length_squared();
                energy += motion.length_squared();
            }
            if energy < 1e-12 || own < 1e-12 {
                return (0.0, false);
            }
            let moved_px = both / energy * worst;
            (moved_px, moved_px.abs() > OFF_PX && both * both / energy > EXPLAINED * own)
        };
        let (moved_px, off) = tracks.iter().map(of).unzip();
        Self { moved_px, off }
    }
}

/// The motion that fits the features best that an earlier one moves, in least squares; `None` where there are none.
fn refitted(tracks: &[Track], moved: &Moved) -> Option<Track> {
    let moves = moved.moved_px.iter().zip(&moved.off).map(|(px, off)| if *off { *px } else { 0.0 });
    let most = moves.clone().map(f64::abs).fold(0.0, f64::max);
    let fit = |frame: usize| {
        let (mut sum, mut weight) = (DVec2::ZERO, 0.0);
        for (track, moved_px) in tracks.iter().zip(moves.clone()) {
            if let Some(place) = track[frame] {
                let fraction = moved_px / most;
                sum += place * fraction;
                weight += fraction * fraction;
            }
        }
        // A frame in which none of them was found is not evidence.
        (weight > 0.0).then(|| sum / weight)
    };
    (most > 0.0).then(|| (0..tracks.first().map_or(0, Vec::len)).map(fit).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = (640, 360);
    const FRAMES: usize = 30;

    fn noise(seed: usize) -> DVec2 {
        let wave = |k: f64| (seed as f64 * k).sin() * 43758.5453;
        DVec2::new(wave(12.9898).fract(), wave(78.233).fract())
    }

    fn places(count: usize) -> Vec<DVec2> {
        (0..count).map(|i| DVec2::new((i * 137 % 640) as f64, (i * 91 % 360) as f64)).collect()
    }

    /// What `count` features are off by, at depths of their own (0 to 1), for a camera that travels by `travel(frame)`.
    fn measured(count: usize, travel: impl Fn(usize) -> DVec2, own: impl Fn(usize, usize) -> DVec2) -> Option<f64> {
        let feature = |frame: usize, index: usize| {
            // One in eight is not found, never the same.
            let lost = (frame * 7 + index * 3).is_multiple_of(8);
            (!lost).then(|| travel(frame) * (index % 10) as f64 / 9.0 + own(frame, index))
        };
        let left_over: Vec<_> = (0..FRAMES).map(|frame| (0..count).map(|i| feature(frame, i)).collect()).collect();
        measure(&places(count), SIZE, &left_over)
    }

    fn small(frame: usize, index: usize) -> DVec2 {
        0.1 * noise(frame * 1000 + index)
    }

    /// Leaves: as many features as `is_leaf` picks swing by four pixels, each at its own pace.
    fn leaf(frame: usize, index: usize, is_leaf: bool) -> DVec2 {
        let swing = (frame as f64 * (0.3 + 0.01 * (index % 90) as f64) + index as f64).sin();
        small(frame, index) + if is_leaf { 4.0 * swing * noise(index) } else { DVec2::ZERO }
    }

    const LAST: f64 = (FRAMES - 1) as f64;

    #[test]
    fn a_travelling_camera_is_told_from_leaves_whatever_the_number_of_features() {
        for count in [40, 100, 600] {
            for px in [1.5, 6.0, 20.0] {
                let travel = |frame: usize| DVec2::new(0.97, 0.24) * px * frame as f64 / LAST;
                for leaves in [0, 3, 2] {
                    let own = |frame, index: usize| leaf(frame, index, leaves > 0 && index % 7 % leaves == 1);
                    let found = measured(count, travel, own).unwrap();
                    assert!((found - px).abs() < 0.3 + 0.1 * px, "{count} features, {leaves}: {found} of {px} px");
                    let still = measured(count, |_| DVec2::ZERO, own).unwrap();
                    assert!(still < 0.5, "{count} features, {leaves}: {still} px of a still camera");
                }
            }
        }
    }

    #[test]
    fn too_few_features_or_all_in_a_corner_say_nothing() {
        assert_eq!(measured(12, |_| DVec2::ZERO, small), None);
        assert_eq!(measure(&[], SIZE, &[]), None);
        let corner: Vec<DVec2> = places(60).iter().map(|place| *place / 8.0).collect();
        let frames = vec![vec![Some(DVec2::ZERO); 60]; FRAMES];
        assert_eq!(measure(&corner, SIZE, &frames), None);
        assert_eq!(measure(&places(60), SIZE, &frames), Some(0.0));
        assert_eq!(measure(&places(60), SIZE, &vec![vec![None; 60]; FRAMES]), None);
    }
}
