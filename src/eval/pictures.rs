//! What an eye should see of a measured view: the clip, the render, their difference, and a slice through time.

use crate::output::write_png;
use anyhow::Result;
use loop3d_media::Clip;
use std::path::Path;

/// Differences are shown so many times brighter.
pub const GAIN: u16 = 4;
/// Colour of what has no picture.
const EMPTY: u8 = 40;

/// RGB, row by row.
#[derive(Debug)]
pub struct Picture {
    /// In pixels.
    pub width: usize,
    /// Three bytes a pixel.
    pub rgb: Vec<u8>,
}

impl Picture {
    /// In pixels.
    pub fn height(&self) -> usize {
        self.rgb.len() / (3 * self.width)
    }
}

/// The pictures of one view.
#[derive(Debug)]
pub struct Pictures {
    /// A frame of the clip.
    pub clip: Picture,
    /// The same frame of the render.
    pub render: Picture,
    /// Their difference, [`GAIN`] times brighter.
    pub difference: Picture,
    /// Clips only: a still has no slice.
    pub slices: Option<Slices>,
}

/// The row of pixels that changes most, frame by frame downwards.
#[derive(Debug)]
pub struct Slices {
    /// The row, from 0.
    pub row: usize,
    /// Of the clip: as many frames as two rounds of the loop, or all.
    pub clip: Picture,
    /// Of the render: two rounds of the loop, so that the loop point is in the middle.
    pub render: Picture,
}

impl Pictures {
    /// The pictures of a loop and of the clip it is compared with.
    pub fn of(render: &Clip, truth: &Clip) -> Self {
        let t = render.frames.min(truth.frames) / 2;
        let (a, b) = (truth.frame(t), render.frame(t));
        let difference = a.iter().zip(b).map(|(a, b)| (GAIN * u16::from(a.abs_diff(*b))).min(255) as u8).collect();
        let picture = |rgb| Picture { width: truth.width, rgb };
        let slices = (truth.frames > 1 && render.frames > 1).then(|| {
            let row = liveliest_row(truth);
            let clip = slice(truth, row, truth.frames.min(2 * render.frames));
            Slices { row, clip, render: slice(render, row, 2 * render.frames) }
        });
        Self { clip: picture(a.to_vec()), render: picture(b.to_vec()), difference: picture(difference), slices }
    }

    /// All in one. Above: clip, render and difference. Below, under clip and render: their slices.
    fn sheet(&self) -> Picture {
        let above = beside(&[&self.clip, &self.render, &self.difference]);
        let Some(slices) = &self.slices else { return above };
        let below = beside(&[&slices.clip, &slices.render, &Picture { width: self.clip.width, rgb: Vec::new() }]);
        Picture { width: above.width, rgb: [above.rgb, below.rgb].concat() }
    }

    /// Writes all in one as `<folder>/<name>.png`.
    ///
    /// # Errors
    /// The picture cannot be written.
    pub fn write(&self, folder: &Path, name: &str) -> Result<()> {
        let file = folder.join(format!("{name}.png"));
        let sheet = self.sheet();
        write_png(&file, &sheet.rgb, sheet.width as u32, sheet.height() as u32)
    }
}

/// The row whose pixels change most from frame to frame.
fn liveliest_row(clip: &Clip) -> usize {
    let line = 3 * clip.width;
    let change = |y: usize| -> u64 {
        let rows = |t: usize| &clip.frame(t)[y * line..][..line];
        (1..clip.frames)
            .map(|t| rows(t).iter().zip(rows(t - 1)).map(|(a, b)| u64::from(a.abs_diff(*b))).sum::<u64>())
            .sum()
    };
    (0..clip.height).max_by_key(|&y| change(y)).unwrap_or(0)
}

/// Row `y` of `frames` frames, one below the other; after the last comes the first.
fn slice(clip: &Clip, y: usize, frames: usize) -> Picture {
    let line = 3 * clip.width;
    let rows = (0..frames).flat_map(|t| &clip.frame(t % clip.frames)[y * line..][..line]);
    Picture { width: clip.width, rgb: rows.copied().collect() }
}

/// Pictures of one width side by side; shorter ones end in grey.
fn beside(pictures: &[&Picture]) -> Picture {
    let height = pictures.iter().map(|picture| picture.height()).max().unwrap_or(0);
    let mut rgb = Vec::new();
    for y in 0..height {
        for picture in pictures {
            let line = 3 * picture.width;
            match picture.rgb.get(y * line..(y + 1) * line) {
                Some(row) => rgb.extend_from_slice(row),
                None => rgb.resize(rgb.len() + line, EMPTY),
            }
        }
    }
    Picture { width: pictures.iter().map(|picture| picture.width).sum(), rgb }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_lie_side_by_side_and_time_runs_downwards() {
        // Two pixels by two; the lower row changes, by ten levels a frame.
        let clip = |base: u8, frames: usize| {
            let frame = |t: usize| [vec![7u8; 6], vec![base + 10 * t as u8; 6]].concat();
            Clip { width: 2, height: 2, frames, rgb: (0..frames).flat_map(frame).collect() }
        };
        let sheet = Pictures::of(&clip(105, 3), &clip(100, 5)).sheet();
        // Frame 1 of both and five levels four times; then five frames of the clip beside two rounds of the loop.
        assert_eq!((sheet.width, sheet.height()), (6, 2 + 6));
        let at = |x: usize, y: usize| sheet.rgb[3 * (y * sheet.width + x)];
        assert_eq!([at(0, 0), at(2, 0), at(4, 0)], [7, 7, 0]);
        assert_eq!([at(0, 1), at(2, 1), at(4, 1)], [110, 115, 20]);
        let column = |x: usize| (2..8).map(|y| at(x, y)).collect::<Vec<u8>>();
        assert_eq!(column(1), [100, 110, 120, 130, 140, EMPTY]);
        assert_eq!(column(3), [105, 115, 125, 105, 115, 125]);
        assert_eq!(column(5), [EMPTY; 6]);
    }

    #[test]
    fn a_still_has_no_slice() {
        let still = Clip { width: 1, height: 2, frames: 1, rgb: vec![9; 6] };
        let sheet = Pictures::of(&still, &still).sheet();
        assert_eq!((sheet.width, sheet.height(), sheet.rgb.len()), (3, 2, 18));
    }
}
