//! What a person drew of what moves, in one file: masks and arrows, and how much everything else may move.

use super::{Arrow, MotionError};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Number of this format.
const FORMAT: u32 = 1;

/// Masks and arrows over a picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drawing {
    /// Number of the format.
    pub format: u32,
    /// Width and height of the picture, in whose pixels the arrows are.
    pub size: [u32; 2],
    /// Everything else: `free`, `damped`, `frozen`, or a number τ.
    pub background: String,
    /// What moves.
    pub moves: Vec<Drawn>,
}

/// Something that moves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drawn {
    /// A picture, white on black, relative to this file.
    pub mask: PathBuf,
    /// Corners of its way.
    pub points: Vec<[f64; 2]>,
}

impl Drawing {
    /// A drawing in this format.
    #[must_use]
    pub fn new(size: [u32; 2], background: String, moves: Vec<Drawn>) -> Self {
        Self { format: FORMAT, size, background, moves }
    }

    /// Reads a drawing from a file.
    ///
    /// # Errors
    /// The file cannot be read, is of another version, or is no drawing.
    pub fn open(path: &Path) -> Result<Self, MotionError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| MotionError::Unreadable { path: path.to_owned(), reason: error.to_string() })?;
        Self::parse(text.trim_start_matches('\u{feff}'), &path.display().to_string())
    }

    /// Reads a drawing from the text of a file, which errors call `place`.
    ///
    /// # Errors
    /// It is of another version, or no drawing.
    pub fn parse(text: &str, place: &str) -> Result<Self, MotionError> {
        let refused = |reason: String| MotionError::NotADrawing { place: place.to_owned(), reason };
        // The version first: another one may have other fields.
        let value: serde_json::Value = serde_json::from_str(text).map_err(|error| refused(error.to_string()))?;
        let format = value.get("format").cloned().unwrap_or_default();
        if format != FORMAT {
            return Err(refused(format!("found format {format}, expected {FORMAT}")));
        }
        let drawing: Self = serde_json::from_value(value).map_err(|error| refused(error.to_string()))?;
        if drawing.moves.is_empty() {
            return Err(refused("found nothing that moves".to_owned()));
        }
        for drawn in &drawing.moves {
            Arrow { points: drawn.points.clone(), frames: None }.checked(place)?;
        }
        Ok(drawing)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    #[test]
    fn a_drawing_comes_back_and_others_are_refused() {
        let drawn = Drawn { mask: "mask-1.png".into(), points: vec![[1.0, 2.0], [30.5, 2.0]] };
        let drawing = Drawing::new([64, 48], "damped".to_owned(), vec![drawn]);
        let text = serde_json::to_string(&drawing).unwrap();
        assert_eq!(Drawing::parse(&text, "x").unwrap(), drawing);
        let said =
            |from: &str, to: &str| Drawing::parse(&text.replacen(from, to, 1), "x.json").unwrap_err().to_string();
        assert!(said("\"format\":1", "\"format\":2").contains("x.json: found format 2, expected 1"));
        assert!(said("points", "corners").contains("corners"));
        assert!(said("30.5", "1.0").contains("an arrow of 0.00 pixels"));
        assert!(said("{\"mask\":\"mask-1.png\",\"points\":[[1.0,2.0],[30.5,2.0]]}", "").contains("nothing that moves"));
        assert!(said("{", "").contains("x.json"));
    }
}
