//! What an eye finds in single frames and misses in the other figures: softness, a woven grid, specks, flicker.

use super::MetricsError;
use super::error::{check_mask, check_sizes};
use crate::patches::TimeClip;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Levels (0–255) by which a speck leaves the range of its eight neighbours.
const SPECK: i16 = 24;
/// Weights of red, green and blue in luma (BT.601).
const LUMA: [f32; 3] = [0.299, 0.587, 0.114];

/// Figures of single frames (METHOD §6.2). One is none where it is undefined: a truth that is flat, no moving or no static pixel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Appearance {
    /// Mean |Laplacian| of luma, relative to the truth's: below 1 is softer, above 1 sharper or noisier.
    pub detail: Option<f64>,
    /// The same over moving pixels.
    pub detail_moving: Option<f64>,
    /// Second differences along rows and columns against those along diagonals, relative to the truth's: above 1 is a grid.
    pub grid: Option<f64>,
    /// Pixels per million that leave the range of their eight neighbours by more than 24 levels in a channel.
    pub specks: Option<f64>,
    /// Mean change from a frame to the next over static pixels, across the loop point too, in 0–255 units.
    pub flicker: Option<f64>,
}

impl Appearance {
    /// Mean of each figure over those that have it.
    pub(super) fn mean(all: &[Self]) -> Self {
        let mean = |figure: fn(&Self) -> Option<f64>| {
            let values: Vec<f64> = all.iter().filter_map(figure).collect();
            (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
        };
        Self {
            detail: mean(|a| a.detail),
            detail_moving: mean(|a| a.detail_moving),
            grid: mean(|a| a.grid),
            specks: mean(|a| a.specks),
            flicker: mean(|a| a.flicker),
        }
    }
}

/// Figures of `render` beside `truth`; `static_mask` is `[height, width]`, true = static. Specks and flicker are the render's own,
/// the others ratios.
///
/// # Errors
/// Sizes that differ.
pub fn appearance(render: &TimeClip, truth: &TimeClip, static_mask: &[bool]) -> Result<Appearance, MetricsError> {
    check_sizes(render, truth)?;
    check_mask(static_mask, truth.width(), truth.height())?;
    let (ours, theirs) = (Frames::of(render, static_mask), Frames::of(truth, static_mask));
    Ok(Appearance {
        detail: ratio(ours.detail(), theirs.detail()),
        detail_moving: ratio(ours.detail_moving(), theirs.detail_moving()),
        grid: ratio(ours.grid(), theirs.grid()),
        specks: quotient(1e6 * ours.specks, ours.pixels),
        flicker: flicker(render, static_mask),
    })
}

/// Sums over the pixels of all frames that have eight neighbours.
#[derive(Clone, Copy, Debug, Default)]
struct Frames {
    pixels: f64,
    moving: f64,
    laplacian: f64,
    laplacian_moving: f64,
    straight: f64,
    diagonal: f64,
    specks: f64,
}

impl Frames {
    fn of(clip: &TimeClip, static_mask: &[bool]) -> Self {
        // Collected in order, so that the sums are the same for any number of threads.
        let frames: Vec<Self> = (0..clip.frames())
            .into_par_iter()
            .map(|t| Self::of_frame(&clip.frame(t), clip.width(), static_mask))
            .collect();
        frames.iter().fold(Self::default(), |sum, frame| Self {
            pixels: sum.pixels + frame.pixels,
            moving: sum.moving + frame.moving,
            laplacian: sum.laplacian + frame.laplacian,
            laplacian_moving: sum.laplacian_moving + frame.laplacian_moving,
            straight: sum.straight + frame.straight,
            diagonal: sum.diagonal + frame.diagonal,
            specks: sum.specks + frame.specks,
        })
    }

    /// `rgb` is `[height, width, 3]`.
    fn of_frame(rgb: &[u8], width: usize, static_mask: &[bool]) -> Self {
        let luma: Vec<f32> =
            rgb.chunks_exact(3).map(|c| LUMA.iter().zip(c).map(|(w, v)| w * f32::from(*v)).sum()).collect();
        let height = luma.len() / width;
        let mut sums = Self::default();
        for y in 1..height.saturating_sub(1) {
            for x in 1..width.saturating_sub(1) {
                let at = y * width + x;
                let second = |step: usize| luma[at - step] + luma[at + step] - 2.0 * luma[at];
                let (row, column) = (second(1), second(width));
                let laplacian = f64::from((row + column).abs());
                sums.pixels += 1.0;
                sums.laplacian += laplacian;
                if !static_mask[at] {
                    sums.moving += 1.0;
                    sums.laplacian_moving += laplacian;
                }
                sums.straight += f64::from(row.abs() + column.abs());
                sums.diagonal += f64::from(second(width - 1).abs() + second(width + 1).abs());
                sums.specks += f64::from(u8::from(is_speck(rgb, at, width)));
            }
        }
        sums
    }

    fn detail(&self) -> Option<f64> {
        quotient(self.laplacian, self.pixels)
    }

    fn detail_moving(&self) -> Option<f64> {
        quotient(self.laplacian_moving, self.moving)
    }

    fn grid(&self) -> Option<f64> {
        quotient(self.straight, self.diagonal)
    }
}

/// Whether pixel `at` leaves the range of its eight neighbours in a channel.
fn is_speck(rgb: &[u8], at: usize, width: usize) -> bool {
    (0..3).any(|channel| {
        let value = |pixel: usize| i16::from(rgb[pixel * 3 + channel]);
        let (mut low, mut high) = (i16::MAX, i16::MIN);
        for row in [at - width, at, at + width] {
            for neighbour in [row - 1, row, row + 1] {
                if neighbour != at {
                    (low, high) = (low.min(value(neighbour)), high.max(value(neighbour)));
                }
            }
        }
        value(at) > high + SPECK || value(at) < low - SPECK
    })
}

fn flicker(clip: &TimeClip, static_mask: &[bool]) -> Option<f64> {
    let (mut sum, mut count) = (0u64, 0usize);
    for (k, line) in clip.lines().enumerate() {
        if static_mask[k / 3] {
            let next = line.iter().cycle().skip(1);
            sum += line.iter().zip(next).map(|(a, b)| u64::from(a.abs_diff(*b))).sum::<u64>();
            count += line.len();
        }
    }
    quotient(sum as f64, count as f64)
}

fn quotient(value: f64, by: f64) -> Option<f64> {
    (by > 0.0).then(|| value / by)
}

fn ratio(ours: Option<f64>, theirs: Option<f64>) -> Option<f64> {
    quotient(ours?, theirs?)
}
