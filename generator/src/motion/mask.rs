//! Which pixels move.

use super::MotionError;
use loop3d_media::images;
use std::path::Path;

/// Brightness from which a pixel is inside.
const INSIDE: f64 = 128.0;
/// How far the aspects of a mask and of the clip may be apart.
const ASPECT: f64 = 0.02;

/// A free-form region of a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mask {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Row by row.
    pub inside: Vec<bool>,
}

impl Mask {
    /// Reads a picture as a mask for a clip of `size`. One of another size is scaled by area.
    ///
    /// # Errors
    /// The file is no picture, has another aspect, or has no pixel inside.
    pub fn open(path: &Path, size: [u32; 2]) -> Result<Self, MotionError> {
        let found = images::size(path)?;
        let rgb = images::read_whole(path, found)?;
        let brightness: Vec<f64> =
            rgb.chunks_exact(3).map(|p| p.iter().map(|x| f64::from(*x)).sum::<f64>() / 3.0).collect();
        let (found, place) = ([found.0, found.1], path.display().to_string());
        let aspect = |[w, h]: [u32; 2]| f64::from(w) / f64::from(h);
        if (aspect(found) / aspect(size) - 1.0).abs() > ASPECT {
            return Err(MotionError::Aspect { place, found, expected: size });
        }
        let inside = (0..size[1])
            .flat_map(|y| (0..size[0]).map(move |x| [x, y]))
            .map(|pixel| mean(&brightness, found, size, pixel) >= INSIDE)
            .collect();
        let mask = Self { width: size[0], height: size[1], inside };
        if mask.inside.contains(&true) { Ok(mask) } else { Err(MotionError::Empty { place }) }
    }

    /// The whole picture: everything moves, as if the camera did.
    #[must_use]
    pub fn whole([width, height]: [u32; 2]) -> Self {
        Self { width, height, inside: vec![true; width as usize * height as usize] }
    }

    /// The pixels inside, row by row: column and row.
    #[must_use]
    pub fn pixels(&self) -> Vec<[u32; 2]> {
        let at = |index: usize| [index as u32 % self.width, index as u32 / self.width];
        (0..self.inside.len()).filter(|index| self.inside[*index]).map(at).collect()
    }

    /// The mean place of the pixels inside, in pixels.
    #[must_use]
    pub fn middle(&self) -> glam::DVec2 {
        let pixels = self.pixels();
        let sum: glam::DVec2 = pixels.iter().map(|[x, y]| glam::DVec2::new(f64::from(*x), f64::from(*y))).sum();
        sum / pixels.len().max(1) as f64 + 0.5
    }
}

/// Mean of the source pixels whose centres lie in a target pixel, or the nearest one where none does.
fn mean(source: &[f64], found: [u32; 2], size: [u32; 2], pixel: [u32; 2]) -> f64 {
    let range = |axis: usize| {
        let scale = f64::from(found[axis]) / f64::from(size[axis]);
        let from = (f64::from(pixel[axis]) * scale - 0.5).ceil().max(0.0) as u32;
        let to = (f64::from(pixel[axis] + 1) * scale - 0.5).ceil() as u32;
        let nearest = ((f64::from(pixel[axis]) + 0.5) * scale) as u32;
        if from < to { from..to.min(found[axis]) } else { nearest..nearest + 1 }
    };
    let (columns, rows) = (range(0), range(1));
    let count = columns.len() * rows.len();
    let values = rows.flat_map(|y| columns.clone().map(move |x| (y * found[0] + x) as usize));
    values.map(|index| source[index]).sum::<f64>() / count.max(1) as f64
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    #[test]
    fn masks_of_other_sizes_are_scaled() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mask.png");
        let write = |[w, h]: [u32; 2], inside: &dyn Fn(u32, u32) -> bool| {
            let rgb: Vec<u8> = (0..w * h).flat_map(|i| [if inside(i % w, i / w) { 255 } else { 0 }; 3]).collect();
            images::write(&path, &rgb, (w, h)).unwrap();
        };
        // A quarter: columns 4…7 and rows 2…3 of 8×4.
        let quarter = |scale: u32| move |x: u32, y: u32| x >= 4 * scale && y >= 2 * scale;
        let expected: Vec<[u32; 2]> = (2..4).flat_map(|y| (4..8).map(move |x| [x, y])).collect();
        for scale in [1, 3] {
            write([8 * scale, 4 * scale], &quarter(scale));
            assert_eq!(Mask::open(&path, [8, 4]).unwrap().pixels(), expected, "{scale}");
        }
        write([4, 2], &|x, y| x >= 2 && y >= 1);
        let mask = Mask::open(&path, [8, 4]).unwrap();
        assert_eq!((mask.pixels(), mask.middle()), (expected, glam::DVec2::new(6.0, 3.0)));
        let error = Mask::open(&path, [8, 8]).unwrap_err().to_string();
        assert!(error.contains("4×2") && error.contains("8×8"), "{error}");
        write([8, 4], &|_, _| false);
        assert!(matches!(Mask::open(&path, [8, 4]), Err(MotionError::Empty { .. })));
        std::fs::write(&path, b"no picture").unwrap();
        assert!(matches!(Mask::open(&path, [8, 4]), Err(MotionError::Picture(_))));
        assert_eq!(Mask::whole([3, 2]).pixels().len(), 6);
    }
}
