//! Long exposures: one image for a whole clip (METHOD §1.4).

use loop3d_media::Clip;
use rayon::prelude::*;

/// Channel values of one block of work: small enough that its sums stay in the cache while frames stream by.
const BLOCK: usize = 3 * 1024;

/// How the frames of a clip become one image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LongExposure {
    /// Mean over time, as in the paper.
    #[default]
    Mean,
    /// Mean weighted by each frame's distance from the mean (`dynamic` in METHOD §1.4, what the published code does): moving
    /// pixels count by how far they are from their mean.
    DeviationWeighted,
    /// Median over time of each channel; the mean of the two middle values where the number of frames is even.
    Median,
}

/// The long exposure of a clip: `[height, width, 3]`, 0 to 1.
///
/// Streams over the clip's bytes in blocks, in parallel; the result does not depend on the number of threads.
pub fn long_exposure(clip: &Clip, mode: LongExposure) -> Vec<f32> {
    let mut image = vec![0f32; clip.width * clip.height * 3];
    image.par_chunks_mut(BLOCK).enumerate().for_each(|(block, out)| {
        let (start, end) = (block * BLOCK, block * BLOCK + out.len());
        let frames = || (0..clip.frames).map(|t| &clip.frame(t)[start..end]);
        match mode {
            LongExposure::Mean => mean(frames(), out),
            LongExposure::DeviationWeighted => deviation_weighted(frames, out),
            LongExposure::Median => median(frames(), out),
        }
    });
    image
}

/// Exact sums, then one division.
fn mean<'a>(frames: impl Iterator<Item = &'a [u8]>, out: &mut [f32]) {
    let mut sums = vec![0u32; out.len()];
    let mut count = 0u32;
    for frame in frames {
        count += 1;
        for (sum, &value) in sums.iter_mut().zip(frame) {
            *sum += u32::from(value);
        }
    }
    let scale = 1.0 / (255.0 * f64::from(count));
    for (value, sum) in out.iter_mut().zip(sums) {
        *value = (f64::from(sum) * scale) as f32;
    }
}

/// `Σ w V / Σ w` with `w = max(‖V − mean‖₂, 1e-10)` over the three channels (METHOD §1.4), worked in levels of 255.
fn deviation_weighted<'a, I: Iterator<Item = &'a [u8]>>(frames: impl Fn() -> I, out: &mut [f32]) {
    const LEAST: f32 = 255.0 * 1e-10;
    mean(frames(), out);
    // Mean, weighted sum and weight of each pixel, side by side.
    let mut pixels: Vec<([f32; 3], [f32; 3], f32)> =
        out.chunks_exact(3).map(|mean| ([mean[0] * 255.0, mean[1] * 255.0, mean[2] * 255.0], [0.0; 3], 0.0)).collect();
    for frame in frames() {
        for ((mean, sum, total), pixel) in pixels.iter_mut().zip(frame.as_chunks::<3>().0) {
            let value = pixel.map(f32::from);
            let off = [value[0] - mean[0], value[1] - mean[1], value[2] - mean[2]];
            let weight = (off[0] * off[0] + off[1] * off[1] + off[2] * off[2]).sqrt().max(LEAST);
            for c in 0..3 {
                sum[c] += weight * value[c];
            }
            *total += weight;
        }
    }
    for (out, (_, sum, total)) in out.chunks_exact_mut(3).zip(pixels) {
        for c in 0..3 {
            out[c] = sum[c] / (255.0 * total);
        }
    }
}

fn median<'a>(frames: impl Iterator<Item = &'a [u8]>, out: &mut [f32]) {
    let frames: Vec<&[u8]> = frames.collect();
    let middle = frames.len() / 2;
    let mut values = vec![0u8; frames.len()];
    for (at, out) in out.iter_mut().enumerate() {
        for (value, frame) in values.iter_mut().zip(&frames) {
            *value = frame[at];
        }
        let (below, &mut upper, _) = values.select_nth_unstable(middle);
        let lower = if frames.len().is_multiple_of(2) { below.iter().copied().max().unwrap_or(upper) } else { upper };
        *out = (f32::from(lower) + f32::from(upper)) / 510.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A clip of 40×30 pixels whose every pixel has the red values `red`, no green, blue 255.
    fn clip(red: &[u8]) -> Clip {
        let rgb = red.iter().flat_map(|&red| [red, 0, 255].repeat(40 * 30)).collect();
        Clip { width: 40, height: 30, frames: red.len(), rgb }
    }

    fn assert_red(clip: &Clip, mode: LongExposure, red: f32) {
        let image = long_exposure(clip, mode);
        assert_eq!(image.len(), 40 * 30 * 3);
        for pixel in image.chunks_exact(3) {
            let off = (pixel[0] - red / 255.0).abs().max(pixel[1]).max((pixel[2] - 1.0).abs());
            assert!(off < 1e-6, "{mode:?}: {pixel:?}, expected red {red}");
        }
    }

    #[test]
    fn each_mode_by_hand() {
        let moving = clip(&[0, 0, 0, 200]);
        assert_red(&moving, LongExposure::Mean, 50.0);
        // Distances from the mean 50, 50, 50, 150: 150·200 / 300.
        assert_red(&moving, LongExposure::DeviationWeighted, 100.0);
        assert_red(&moving, LongExposure::Median, 0.0);
        assert_red(&clip(&[10, 250, 20, 31]), LongExposure::Median, 25.5);
        assert_red(&clip(&[10, 250, 20]), LongExposure::Median, 20.0);
    }

    #[test]
    fn a_still_is_its_own_long_exposure() {
        for mode in [LongExposure::Mean, LongExposure::DeviationWeighted, LongExposure::Median] {
            assert_red(&clip(&[77]), mode, 77.0);
        }
    }

    #[test]
    fn pixels_do_not_mix() {
        let width = BLOCK / 3 + 7; // the last block is a short one
        let rgb: Vec<u8> = (0..2 * width * 3).map(|i| (i * 7 % 251) as u8).collect();
        let clip = Clip { width, height: 1, frames: 2, rgb };
        let image = long_exposure(&clip, LongExposure::Mean);
        for (at, value) in image.iter().enumerate() {
            let mean = (f32::from(clip.frame(0)[at]) + f32::from(clip.frame(1)[at])) / 510.0;
            assert!((value - mean).abs() < 1e-6);
        }
    }
}
