//! How long the loop is: the longest that closes nearly as well as any.

use crate::surface::{FADE, possible};
use loop3d_media::Clip;
use rayon::prelude::*;
use std::ops::RangeInclusive;

/// Longest side of the image in which lengths are compared.
pub const SIDE: usize = 48;
/// The shortest loop, in seconds, and the longest. Of a short clip a loop may be as short as a third.
const SECONDS: [f64; 2] = [1.0, 10.0];
/// Part of the clip that a loop may take at most: the rest is what the pixels choose their starts from.
const PART: f64 = 2.0 / 3.0;
/// By how much worse than the best a length may close.
const NEARLY: f64 = 1.25;
/// Patches of this many pixels to each side must jump together.
const REACH: usize = 1;

/// A length and how well it closes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Length {
    /// Frames of the loop.
    pub frames: usize,
    /// The change at the pixels' best jumps over the change from a frame to the next: at 1 and below a jump is no more than any other
    /// moment.
    pub jump: f64,
}

/// Lengths that are looked at, in a clip of this many frames; `longest` in seconds.
pub fn candidates(frames: usize, fps: f64, longest: Option<f64>) -> Option<RangeInclusive<usize>> {
    let most = ((frames as f64 * PART) as usize).min((longest.unwrap_or(SECONDS[1]) * fps).round() as usize);
    let least = ((SECONDS[0] * fps).round() as usize).min(frames / 3).min(most).max(FADE + 1);
    (least <= most && possible(frames, most).is_some()).then_some(least..=most)
}

/// The length to choose; `small` is the clip with its longest side at most [`SIDE`], `moving` which of its pixels move.
pub fn best(small: &Clip, moving: &[bool], candidates: RangeInclusive<usize>) -> Option<Length> {
    let lengths: Vec<Length> = candidates.into_par_iter().filter_map(|frames| judge(small, moving, frames)).collect();
    let least = lengths.iter().map(|length| length.jump).min_by(f64::total_cmp)?;
    lengths.into_iter().rfind(|length| length.jump <= (least * NEARLY).max(0.0))
}

/// How well a length closes: each pixel, with those around it, jumps where that changes least.
pub fn judge(small: &Clip, moving: &[bool], frames: usize) -> Option<Length> {
    let starts = possible(small.frames, frames)?;
    let (width, height) = (small.width, small.height);
    let pixels: Vec<usize> = (0..moving.len()).filter(|&pixel| moving[pixel]).collect();
    if pixels.is_empty() {
        return None;
    }
    let difference = |pixel: usize, a: usize, b: usize| -> f64 {
        let at = 3 * pixel..3 * pixel + 3;
        small.frame(a)[at.clone()].iter().zip(&small.frame(b)[at]).map(|(a, b)| f64::from(a.abs_diff(*b))).sum()
    };
    let around = |pixel: usize| {
        let (x, y) = (pixel % width, pixel / width);
        let columns = x.saturating_sub(REACH)..(x + REACH + 1).min(width);
        (y.saturating_sub(REACH)..(y + REACH + 1).min(height))
            .flat_map(move |y| columns.clone().map(move |x| y * width + x))
    };
    let natural: f64 =
        (1..small.frames).map(|t| pixels.iter().map(|&pixel| difference(pixel, t - 1, t)).sum::<f64>()).sum::<f64>()
            / (small.frames - 1) as f64;
    let first = *starts.start() - FADE / 2;
    let last = *starts.end() + FADE / 2;
    let jumps: f64 = pixels
        .iter()
        .map(|&pixel| {
            let (sums, count) = around(pixel).fold((vec![0.0; last - first], 0.0), |(mut sums, count), other| {
                sums.iter_mut().zip(first..last).for_each(|(sum, k)| *sum += difference(other, k, k + frames));
                (sums, count + 1.0)
            });
            sums.windows(FADE).map(|fade| fade.iter().sum::<f64>()).fold(f64::INFINITY, f64::min)
                / (FADE as f64 * count)
        })
        .sum();
    Some(Length { frames, jump: jumps / natural.max(f64::MIN_POSITIVE) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A bright bar that moves through the picture in `period` frames, with a little noise.
    fn bar(period: usize, frames: usize) -> Clip {
        let (width, height) = (24, 12);
        let mut random = 1u32;
        let rgb = (0..frames * height * width)
            .flat_map(|i| {
                let (x, t) = (i % width, i / (width * height));
                let phase = (t as f64 / period as f64 - x as f64 / width as f64) * std::f64::consts::TAU;
                random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                [(128.0 + 100.0 * phase.sin()) as u8 + (random >> 30) as u8; 3]
            })
            .collect();
        Clip { width, height, frames, rgb }
    }

    #[test]
    fn what_repeats_is_found_and_the_longest_of_its_multiples_is_taken() {
        let clip = bar(20, 130);
        let best = best(&clip, &vec![true; 24 * 12], candidates(130, 25.0, None).unwrap()).unwrap();
        assert_eq!(best.frames, 80);
        assert!(best.jump < 1.0, "{best:?}");
        assert!(judge(&clip, &vec![true; 24 * 12], 70).unwrap().jump > 3.0 * best.jump);
    }

    #[test]
    fn lengths_leave_something_to_choose_from() {
        assert_eq!(candidates(250, 25.0, None), Some(25..=166));
        assert_eq!(candidates(1000, 25.0, None), Some(25..=250));
        assert_eq!(candidates(40, 25.0, None), Some(13..=26));
        assert_eq!(candidates(12, 25.0, None), Some(5..=8));
        assert_eq!(candidates(6, 25.0, None), None);
        assert_eq!(candidates(250, 25.0, Some(2.0)), Some(25..=50));
        assert_eq!(candidates(250, 25.0, Some(0.5)), Some(13..=13));
    }
}
