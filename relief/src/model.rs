//! Depth by a model of single pictures: an ONNX file with a picture in and one map out, run by the user's own ONNX Runtime.

mod runtime;
#[cfg(test)]
pub(crate) mod tiny;

use crate::depth::{Disparity, Map, Meaning};
use crate::error::ReliefError;
use image::imageops::{FilterType, resize};
use image::{ImageBuffer, Rgb};
use ort::session::Session;
use ort::value::{Tensor, ValueType};
use std::path::Path;

/// How a model wants its colors: subtracted and divided by, of values from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Colors {
    mean: [f32; 3],
    deviation: [f32; 3],
}

/// The mean and the deviation of the pictures of ImageNet.
pub const IMAGENET: Colors = Colors { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] };
/// From -1 to 1.
pub const HALF: Colors = Colors { mean: [0.5; 3], deviation: [0.5; 3] };
/// From 0 to 1, as they are.
pub const UNIT: Colors = Colors { mean: [0.0; 3], deviation: [1.0; 3] };

/// What is known of a family of models, from their authors' pages.
struct Family {
    /// What its files' names contain, in lower case without punctuation.
    sign: &'static str,
    colors: Colors,
    /// Length of the shorter side of its pictures.
    side: usize,
    meaning: Meaning,
}

/// The first whose sign is in the name counts.
const FAMILIES: [Family; 6] = [
    Family { sign: "metric", colors: IMAGENET, side: 518, meaning: Meaning::Depth },
    Family { sign: "depthanythingv2", colors: IMAGENET, side: 518, meaning: Meaning::Disparity },
    Family { sign: "depthanything", colors: IMAGENET, side: 518, meaning: Meaning::Disparity },
    Family { sign: "depthpro", colors: HALF, side: 1536, meaning: Meaning::Depth },
    Family { sign: "midas", colors: IMAGENET, side: 384, meaning: Meaning::Disparity },
    Family { sign: "dpt", colors: HALF, side: 384, meaning: Meaning::Disparity },
];
/// A model that is not in the table.
const OTHER: Family = Family { sign: "", colors: IMAGENET, side: 518, meaning: Meaning::Disparity };
/// Sides of pictures are multiples of this: of 14 for models of the DINO family.
const PATCH: usize = 14;

/// What overrules the table.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wishes {
    /// What the map means.
    pub meaning: Option<Meaning>,
    /// How the model wants its colors.
    pub colors: Option<Colors>,
    /// Length of the shorter side of the picture that the model gets.
    pub side: Option<usize>,
}

/// Runs a model on a picture, RGB bytes `[height, width, 3]`.
///
/// # Errors
/// No ONNX Runtime on this machine; a file that is no model of a picture to one map; a map that says nothing.
pub fn depth_by(
    file: &Path,
    wishes: Wishes,
    rgb: &[u8],
    (width, height): (usize, usize),
) -> Result<Disparity, ReliefError> {
    let failed = |problem: String| ReliefError::Model { file: file.to_owned(), problem };
    // Before the runtime is looked for: a wrong name is the commoner fault.
    std::fs::metadata(file).map_err(|error| failed(format!("cannot be read: {error}")))?;
    let environment = runtime::environment().map_err(|problem| ReliefError::Runtime { problem })?;
    let mut session = Session::builder(environment)
        .and_then(|mut builder| builder.commit_from_file(file))
        .map_err(|error| failed(format!("no ONNX model that this runtime can read: {error}")))?;
    let family = family(file);
    let input = Input::of(&session, &family, wishes.side, (width, height)).map_err(failed)?;
    let picture = input
        .picture(wishes.colors.unwrap_or(family.colors), rgb, (width, height))
        .ok_or_else(|| failed(format!("found a picture of {} bytes, expected {width}×{height}", rgb.len())))?;
    let tensor = Tensor::from_array((input.shape.clone(), picture)).map_err(|error| failed(error.to_string()))?;
    let names: Vec<String> = session.outputs().iter().map(|outlet| outlet.name().to_owned()).collect();
    let found = session.run(ort::inputs![input.name.as_str() => tensor]).map_err(|error| {
        failed(format!(
            "does not run on a picture of {}×{}: {error}; --depth-side sets another size",
            input.size.0, input.size.1
        ))
    })?;
    for name in names {
        let Some(Ok((shape, values))) = found.get(&name).map(|value| value.try_extract_tensor::<f32>()) else {
            continue;
        };
        let sides: Vec<usize> = shape.iter().map(|side| *side as usize).filter(|side| *side != 1).collect();
        let [rows, columns] = sides.as_slice() else { continue };
        let map =
            Map { width: *columns, height: *rows, values: values.iter().map(|value| f64::from(*value)).collect() };
        return map.disparity(wishes.meaning.unwrap_or(family.meaning), width, height).map_err(failed);
    }
    Err(failed("none of its outputs is one map of numbers, [height, width]; expected a model of depth".to_owned()))
}

fn family(file: &Path) -> Family {
    let name: String =
        file.to_string_lossy().to_lowercase().chars().filter(|letter| letter.is_alphanumeric()).collect();
    FAMILIES.into_iter().find(|family| name.contains(family.sign)).unwrap_or(OTHER)
}

/// What a model takes.
struct Input {
    name: String,
    /// Of the tensor.
    shape: Vec<i64>,
    /// Of the picture.
    size: (usize, usize),
    /// Whether colors come last.
    colors_last: bool,
}

impl Input {
    fn of(session: &Session, family: &Family, side: Option<usize>, picture: (usize, usize)) -> Result<Self, String> {
        let [input] = session.inputs() else {
            let names: Vec<&str> = session.inputs().iter().map(|input| input.name()).collect();
            return Err(format!("{} inputs ({}); expected one, a picture", names.len(), names.join(", ")));
        };
        let ValueType::Tensor { shape, .. } = input.dtype() else {
            return Err(format!("its input {} is no tensor; expected a picture", input.name()));
        };
        let mut shape: Vec<i64> = shape.iter().copied().collect();
        let rank = shape.len();
        if !(3..=5).contains(&rank) {
            return Err(format!("its input has the shape {shape:?}; expected [1, 3, height, width]"));
        }
        let colors_last = shape[rank - 1] == 3 && shape[rank - 3] != 3;
        let (rows, columns) = if colors_last { (rank - 3, rank - 2) } else { (rank - 2, rank - 1) };
        let colors = if colors_last { rank - 1 } else { rank - 3 };
        if !matches!(shape[colors], 3 | -1) {
            return Err(format!("its input has the shape {shape:?}; expected three colors, [1, 3, height, width]"));
        }
        shape[colors] = 3;
        shape[..colors.min(rows)].iter_mut().filter(|side| **side < 0).for_each(|side| *side = 1);
        let whole = |length: f64| (length / PATCH as f64).round().max(1.0) as usize * PATCH;
        let scale = side.unwrap_or(family.side) as f64 / picture.0.min(picture.1) as f64;
        let chosen = |fixed: i64, length: usize| match usize::try_from(fixed) {
            Ok(fixed) if fixed > 0 => fixed,
            _ => whole(length as f64 * scale),
        };
        let size = (chosen(shape[columns], picture.0), chosen(shape[rows], picture.1));
        (shape[columns], shape[rows]) = (size.0 as i64, size.1 as i64);
        Ok(Self { name: input.name().to_owned(), shape, size, colors_last })
    }

    /// A picture as the model wants it; `None`: it has not the size that it is said to have.
    fn picture(&self, colors: Colors, rgb: &[u8], (width, height): (usize, usize)) -> Option<Vec<f32>> {
        let image: ImageBuffer<Rgb<u8>, &[u8]> = ImageBuffer::from_raw(width as u32, height as u32, rgb)?;
        let (columns, rows) = self.size;
        let sized = resize(&image, columns as u32, rows as u32, FilterType::Triangle).into_raw();
        let value = |at: usize, channel: usize| {
            (f32::from(sized[3 * at + channel]) / 255.0 - colors.mean[channel]) / colors.deviation[channel]
        };
        let count = columns * rows;
        Some(if self.colors_last {
            (0..3 * count).map(|i| value(i / 3, i % 3)).collect()
        } else {
            (0..3 * count).map(|i| value(i % count, i / count)).collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::write;

    /// Bright on the left, dark on the right.
    fn picture() -> Vec<u8> {
        (0..40 * 20).flat_map(|i| [if i % 40 < 20 { 200 } else { 50 }; 3]).collect()
    }

    #[test]
    fn a_model_gives_disparity_or_depth() {
        for sides in [[1, 3, 28, 56], [0, 3, 0, 0]] {
            let (_folder, file) = write("tiny.onnx", &tiny::mean_of_colors(1, &sides));
            let near_is_bright = depth_by(&file, Wishes::default(), &picture(), (40, 20)).unwrap();
            assert_eq!((near_is_bright.width, near_is_bright.height, near_is_bright.far), (40, 20, 8.0));
            assert_eq!((near_is_bright.values[10 * 40 + 5], near_is_bright.values[10 * 40 + 35]), (1.0, 0.125));
            // The same as depth, with colors as they are: 200 is four times as far as 50.
            let wishes = Wishes { meaning: Some(Meaning::Depth), colors: Some(UNIT), side: Some(28) };
            let near_is_dark = depth_by(&file, wishes, &picture(), (40, 20)).unwrap();
            assert!((near_is_dark.far - 4.0).abs() < 1e-4, "{}", near_is_dark.far);
            assert_eq!(near_is_dark.values[10 * 40 + 35], 1.0);
        }
    }

    #[test]
    fn what_is_no_model_of_depth_is_told() {
        let said = |model: &[u8]| {
            let (_folder, file) = write("tiny.onnx", model);
            let error = depth_by(&file, Wishes::default(), &picture(), (40, 20)).unwrap_err().to_string();
            error.split_once("tiny.onnx: ").unwrap().1.to_owned()
        };
        assert!(said(b"words").starts_with("no ONNX model that this runtime can read"), "{}", said(b"words"));
        assert_eq!(
            said(&tiny::mean_of_colors(2, &[1, 3, 28, 28])),
            "2 inputs (picture0, picture1); expected one, a picture"
        );
        let flat = vec![100; 40 * 20 * 3];
        let (_folder, file) = write("tiny.onnx", &tiny::mean_of_colors(1, &[1, 3, 28, 56]));
        let error = depth_by(&file, Wishes::default(), &flat, (40, 20)).unwrap_err().to_string();
        assert!(error.ends_with("expected depth that differs"), "{error}");
        let missing = depth_by(Path::new("/none.onnx"), Wishes::default(), &flat, (40, 20)).unwrap_err().to_string();
        assert!(missing.starts_with("/none.onnx: cannot be read"), "{missing}");
    }

    #[test]
    fn known_models_are_known_by_name() {
        let of = |name: &str| {
            let Family { colors, side, meaning, .. } = family(Path::new(name));
            (colors, side, meaning)
        };
        assert_eq!(of("depth_anything_v2_vits.onnx"), (IMAGENET, 518, Meaning::Disparity));
        assert_eq!(of("Depth-Anything-V2-Metric-Outdoor-Small.onnx"), (IMAGENET, 518, Meaning::Depth));
        assert_eq!(of("onnx-community/DepthPro-ONNX/model.onnx"), (HALF, 1536, Meaning::Depth));
        assert_eq!(of("dpt-hybrid-midas.onnx"), (IMAGENET, 384, Meaning::Disparity));
        assert_eq!(of("mine.onnx"), (IMAGENET, 518, Meaning::Disparity));
    }
}
