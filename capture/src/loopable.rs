//! The loopable mask (METHOD §1.5, after Liao et al. 2015): which pixels of a clip both rise and fall, and so can come back
//! to where they were.

use loop3d_media::Clip;
use loop3d_media::bilinear::{Tap, mix, taps};
use rayon::prelude::*;

/// Change that counts, in levels of 255 (METHOD §1.5: ε = 15/255).
const EPSILON: f32 = 15.0;

/// Width of the blur of the class maps over 5 pixels, in pixels (METHOD §1.5).
const SIGMA: f32 = 1.1;

/// What a pixel does, in the order in which ties are decided (METHOD §1.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    /// Rises and falls.
    Loopable,
    /// A channel changes one way only.
    Unloopable,
    /// No channel changes.
    Unchanging,
}

const CLASSES: [Class; 3] = [Class::Loopable, Class::Unloopable, Class::Unchanging];

/// Which pixels of a clip can loop: `[height · width]`. Nothing loops in a clip of one frame.
///
/// Streams over the clip's bytes row by row, in parallel.
pub fn loopable_mask(clip: &Clip) -> Vec<bool> {
    let (half_width, half_height) = ((clip.width / 2).max(1), (clip.height / 2).max(1));
    let (columns, rows) = (taps(clip.width, half_width), taps(clip.height, half_height));
    let classes: Vec<Class> = rows.par_iter().flat_map_iter(|row| classify_row(clip, row, &columns)).collect();

    let (columns, rows) = (taps(half_width, clip.width), taps(half_height, clip.height));
    let blurred = |&class: &Class| {
        let map: Vec<f32> = classes.iter().map(|&found| if found == class { 255.0 } else { 0.0 }).collect();
        blur(&map, half_width, half_height)
    };
    let maps: Vec<Vec<f32>> = CLASSES.par_iter().map(blurred).collect();
    let row_of = |row: &Tap| -> Vec<bool> {
        let is_loopable = |column: &Tap| {
            let [loopable, unloopable, unchanging] = [0, 1, 2].map(|class: usize| {
                let line = |at: usize| {
                    let line = &maps[class][at * half_width..];
                    mix(line[column.first], line[column.second], column.weight)
                };
                mix(line(row.first), line(row.second), row.weight)
            });
            loopable >= unloopable && loopable >= unchanging
        };
        columns.iter().map(is_loopable).collect()
    };
    rows.par_iter().flat_map_iter(row_of).collect()
}

/// Classes of one row at half size: the scan over time with the running minimum and maximum of each channel.
fn classify_row(clip: &Clip, row: &Tap, columns: &[Tap]) -> Vec<Class> {
    let pitch = clip.width * 3;
    let values = columns.len() * 3;
    let mut line = vec![0f32; values];
    let (mut lowest, mut highest) = (vec![f32::INFINITY; values], vec![f32::NEG_INFINITY; values]);
    let (mut rises, mut falls) = (vec![false; values], vec![false; values]);
    for t in 0..clip.frames {
        let frame = clip.frame(t);
        let (above, below) = (&frame[row.first * pitch..][..pitch], &frame[row.second * pitch..][..pitch]);
        for (pixel, column) in line.chunks_exact_mut(3).zip(columns) {
            for (c, value) in pixel.iter_mut().enumerate() {
                let across = |line: &[u8]| {
                    mix(f32::from(line[column.first * 3 + c]), f32::from(line[column.second * 3 + c]), column.weight)
                };
                *value = mix(across(above), across(below), row.weight);
            }
        }
        for i in 0..values {
            let value = line[i];
            lowest[i] = lowest[i].min(value);
            highest[i] = highest[i].max(value);
            rises[i] |= value - lowest[i] > EPSILON;
            falls[i] |= highest[i] - value > EPSILON;
        }
    }
    let class = |(rises, falls): (&[bool], &[bool])| {
        let mut channels = rises.iter().zip(falls);
        if channels.clone().all(|(rises, falls)| !rises && !falls) {
            Class::Unchanging
        } else if channels.any(|(rises, falls)| rises != falls) {
            Class::Unloopable
        } else {
            Class::Loopable
        }
    };
    rises.chunks_exact(3).zip(falls.chunks_exact(3)).map(class).collect()
}

/// Gaussian blur 5×5, mirrored at the rim without repeating it, rounded to whole levels: the published code blurs bytes,
/// and its ties are decided after that rounding.
fn blur(map: &[f32], width: usize, height: usize) -> Vec<f32> {
    let weight = |offset: f32| (-offset * offset / (2.0 * SIGMA * SIGMA)).exp();
    let [near, middle, far] = [weight(1.0), weight(0.0), weight(2.0)];
    let sum = middle + 2.0 * (near + far);
    let kernel = [far, near, middle, near, far].map(|weight| weight / sum);
    let [columns, rows] = [width, height].map(|length| -> Vec<[usize; 5]> {
        (0..length).map(|at| [0, 1, 2, 3, 4].map(|k| mirrored(at + k, length))).collect()
    });
    let weighted = |value: &dyn Fn(usize) -> f32, cells: &[usize; 5]| -> f32 {
        kernel.iter().zip(cells).map(|(weight, &cell)| weight * value(cell)).sum()
    };
    let mut across = Vec::with_capacity(map.len());
    for line in map.chunks_exact(width) {
        across.extend(columns.iter().map(|cells| weighted(&|x| line[x], cells)));
    }
    let mut blurred = Vec::with_capacity(map.len());
    for cells in &rows {
        blurred.extend((0..width).map(|x| weighted(&|y| across[y * width + x], cells).round()));
    }
    blurred
}

/// Index of cell `position − 2` of a line of `length`, mirrored about the first and last cell.
fn mirrored(position: usize, length: usize) -> usize {
    let period = 2 * (length - 1).max(1);
    let at = (position + 2 * period - 2) % period; // a period is at least 2, so this does not go below 0
    at.min(period - at).min(length - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A clip whose columns show these values over time, 8 columns each, in all rows and channels.
    fn columns(values: &[&[u8]], height: usize) -> Clip {
        let frames = values[0].len();
        let width = values.len() * 8;
        let mut rgb = Vec::new();
        for t in 0..frames {
            for _ in 0..height {
                rgb.extend(values.iter().flat_map(|column| [column[t]; 8 * 3]));
            }
        }
        Clip { width, height, frames, rgb }
    }

    /// Whether the middle of each group of 8 columns is loopable, in a middle row.
    fn middles(clip: &Clip) -> Vec<bool> {
        let mask = loopable_mask(clip);
        assert_eq!(mask.len(), clip.width * clip.height);
        (0..clip.width / 8).map(|i| mask[clip.height / 2 * clip.width + i * 8 + 4]).collect()
    }

    #[test]
    fn only_what_rises_and_falls_loops() {
        let clip = columns(
            &[
                &[100, 100, 100, 100], // static
                &[100, 130, 160, 190], // only rises
                &[190, 160, 130, 100], // only falls
                &[100, 130, 100, 130], // both
                &[100, 110, 100, 110], // within ε
                &[130, 100, 101, 130], // both
            ],
            16,
        );
        assert_eq!(middles(&clip), [false, false, false, true, false, true]);
    }

    #[test]
    fn the_threshold_is_15_levels_exclusive() {
        assert_eq!(middles(&columns(&[&[100, 115, 100], &[100, 116, 100]], 16)), [false, true]);
    }

    #[test]
    fn one_channel_that_only_rises_forbids_looping() {
        let mut clip = columns(&[&[100, 130, 100, 130]], 16);
        assert!(loopable_mask(&clip).iter().all(|&loops| loops));
        let frame_bytes = clip.width * clip.height * 3;
        for t in 0..clip.frames {
            clip.rgb[t * frame_bytes..][..frame_bytes].chunks_exact_mut(3).for_each(|p| p[1] = 50 * t as u8);
        }
        assert!(!loopable_mask(&clip).iter().any(|&loops| loops));
        // A channel that stays the same rules nothing out.
        for pixel in clip.rgb.chunks_exact_mut(3) {
            pixel[1] = 9;
        }
        assert!(loopable_mask(&clip).iter().all(|&loops| loops));
    }

    #[test]
    fn the_border_is_where_the_classes_meet_and_specks_vanish() {
        let mask = loopable_mask(&columns(&[&[9, 9, 9], &[9, 90, 9]], 10));
        for row in mask.chunks_exact(16) {
            // Symmetric about the border between columns 7 and 8.
            assert_eq!(row, [vec![false; 8], vec![true; 8]].concat());
        }
        let mut clip = columns(&[&[9, 9, 9], &[9, 9, 9]], 16);
        let at = clip.width * clip.height * 3 + (8 * clip.width + 8) * 3;
        clip.rgb[at..at + 3].fill(255);
        assert!(!loopable_mask(&clip).iter().any(|&loops| loops));
    }

    #[test]
    fn odd_and_tiny_clips_and_stills_have_masks() {
        for (width, height) in [(1, 1), (3, 2), (7, 5)] {
            let rgb = [[10; 3].repeat(width * height), [99; 3].repeat(width * height), [10; 3].repeat(width * height)];
            let mut clip = Clip { width, height, frames: 3, rgb: rgb.concat() };
            assert_eq!(loopable_mask(&clip), vec![true; width * height]);
            clip = Clip { frames: 1, rgb: clip.rgb[..width * height * 3].to_vec(), ..clip };
            assert_eq!(loopable_mask(&clip), vec![false; width * height]);
        }
    }

    #[test]
    fn blur_is_the_gaussian_and_keeps_constants() {
        assert!(blur(&[255.0; 7 * 3], 7, 3).iter().all(|&value| value == 255.0));
        let mut map = vec![0.0; 9 * 9];
        map[4 * 9 + 4] = 255.0;
        let blurred = blur(&map, 9, 9);
        let weight = |x: f64| (-x * x / 2.42).exp();
        let sum = weight(0.0) + 2.0 * (weight(1.0) + weight(2.0));
        let expected = |x: f64, y: f64| (255.0 * weight(x) * weight(y) / (sum * sum)).round() as f32;
        assert_eq!([blurred[40], blurred[41], blurred[20]], [expected(0., 0.), expected(1., 0.), expected(2., 2.)]);
        assert_eq!((0..9).map(|i| mirrored(i, 5)).collect::<Vec<_>>(), [2, 1, 0, 1, 2, 3, 4, 3, 2]);
    }
}
