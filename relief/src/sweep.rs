//! Where something near moves to and fro before what is behind: a flag's tip before a wall. Depth is that of one moment, or of most. Where the
//! near thing shows only now and then, what is behind is known from the other moments: it stays on its own plane, as one image, and the near
//! plane gets what differs from it.

use crate::picture::Picture;
use rayon::prelude::*;

/// Least difference in disparity between a thing and what it moves before.
const BEFORE: f32 = 0.08;
/// How far from where a thing mostly is it may move, as a part of the picture's longer side.
const SWAY: f64 = 0.025;
/// Pixels from an edge of depth within which a change may be of what is behind.
const RIM: usize = 3;
/// Levels from what is behind up to which a color is the same.
const LIKE: i32 = 10;
/// The part of all moments that must show what is behind.
const SHOWN: f64 = 0.4;
/// Levels from what is behind below which nothing is before it, and from which on nothing shows through.
const MATTE: (f32, f32) = (6.0, 24.0);

/// The nearer disparity at each pixel where something nearer comes by, 0 elsewhere. `values` are disparities `[height, width]`.
#[must_use]
pub fn sweeps(values: &[f32], moving: &[bool], width: usize) -> Vec<f32> {
    let height = values.len() / width.max(1);
    let reach = (SWAY * width.max(height) as f64).ceil() as usize + RIM;
    // A still thing's rim changes as well, with what moves behind it: only what moves inside its outline counts.
    let farness: Vec<f32> = values.iter().map(|value| 1.0 - value).collect();
    let farthest = greatest(&greatest(&farness, width, RIM, 1), width, RIM, width);
    let inside = |at: usize| values[at] - (1.0 - farthest[at]) < BEFORE;
    let only: Vec<f32> = (0..values.len()).map(|at| if moving[at] && inside(at) { values[at] } else { 0.0 }).collect();
    let around = greatest(&greatest(&only, width, reach, 1), width, reach, width);
    let swept = |((value, nearer), moving): ((&f32, f32), &bool)| {
        if *moving && nearer - *value > BEFORE { nearer } else { 0.0 }
    };
    values.iter().zip(around).zip(moving).map(swept).collect()
}

/// The greatest of the values up to `reach` cells before and behind each, along rows (`stride` 1) or columns (`stride` the width).
fn greatest(values: &[f32], width: usize, reach: usize, stride: usize) -> Vec<f32> {
    let length = if stride == 1 { width } else { values.len() / width };
    let of = |at: usize| {
        let place = if stride == 1 { at % width } else { at / width };
        let (before, behind) = (place.min(reach), reach.min(length - 1 - place));
        (at - before * stride..=at + behind * stride).step_by(stride).map(|i| values[i]).fold(0.0, f32::max)
    };
    (0..values.len()).into_par_iter().map(of).collect()
}

/// What a pixel shows when nothing is before it: the median of all moments, where enough of them are like it.
#[must_use]
pub fn behind(pixel: u32, picture: &Picture) -> Option<[u8; 3]> {
    let colors: Vec<[i32; 3]> = (0..picture.moments.len()).map(|moment| picture.color(pixel, moment)).collect();
    let median = [0, 1, 2].map(|channel| {
        let mut values: Vec<i32> = colors.iter().map(|color| color[channel]).collect();
        let middle = values.len() / 2;
        *values.select_nth_unstable(middle).1
    });
    let like = |color: &&[i32; 3]| color.iter().zip(&median).all(|(value, median)| (value - median).abs() <= LIKE);
    let shown = colors.iter().filter(like).count() as f64 >= SHOWN * colors.len() as f64;
    shown.then(|| median.map(|value| value as u8))
}

/// What is before `behind` where `color` is seen: premultiplied, and how much of what is behind it covers. Over what is behind, it gives the
/// color again.
#[must_use]
pub fn matte(color: [u8; 3], behind: [u8; 3]) -> [u16; 4] {
    let differs = color.iter().zip(behind).map(|(a, b)| a.abs_diff(b)).max().unwrap_or(0);
    before(color, behind, ((f32::from(differs) - MATTE.0) / (MATTE.1 - MATTE.0)).clamp(0.0, 1.0))
}

/// What covers `alpha` of `behind`, or more where no color could look like `color` otherwise: premultiplied.
#[must_use]
pub fn before(color: [u8; 3], behind: [u8; 3], alpha: f32) -> [u16; 4] {
    let channels = [0, 1, 2].map(|i| (f32::from(color[i]) / 255.0, f32::from(behind[i]) / 255.0));
    // No channel can be darker than black or brighter than white.
    let least = |(own, back): (f32, f32)| {
        if own < back { (back - own) / back } else { (own - back) / (1.0 - back).max(1e-6) }
    };
    let alpha = channels.into_iter().map(least).fold(alpha, f32::max).min(1.0);
    let part = channels.map(|(own, back)| own - (1.0 - alpha) * back);
    let wide = |value: f32| (value.clamp(0.0, alpha) * 65535.0).round() as u16;
    [wide(part[0]), wide(part[1]), wide(part[2]), (alpha * 65535.0).round() as u16]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_near_thing_comes_by_is_found() {
        // Near in columns 20 to 29; it moves in 18 to 33, and far away something else does.
        let values: Vec<f32> = (0..200 * 3).map(|i| if (20..30).contains(&(i % 200)) { 1.0 } else { 0.2 }).collect();
        let moving: Vec<bool> = (0..600).map(|i| matches!(i % 200, 18..=33 | 90..=99)).collect();
        let swept = sweeps(&values, &moving, 200);
        let columns: Vec<usize> = (0..200).filter(|x| swept[200 + x] > 0.0).collect();
        assert_eq!(columns, [18, 19, 30, 31, 32, 33]);
        assert!(columns.iter().all(|x| swept[200 + x] == 1.0));
        // A still pillar whose rim flickers with the water behind it does not move.
        let water: Vec<bool> = (0..600).map(|i| !matches!(i % 200, 22..=27)).collect();
        assert!(sweeps(&values, &water, 200).iter().all(|nearer| *nearer == 0.0));
    }

    #[test]
    fn what_is_behind_is_what_most_moments_show() {
        let wall = [[200, 150, 100], [198, 152, 99], [201, 149, 101]];
        let of = |colors: &[[u8; 3]]| Picture::of(colors.iter().map(|color| color.to_vec()).collect(), 1, colors.len());
        let flag = [180, 20, 20];
        assert_eq!(behind(0, &of(&[wall[0], flag, wall[1], wall[2], flag])), Some([198, 149, 99]));
        assert_eq!(behind(0, &of(&[wall[0], flag, [90, 10, 10], [10, 10, 10], [40, 200, 0]])), None);
    }

    #[test]
    fn a_matte_over_what_is_behind_is_the_picture() {
        for (color, back) in
            [([180, 20, 20], [200, 150, 100]), ([212, 158, 100], [200, 150, 100]), ([0, 255, 9], [1, 240, 0])]
        {
            let [r, g, b, a] = matte(color, back).map(|value| f32::from(value) / 65535.0);
            let over = [r, g, b].into_iter().zip(back).map(|(part, back)| 255.0 * part + (1.0 - a) * f32::from(back));
            for (shown, color) in over.zip(color) {
                assert!((shown - f32::from(color)).abs() < 0.02, "{shown} {color}");
            }
        }
        assert_eq!(matte([180, 20, 20], [200, 150, 100])[3], 65535);
        assert!(matte([203, 148, 100], [200, 150, 100])[3] < 4000);
        assert_eq!(matte([200, 150, 100], [200, 150, 100]), [0; 4]);
        assert!((1..30_000).contains(&matte([210, 150, 100], [200, 150, 100])[3]));
    }
}
