//! `--fill FILE`: what is behind nearer things, as a picture or a clip without them (a clean plate).

use crate::failure::failed;
use anyhow::Result;
use loop3d_closing::{Closed, Look, Options, close, cut};
use loop3d_media::{AreaFilter, Ffmpeg, Size, Source, images, is_same_shape};
use loop3d_relief::Picture;
use loop3d_scene::Fault;
use loop3d_scene::job::Observer;
use std::path::Path;

/// A clean plate in the size of a loop's frames.
pub enum Plate {
    /// One image: RGB bytes `[height, width, 3]`.
    Still(Vec<u8>),
    /// A loop of its own, brought to size frame by frame.
    Loop(Box<Closed>, Fitting),
}

/// How frames of a plate are brought to those of the loop.
#[derive(Clone, Copy)]
pub struct Fitting {
    /// Size of the plate.
    pub from: Size,
    /// Size of the clip's frames before they were steadied.
    pub of: Size,
    /// Where in these the loop's frames begin.
    pub corner: Size,
    /// Size of the loop's frames.
    pub size: Size,
}

impl Plate {
    /// Reads a plate for a loop of `seconds`. A clip is closed like the clip that it is for; temporary files are in `folder`.
    ///
    /// # Errors
    /// What can be wrong with an image or a clip, and another shape.
    pub fn read(
        file: &Path,
        (of, corner, size): (Size, Size, Size),
        seconds: f64,
        folder: &Path,
        observer: &mut dyn Observer,
    ) -> Result<Self> {
        let source = Source::at(file)?;
        let (from, _) = source.look(&Ffmpeg::default())?;
        if !is_same_shape(from, of) {
            let what = format!(
                "{}: found {}×{}; expected the shape of the clip's frames, {}×{}",
                file.display(),
                from.0,
                from.1,
                of.0,
                of.1
            );
            return Err(failed(Fault::Input, what));
        }
        let fitting = Fitting { from, of, corner, size };
        if let Source::Still(file) = &source {
            return Ok(Self::Still(fitting.apply(&images::read_whole(file, from)?)));
        }
        let look = Look { tripod: true, ..Look::default() };
        let options = Options { seconds: Some(seconds), look, ..Options::default() };
        Ok(Self::Loop(Box::new(close(&source, &options, folder, observer)?), fitting))
    }

    /// Frame `index` of a loop of `frames`.
    ///
    /// # Errors
    /// The disk fails.
    pub fn frame(&mut self, index: usize, frames: usize) -> Result<Vec<u8>> {
        match self {
            Self::Still(rgb) => Ok(rgb.clone()),
            Self::Loop(closed, fitting) => {
                let own = closed.report.frames;
                Ok(fitting.apply(&closed.frame(index * own / frames.max(1) % own)?))
            }
        }
    }

    /// A loop of `frames` at the moments that are looked at.
    ///
    /// # Errors
    /// The disk fails.
    pub fn moments(&mut self, frames: usize, width: usize) -> Result<Picture> {
        let shown: Result<Vec<_>> =
            Picture::moments(frames).into_iter().map(|index| self.frame(index, frames)).collect();
        Ok(Picture::of(shown?, width, frames))
    }

    /// Whether it changes over the loop.
    pub fn moves(&self) -> bool {
        matches!(self, Self::Loop(closed, _) if closed.report.moving > 0.0)
    }
}

impl Fitting {
    /// Brings a frame to size.
    fn apply(&self, rgb: &[u8]) -> Vec<u8> {
        let Self { from, of, corner, size } = *self;
        let shrunk;
        let (rgb, from) = if from.0 >= of.0 && from.1 >= of.1 && from != of {
            let mut small = vec![0; of.0 as usize * of.1 as usize * 3];
            AreaFilter::new(from, of).apply(rgb, &mut small);
            shrunk = small;
            (shrunk.as_slice(), of)
        } else {
            (rgb, from)
        };
        // Where the plate is smaller, by the nearest pixel.
        cut(rgb, from, of, corner, size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plates_of_any_size_are_cut_like_the_clip() {
        let ramp = |width: u32, height: u32, scale: u32| -> Vec<u8> {
            (0..width * height).flat_map(|i| [(i % width * scale) as u8, (i / width * scale) as u8, 7]).collect()
        };
        let of = |from| Fitting { from, of: (16, 8), corner: (2, 1), size: (12, 6) };
        let same = of((16, 8)).apply(&ramp(16, 8, 4));
        assert_eq!((same.len(), &same[..3], &same[same.len() - 3..]), (12 * 6 * 3, &[8, 4, 7][..], &[52, 24, 7][..]));
        // Twice as large: the mean of four; half as large: each pixel twice.
        assert_eq!(of((32, 16)).apply(&ramp(32, 16, 4))[..3], [18, 10, 7]);
        assert_eq!(of((8, 4)).apply(&ramp(8, 4, 8))[..9], [8, 0, 7, 8, 0, 7, 16, 0, 7]);
    }
}
