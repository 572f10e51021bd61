//! What a stretch of a clip leaves out: how far the moments outside it are from any inside it. It is the completeness of the figures
//! (METHOD §6.2), at one pixel of a coarse level.

use loop3d_media::Clip;
use std::collections::VecDeque;

/// Moments that are compared, at most: of a longer clip every second, or third, is taken.
const MOMENTS: usize = 300;

/// For each of `starts`, ascending, the mean over all moments of the clip of the least difference to a moment of the stretch of `period`
/// frames from there, in levels summed over the channels.
pub fn missing(clip: &Clip, pixel: usize, period: usize, starts: &[u16]) -> Vec<f32> {
    let step = clip.frames.div_ceil(MOMENTS);
    let colours: Vec<[i32; 3]> =
        (0..clip.frames).step_by(step).map(|t| [0, 1, 2].map(|c| i32::from(clip.frame(t)[3 * pixel + c]))).collect();
    let (count, length) = (colours.len(), (period / step).max(1));
    let last = count.saturating_sub(length);
    // For each beginning of a window the sum over all moments; windows slide with a queue of candidates for the least.
    let mut sums = vec![0i64; last + 1];
    let mut queue: VecDeque<(usize, i32)> = VecDeque::new();
    for at in &colours {
        queue.clear();
        for (t, other) in colours.iter().enumerate() {
            let difference = at.iter().zip(other).map(|(a, b)| (a - b).abs()).sum::<i32>();
            while queue.back().is_some_and(|(_, worse)| *worse >= difference) {
                queue.pop_back();
            }
            queue.push_back((t, difference));
            if let Some(begin) = (t + 1).checked_sub(length) {
                while queue.front().is_some_and(|(old, _)| *old < begin) {
                    queue.pop_front();
                }
                sums[begin] += queue.front().map_or(0, |(_, least)| i64::from(*least));
            }
        }
    }
    starts.iter().map(|start| sums[(usize::from(*start) / step).min(last)] as f32 / count as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_least_difference_by_definition() {
        let mut random = 5u32;
        let rgb: Vec<u8> = (0..40 * 2 * 3)
            .map(|_| {
                random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (random >> 24) as u8
            })
            .collect();
        let clip = Clip { width: 2, height: 1, frames: 40, rgb };
        let starts: Vec<u16> = (2..25).collect();
        let difference =
            |a: usize, b: usize| (3..6).map(|c| f32::from(clip.frame(a)[c].abs_diff(clip.frame(b)[c]))).sum::<f32>();
        for (start, found) in starts.iter().zip(missing(&clip, 1, 12, &starts)) {
            let window = usize::from(*start)..usize::from(*start) + 12;
            let least = |t: usize| window.clone().map(|s| difference(t, s)).fold(f32::INFINITY, f32::min);
            let expected = (0..40).map(least).sum::<f32>() / 40.0;
            assert!((found - expected).abs() < 1e-3, "{start}: {found} {expected}");
        }
    }
}
