//! Grey images and their pyramids.

use glam::DMat3;
use glam::DVec2;
use rayon::prelude::*;

/// A grey image, 0 to 255.
#[derive(Clone, Debug)]
pub(crate) struct Grey {
    pub width: usize,
    pub height: usize,
    /// `[height, width]`.
    pub values: Vec<f32>,
}

impl Grey {
    /// The green-heavy mean of RGB bytes `[height, width, 3]`.
    pub(crate) fn of_rgb(rgb: &[u8], width: usize, height: usize) -> Self {
        let grey =
            |pixel: &[u8; 3]| 0.25 * f32::from(pixel[0]) + 0.6 * f32::from(pixel[1]) + 0.15 * f32::from(pixel[2]);
        Self { width, height, values: rgb.as_chunks::<3>().0.iter().map(grey).collect() }
    }

    /// Half as wide and high; each pixel the mean of four.
    fn half(&self) -> Self {
        let (width, height) = (self.width / 2, self.height / 2);
        let mut values = Vec::with_capacity(width * height);
        for row in 0..height {
            let [upper, lower] = [2 * row, 2 * row + 1].map(|row| &self.values[row * self.width..][..self.width]);
            let pairs = upper.as_chunks::<2>().0.iter().zip(lower.as_chunks::<2>().0);
            values.extend(pairs.take(width).map(|(a, b)| (a[0] + a[1] + b[0] + b[1]) / 4.0));
        }
        Self { width, height, values }
    }

    /// Bilinear value at a place whose pixel centres are at halves; NaN outside.
    pub(crate) fn at(&self, x: f32, y: f32) -> f32 {
        let (x, y) = (x - 0.5, y - 0.5);
        let (left, top) = (x.floor(), y.floor());
        if !(left >= 0.0 && top >= 0.0 && left + 1.0 < self.width as f32 && top + 1.0 < self.height as f32) {
            return f32::NAN;
        }
        let (u, v) = (x - left, y - top);
        let upper = &self.values[top as usize * self.width + left as usize..];
        let lower = &upper[self.width..];
        let above = upper[0] + u * (upper[1] - upper[0]);
        let below = lower[0] + u * (lower[1] - lower[0]);
        above + v * (below - above)
    }
}

/// Where a homography takes a place.
pub(crate) fn through(map: &DMat3, place: DVec2) -> DVec2 {
    let mapped = *map * place.extend(1.0);
    mapped.truncate() / mapped.z
}

/// Smallest side of a pyramid's top.
const TOP: usize = 32;
/// Most levels: features are followed over a few pixels at the top.
const LEVELS: usize = 4;

/// Half a side of the surroundings that contrast is evened over.
const AROUND: usize = 6;
/// Contrast, in levels, below which it is noise.
const NOISE: f32 = 3.0;

/// An image and its halves, the largest first, each with its contrast evened: the light of a fire changes all brightness at once,
/// and soft shadows wander, but fine texture stays where it is.
pub(crate) fn pyramid(base: &Grey) -> Vec<Grey> {
    let mut level = base.clone();
    let mut levels = vec![level.evened()];
    while levels.len() < LEVELS && level.width.min(level.height) >= 2 * TOP {
        level = level.half();
        levels.push(level.evened());
    }
    levels
}

impl Grey {
    /// Value minus the mean around it, divided by the deviation around it.
    fn evened(&self) -> Self {
        let mean = self.around();
        let detail: Vec<f32> = self.values.iter().zip(&mean).map(|(value, mean)| value - mean).collect();
        let squares = Self { values: detail.iter().map(|detail| detail * detail).collect(), ..*self };
        let even = |(detail, square): (&f32, f32)| detail / (square.max(0.0).sqrt() + NOISE);
        Self { values: detail.iter().zip(squares.around()).map(even).collect(), ..*self }
    }

    /// Mean over the square around each pixel, as much of it as there is.
    fn around(&self) -> Vec<f32> {
        let (width, height) = (self.width, self.height);
        let span = |at: usize, count: usize| at.saturating_sub(AROUND)..(at + AROUND + 1).min(count);
        let mut across = vec![0.0; width * height];
        across.par_chunks_mut(width).zip(self.values.par_chunks(width)).for_each(|(means, line)| {
            for (column, mean) in means.iter_mut().enumerate() {
                let cells = &line[span(column, width)];
                *mean = cells.iter().sum::<f32>() / cells.len() as f32;
            }
        });
        let mut means = vec![0.0; width * height];
        means.par_chunks_mut(width).enumerate().for_each(|(row, line)| {
            let rows = span(row, height);
            for above in rows.clone() {
                for (mean, value) in line.iter_mut().zip(&across[above * width..]) {
                    *mean += value;
                }
            }
            line.iter_mut().for_each(|mean| *mean /= rows.len() as f32);
        });
        means
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp() -> Grey {
        let values = (0..64 * 80).map(|i| (i % 80) as f32 + 0.5 + 2.0 * ((i / 80) as f32 + 0.5)).collect();
        Grey { width: 80, height: 64, values }
    }

    #[test]
    fn places_are_the_same_on_all_levels() {
        let (whole, half) = (ramp(), ramp().half());
        assert!((whole.at(30.0, 20.0) - 70.0).abs() < 1e-3 && (half.at(15.0, 10.0) - 70.0).abs() < 1e-3);
        assert!(whole.at(0.2, 5.0).is_nan() && whole.at(79.9, 5.0).is_nan());
        assert_eq!(pyramid(&whole).len(), 2);
    }

    #[test]
    fn light_that_changes_slowly_over_the_image_leaves_no_trace() {
        let texture = |i: usize| 20.0 * ((i % 80) as f32 * 1.3).sin() * ((i / 80) as f32 * 1.1).cos();
        let image = |light: &dyn Fn(usize) -> f32| {
            Grey { width: 80, height: 64, values: (0..80 * 64).map(|i| 100.0 + texture(i) + light(i)).collect() }
                .evened()
        };
        let (even, lit) = (image(&|_| 0.0), image(&|i| 30.0 + 0.5 * (i % 80) as f32));
        for row in 10..54 {
            for column in 10..70 {
                let [a, b] = [&even, &lit].map(|grey| grey.values[row * 80 + column]);
                assert!((a - b).abs() < 0.05, "{row} {column}: {a} {b}");
            }
        }
    }
}
