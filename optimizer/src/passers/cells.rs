//! A clip as coarse cells: small pictures of each place and moment, which can be compared without minding noise, grain or a
//! shift by a pixel.

use loop3d_capture::Clip;

/// Rows of cells of a large picture.
const ROWS: usize = 24;
/// Pixels of the clip along a cell, at least.
const LEAST_PIXELS: usize = 4;
/// Moments that are looked at, at most: every n-th frame of a long clip.
const MOST_MOMENTS: usize = 150;
/// Pixels of the shrunk clip along a cell.
const CELL: usize = 2;
/// Pixels of the shrunk clip along the window of a cell: the cell and a pixel around it.
const WINDOW: usize = CELL + 2;
/// Values of a cell at one moment: the colours of its window.
pub const VALUES: usize = WINDOW * WINDOW * 3;

/// How a clip is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Division {
    /// Rows of cells.
    pub rows: usize,
    /// Columns of cells.
    pub columns: usize,
    /// Moments, the frames `0, step, 2 · step, …`.
    pub moments: usize,
    /// Frames from one moment to the next.
    pub step: usize,
}

impl Division {
    /// The division of a clip; `None` for one that is too small.
    pub fn of(clip: &Clip) -> Option<Self> {
        let rows = ROWS.min(clip.height / LEAST_PIXELS);
        let columns = (rows * clip.width).div_ceil(clip.height.max(1)).min(clip.width / LEAST_PIXELS);
        let step = clip.frames.div_ceil(MOST_MOMENTS).max(1);
        (rows > 0 && columns > 0).then_some(Self { rows, columns, moments: clip.frames.div_ceil(step), step })
    }

    /// Number of cells.
    pub fn cells(&self) -> usize {
        self.rows * self.columns
    }

    /// Cells at most `reach` rows and columns away, the cell itself among them.
    pub fn around(&self, cell: usize, reach: usize) -> impl Iterator<Item = usize> + use<> {
        let (row, column, columns) = (cell / self.columns, cell % self.columns, self.columns);
        let rows = row.saturating_sub(reach)..(row + reach + 1).min(self.rows);
        let across = column.saturating_sub(reach)..(column + reach + 1).min(columns);
        rows.flat_map(move |row| across.clone().map(move |column| row * columns + column))
    }
}

/// Colours of all cells at all moments.
#[derive(Clone, Debug)]
pub struct Cells {
    /// How the clip is divided.
    pub division: Division,
    /// `[cell][moment][value]`, 0–255.
    values: Vec<f32>,
}

impl Cells {
    /// The cells of a clip.
    pub fn new(clip: &Clip, division: Division) -> Self {
        let Division { rows, columns, moments, step } = division;
        let (width, height) = (columns * CELL, rows * CELL);
        let small = clip.shrunk(width as u32, height as u32);
        let mut values = Vec::with_capacity(division.cells() * moments * VALUES);
        for cell in 0..division.cells() {
            let (top, left) = (cell / columns * CELL, cell % columns * CELL);
            for moment in 0..moments {
                let frame = small.frame(moment * step);
                for dy in 0..WINDOW {
                    for dx in 0..WINDOW {
                        // Pixels beyond the border are those at the border.
                        let y = (top + dy).saturating_sub(1).min(height - 1);
                        let x = (left + dx).saturating_sub(1).min(width - 1);
                        let at = (y * width + x) * 3;
                        values.extend(frame[at..at + 3].iter().copied().map(f32::from));
                    }
                }
            }
        }
        Self { division, values }
    }

    /// A cell at a moment: `[VALUES]`.
    pub fn at(&self, cell: usize, moment: usize) -> &[f32] {
        let first = (cell * self.division.moments + moment) * VALUES;
        &self.values[first..first + VALUES]
    }

    /// Mean square difference of a cell at two moments, in levels².
    pub fn distance(&self, cell: usize, a: usize, b: usize) -> f32 {
        let pairs = self.at(cell, a).iter().zip(self.at(cell, b));
        pairs.map(|(a, b)| (a - b) * (a - b)).sum::<f32>() / VALUES as f32
    }

    /// Mean and standard deviation of the three channels of a cell at a moment.
    pub fn look(&self, cell: usize, moment: usize) -> [f32; 6] {
        let pixels = (VALUES / 3) as f32;
        let (mut sum, mut square) = ([0.0f32; 3], [0.0f32; 3]);
        for pixel in self.at(cell, moment).chunks_exact(3) {
            for c in 0..3 {
                sum[c] += pixel[c];
                square[c] += pixel[c] * pixel[c];
            }
        }
        let mean = sum.map(|s| s / pixels);
        let deviation = |c: usize| (square[c] / pixels - mean[c] * mean[c]).max(0.0).sqrt();
        [mean[0], mean[1], mean[2], deviation(0), deviation(1), deviation(2)]
    }
}
