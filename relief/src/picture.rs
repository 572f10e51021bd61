//! The loop at a few moments: what is looked at to tell edges and what goes on behind things.

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
