//! Cuts: where one picture becomes another from a frame to the next, and stays it.

use loop3d_media::{AreaFilter, Size};

/// Cells in which pictures are compared.
const CELLS: Size = (48, 27);
/// Least change of a cell at a cut, in levels.
const LEAST: u8 = 12;
/// The same, as a multiple of what the cell usually changes by from frame to frame.
const RATIO: u32 = 5;
/// The part of the cells that change at a cut.
const PART: f64 = 0.5;
/// Frames before and after over which the pictures must differ: lightning and flashes pass.
const LASTS: usize = 3;

/// Looks at a clip frame by frame.
pub struct Cuts {
    filter: AreaFilter,
    cells: Vec<Vec<u8>>,
}

impl Cuts {
    /// For frames of a size.
    pub fn new(size: Size) -> Self {
        let target = (CELLS.0.min(size.0), CELLS.1.min(size.1));
        Self { filter: AreaFilter::new(size, target), cells: Vec::new() }
    }

    /// The next frame, RGB bytes.
    pub fn see(&mut self, frame: &[u8]) {
        use loop3d_media::Shape;
        let mut cells = vec![0; self.filter.frame_bytes()];
        self.filter.apply(frame, &mut cells);
        self.cells.push(cells);
    }

    /// The first frame of the first other picture.
    pub fn first(&self) -> Option<usize> {
        let count = self.cells.len();
        let values = self.cells.first()?.len();
        let least: Vec<u8> = (0..values)
            .map(|cell| {
                let mut changes: Vec<u8> =
                    self.cells.windows(2).map(|pair| pair[0][cell].abs_diff(pair[1][cell])).collect();
                changes.sort_unstable();
                let usual = changes.get(changes.len() / 2).copied().unwrap_or(0);
                (RATIO * u32::from(usual)).clamp(LEAST.into(), 255) as u8
            })
            .collect();
        let differ = |a: &[u8], b: &[u8]| {
            let far = a.iter().zip(b).zip(&least).filter(|((a, b), least)| a.abs_diff(**b) > **least).count();
            far as f64 >= PART * values as f64
        };
        (1..count).find(|&t| {
            let (before, after) = (&self.cells[t.saturating_sub(LASTS)..t], &self.cells[t..(t + LASTS).min(count)]);
            before.iter().rev().all(|a| after.iter().all(|b| differ(a, b)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(levels: &[u8]) -> Option<usize> {
        let mut cuts = Cuts::new((32, 18));
        // Two halves, one the other's negative.
        let frame = |level: u8| (0..32 * 18 * 3).map(move |i| if i % 96 < 48 { level } else { 255 - level });
        levels.iter().for_each(|&level| cuts.see(&frame(level).collect::<Vec<u8>>()));
        cuts.first()
    }

    #[test]
    fn a_cut_is_abrupt_and_lasts() {
        assert_eq!(first(&[40, 41, 40, 42, 90, 91, 90, 92]), Some(4));
        assert_eq!(first(&[40, 41, 40, 42, 90, 41, 40, 42]), None, "a flash");
        assert_eq!(first(&[40, 60, 80, 100, 120, 140, 160, 180]), None, "a fast change");
        assert_eq!(first(&[40, 90, 40, 90, 40, 90, 40, 90]), None, "a flicker");
        assert_eq!(first(&[40]), None);
    }
}
