//! Files of depth, as tools write them.

use crate::error::ReliefError;
use loop3d_capture::{NpyArray, read_npy};
use loop3d_media::bilinear::{mix, taps};
use loop3d_media::is_same_shape;
use std::path::Path;

/// Values below this part of all, and above one minus it, do not count: specks at the rim of what a model knows.
const RARE: f64 = 0.005;
/// How much farther the farthest is than the nearest where a file does not say: models give disparity up to a factor and an offset.
const FARTHEST: f64 = 8.0;
/// The farthest depth that counts, in units of the nearest: what is beyond it does not move.
const HORIZON: f64 = 1000.0;

/// What the values of a file mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Near is large, as models of single pictures give it, up to a factor and an offset.
    Disparity,
    /// Near is small: depth along the viewing axis, in any unit.
    Depth,
}

/// The disparity of each pixel of a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Disparity {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// 1 / depth in units of the nearest depth: 1 is nearest, [`Disparity::far`] farthest. `[height, width]`.
    pub values: Vec<f32>,
    /// Depth of the farthest, in units of the nearest.
    pub far: f64,
    /// What the file's values were taken for.
    pub meaning: Meaning,
    /// The nearest depth in the file's unit, where it holds depth.
    pub nearest: Option<f64>,
}

impl Disparity {
    /// Reads a file for a picture of `width` × `height`: a PNG of 8 or 16 bits, or an npy of `[height, width]` or `[frames, height, width]`
    /// (the median of the frames counts). Without `meaning`, an image holds disparity and an npy depth.
    ///
    /// # Errors
    /// A file that cannot be read, has another shape, or says nothing.
    pub fn read(file: &Path, meaning: Option<Meaning>, (width, height): (usize, usize)) -> Result<Self, ReliefError> {
        let failed = |problem: String| ReliefError::Depth { file: file.to_owned(), problem };
        let bytes = std::fs::read(file).map_err(|error| failed(format!("cannot be read: {error}")))?;
        let is_npy = bytes.starts_with(b"\x93NUMPY");
        let map = if is_npy { of_npy(&bytes) } else { of_image(&bytes) }.map_err(failed)?;
        let size = |width: usize, height: usize| (width as u32, height as u32);
        if !is_same_shape(size(map.width, map.height), size(width, height)) {
            let (found, expected) = ((map.width, map.height), (width, height));
            return Err(ReliefError::Shape { file: file.to_owned(), found, expected });
        }
        let meaning = meaning.unwrap_or(if is_npy { Meaning::Depth } else { Meaning::Disparity });
        map.disparity(meaning, width, height).map_err(failed)
    }
}

impl Disparity {
    /// The part of it from a column and row on.
    pub fn cut(&self, (x, y): (usize, usize), (width, height): (usize, usize)) -> Self {
        let rows = (y..y + height).flat_map(|row| &self.values[row * self.width + x..row * self.width + x + width]);
        Self { width, height, values: rows.copied().collect(), ..*self }
    }
}

/// Values as they are in a file.
pub(crate) struct Map {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) values: Vec<f64>,
}

fn of_image(bytes: &[u8]) -> Result<Map, String> {
    let image = image::load_from_memory(bytes).map_err(|error| {
        format!("neither an image nor an npy of depth: {error}; expected a PNG of 8 or 16 bits, or an npy")
    })?;
    let grey = image.into_luma16();
    let (width, height) = (grey.width() as usize, grey.height() as usize);
    Ok(Map { width, height, values: grey.into_raw().into_iter().map(f64::from).collect() })
}

fn of_npy(bytes: &[u8]) -> Result<Map, String> {
    let NpyArray { shape, values } = read_npy(bytes)?;
    let sizes: Vec<usize> = match shape.as_slice() {
        // One channel, before or after the image.
        [height, width, 1] | [1, height, width] | [height, width] => vec![1, *height, *width],
        [frames, height, width] => vec![*frames, *height, *width],
        other => return Err(format!("npy of shape {other:?}; expected [height, width] or [frames, height, width]")),
    };
    let (frames, count) = (sizes[0], sizes[1] * sizes[2]);
    if count == 0 || frames == 0 {
        return Err(format!("npy of shape {shape:?}; expected at least one value"));
    }
    let median = |pixel: usize| {
        let mut over_time: Vec<f64> = (0..frames).map(|t| values[t * count + pixel]).collect();
        let middle = over_time.len() / 2;
        *over_time.select_nth_unstable_by(middle, f64::total_cmp).1
    };
    Ok(Map { width: sizes[2], height: sizes[1], values: (0..count).map(median).collect() })
}

impl Map {
    /// Brought to a picture's size, and to the nearest depth as a unit.
    pub(crate) fn disparity(&self, meaning: Meaning, width: usize, height: usize) -> Result<Disparity, String> {
        let known: Vec<f64> = self
            .values
            .iter()
            .copied()
            .filter(|value| value.is_finite() && (meaning == Meaning::Disparity || *value > 0.0))
            .collect();
        if known.len() * 2 < self.values.len() {
            let (found, all) = (self.values.len() - known.len(), self.values.len());
            return Err(format!(
                "{found} of {all} values are no numbers or not above 0; expected depth for most pixels"
            ));
        }
        let (low, high) = range(known);
        if high - low <= 1e-6 * high.abs().max(1e-12) {
            return Err(format!("all values are about {low}; expected depth that differs"));
        }
        let far = match meaning {
            Meaning::Disparity => FARTHEST,
            Meaning::Depth => (high / low).clamp(1.05, HORIZON),
        };
        let least = 1.0 / far;
        let one = |value: f64| -> f32 {
            let disparity = match meaning {
                Meaning::Disparity => least + (1.0 - least) * (value - low) / (high - low),
                Meaning::Depth => low / value,
            };
            // What is not known is far.
            if disparity.is_finite() && (meaning == Meaning::Disparity || value > 0.0) {
                disparity.clamp(least, 1.0) as f32
            } else {
                least as f32
            }
        };
        let values: Vec<f32> = self.values.iter().map(|value| one(*value)).collect();
        Ok(Disparity {
            width,
            height,
            values: resized(&values, (self.width, self.height), (width, height)),
            far,
            meaning,
            nearest: (meaning == Meaning::Depth).then_some(low),
        })
    }
}

/// The range of values without the rarest.
fn range(mut values: Vec<f64>) -> (f64, f64) {
    let count = values.len();
    let rare = (count as f64 * RARE) as usize;
    let low = *values.select_nth_unstable_by(rare, f64::total_cmp).1;
    let high = *values.select_nth_unstable_by(count - 1 - rare, f64::total_cmp).1;
    (low, high)
}

/// Bilinear, and sharp again where that mixes near and far: a value between both would float in the air.
fn resized(values: &[f32], from: (usize, usize), to: (usize, usize)) -> Vec<f32> {
    if from == to {
        return values.to_vec();
    }
    let (columns, rows) = (taps(from.0, to.0), taps(from.1, to.1));
    let mut out = Vec::with_capacity(to.0 * to.1);
    for row in &rows {
        for column in &columns {
            let corners = [
                (column.first, row.first),
                (column.second, row.first),
                (column.first, row.second),
                (column.second, row.second),
            ];
            let four = corners.map(|(x, y)| values[y * from.0 + x]);
            let [low, high] =
                [f32::min, f32::max].map(|pick: fn(f32, f32) -> f32| four.into_iter().fold(four[0], pick));
            let [above, below] = [0, 2].map(|i| mix(four[i], four[i + 1], column.weight));
            let mixed = mix(above, below, row.weight);
            const EDGE: f32 = 0.04;
            out.push(if high - low < EDGE {
                mixed
            } else if mixed - low < high - mixed {
                low
            } else {
                high
            });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::write;

    fn npy(shape: &str, values: &[f32]) -> Vec<u8> {
        let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}\n");
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        bytes
    }

    #[test]
    fn metric_depth_becomes_disparity_in_units_of_the_nearest() {
        // Two frames of depth; the median of two is the later of both in order.
        let depth: Vec<f32> = [2.0f32, 4.0, 8.0, 10.0].iter().flat_map(|d| [*d; 50]).collect();
        let (_folder, file) = write("d.npy", &npy("(1, 10, 20)", &depth));
        let disparity = Disparity::read(&file, None, (20, 10)).unwrap();
        assert_eq!((disparity.meaning, disparity.far), (Meaning::Depth, 5.0));
        assert_eq!([0, 60, 120, 199].map(|at| disparity.values[at]), [1.0, 0.5, 0.25, 0.2]);
        let part = disparity.cut((3, 2), (4, 2));
        assert_eq!((part.width, part.height, part.values), (4, 2, [[1.0; 4], [0.5; 4]].concat()));
    }

    #[test]
    fn images_hold_disparity_of_any_size_and_edges_stay_sharp() {
        let image = image::GrayImage::from_fn(20, 10, |x, _| image::Luma([if x < 10 { 200 } else { 40 }]));
        let mut png = std::io::Cursor::new(Vec::new());
        image.write_to(&mut png, image::ImageFormat::Png).unwrap();
        let (_folder, file) = write("d.png", png.get_ref());
        let disparity = Disparity::read(&file, None, (80, 40)).unwrap();
        assert_eq!(disparity.meaning, Meaning::Disparity);
        assert!(disparity.values.iter().all(|value| *value == 1.0 || *value == 0.125));
        assert_eq!(disparity.values[..80].iter().filter(|value| **value == 1.0).count(), 40);
        let other = Disparity::read(&file, Some(Meaning::Depth), (80, 40)).unwrap();
        assert_eq!((other.far, other.values[79]), (5.0, 1.0));
    }

    #[test]
    fn what_is_wrong_is_told() {
        let said = |bytes: &[u8], size| {
            let (_folder, file) = write("d.npy", bytes);
            Disparity::read(&file, None, size).unwrap_err().to_string().split_once("d.npy: ").unwrap().1.to_owned()
        };
        let ramp: Vec<f32> = (0..200).map(|i| 1.0 + i as f32).collect();
        assert!(said(b"words", (20, 10)).starts_with("neither an image nor an npy of depth"));
        assert_eq!(
            said(&npy("(10, 20)", &ramp), (20, 20)),
            "20×10 values; expected the shape of the clip's frames, 20×20"
        );
        assert_eq!(
            said(&npy("(200,)", &ramp), (20, 10)),
            "npy of shape [200]; expected [height, width] or [frames, height, width]"
        );
        assert_eq!(
            said(&npy("(10, 20)", &[3.0; 200]), (20, 10)),
            "all values are about 3; expected depth that differs"
        );
        let none = said(&npy("(10, 20)", &[f32::NAN; 200]), (20, 10));
        assert_eq!(none, "200 of 200 values are no numbers or not above 0; expected depth for most pixels");
    }
}
