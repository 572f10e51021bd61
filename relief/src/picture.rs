//! The loop at a few moments: what is looked at to tell edges and what goes on behind things.

use crate::grid::window;
use rayon::prelude::*;

/// The most moments.
const MOST: usize = 16;
/// Fewest for which one that divides the loop evenly is preferred.
const FEWEST: usize = 5;

/// The frames of a loop at evenly spaced moments.
#[derive(Clone, Debug)]
pub struct Picture {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// RGB bytes `[height, width, 3]` of each moment.
    pub moments: Vec<Vec<u8>>,
    /// Frames of the loop.
    pub frames: usize,
}

impl Picture {
    /// The frames that are looked at in a loop of so many: as many as divide it evenly, if that can be.
    #[must_use]
    pub fn moments(frames: usize) -> Vec<usize> {
        let divides = (FEWEST..=MOST.min(frames)).rev().find(|count| frames.is_multiple_of(*count));
        let count = divides.unwrap_or(frames.min(MOST));
        (0..count).map(|moment| moment * frames / count).collect()
    }

    /// Of the frames at [`Picture::moments`].
    #[must_use]
    pub fn of(moments: Vec<Vec<u8>>, width: usize, frames: usize) -> Self {
        let height = moments.first().map_or(0, |rgb| rgb.len() / 3 / width.max(1));
        Self { width, height, moments, frames }
    }

    /// The color of a pixel at a moment; moments go round.
    #[must_use]
    pub fn color(&self, pixel: u32, moment: usize) -> [i32; 3] {
        let rgb = &self.moments[moment % self.moments.len()];
        let at = 3 * pixel as usize;
        [i32::from(rgb[at]), i32::from(rgb[at + 1]), i32::from(rgb[at + 2])]
    }

    /// The median of all moments: what moves to and fro is gone from it. RGB bytes `[height, width, 3]`.
    #[must_use]
    pub fn median(&self) -> Vec<u8> {
        let of = |at: usize| {
            let mut values: Vec<u8> = self.moments.iter().map(|rgb| rgb[at]).collect();
            let middle = values.len() / 2;
            *values.select_nth_unstable(middle).1
        };
        (0..3 * self.width * self.height).into_par_iter().map(of).collect()
    }

    /// Shows a pixel in one color at all moments.
    pub fn paint(&mut self, pixel: u32, color: [u8; 3]) {
        let at = 3 * pixel as usize;
        self.moments.iter_mut().for_each(|rgb| rgb[at..at + 3].copy_from_slice(&color));
    }

    /// How many frames of the loop so many moments are.
    #[must_use]
    pub fn delay(&self, moments: usize) -> u16 {
        (moments % self.moments.len() * self.frames / self.moments.len()) as u16
    }
}

/// Mean difference over time from which on a plate shows something else than the picture, in levels.
const REMOVED: i32 = 12;
/// Pixels around such ones that count as well: rims are mixed.
const RIM: i64 = 3;

/// Where a clean plate shows what is behind things: where it differs from the picture. `plate` has the same moments. Things that are still in
/// the plate hide there what they hide in the picture.
#[must_use]
pub fn plated(picture: &Picture, plate: &Picture) -> Vec<bool> {
    let (width, height) = (picture.width, picture.height);
    let sum = |of: &Picture, pixel: usize| -> [i32; 3] {
        (0..of.moments.len()).fold([0; 3], |sum, moment| {
            let color = of.color(pixel as u32, moment);
            [0, 1, 2].map(|channel| sum[channel] + color[channel])
        })
    };
    let differs = |pixel: usize| {
        let (a, b) = (sum(picture, pixel), sum(plate, pixel));
        let (m, n) = (picture.moments.len() as i32, plate.moments.len() as i32);
        a.iter().zip(b).any(|(a, b)| (a / m - b / n).abs() > REMOVED)
    };
    let found: Vec<bool> = (0..width * height).map(differs).collect();
    let around = |pixel: usize| window(pixel, RIM, width, height).any(|other| found[other]);
    (0..width * height).map(around).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_divide_the_loop_where_that_can_be() {
        assert_eq!(Picture::moments(32), [0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30]);
        assert_eq!(Picture::moments(50).len(), 10);
        assert_eq!(Picture::moments(53).len(), 16);
        assert_eq!(Picture::moments(1), [0]);
        let picture = Picture::of(vec![vec![0; 3]; 10], 1, 50);
        assert_eq!([0, 1, 9, 10].map(|moments| picture.delay(moments)), [0, 5, 45, 0]);
    }

    #[test]
    fn a_plate_counts_where_it_differs() {
        let image = |thing: bool| {
            (0..400).flat_map(|i| if thing && i % 40 < 10 { [200, 0, 0] } else { [90, 90, (i % 7) as u8] }).collect()
        };
        let (with, without) = (Picture::of(vec![image(true)], 40, 1), Picture::of(vec![image(false)], 40, 1));
        let plated = plated(&with, &without);
        assert!((0..400).all(|i| plated[i] == (i % 40 < 13)));
    }
}
