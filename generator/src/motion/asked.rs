//! What a person asks to move: a picture of a mask and an arrow.

use super::{Arrow, Drawing, Mask, MotionError, Move};
use loop3d_media::images;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The mask that is the whole picture.
const ALL: &str = "all";

/// What moves, as it is written on a command line: `MASK:ARROW`, or a file with several of both.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case", untagged)]
pub enum MoveRequest {
    /// One thing.
    One {
        /// A picture, or `all`.
        mask: String,
        /// A JSON file, or `x,y;x,y`.
        arrow: String,
    },
    /// A [`Drawing`].
    Drawing {
        /// Its file.
        drawing: PathBuf,
    },
}

impl FromStr for MoveRequest {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_json = Path::new(text).extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json"));
        if is_json && (!text.contains(':') || Path::new(text).is_file()) {
            return Ok(Self::Drawing { drawing: text.into() });
        }
        // Paths may have colons, too: the mask is the longest part before one that is a file.
        let parts = || text.rmatch_indices(':').map(|(at, _)| (&text[..at], &text[at + 1..]));
        let named = parts().find(|(mask, _)| *mask == ALL || Path::new(mask).is_file());
        let (mask, arrow) = named.or_else(|| parts().next()).unwrap_or(("", ""));
        if mask.is_empty() || arrow.is_empty() {
            return Err(
                "expected MASK:ARROW, such as mask.png:arrow.json, mask.png:20,30;44,30 or all:20,30;44,30, or the \
                 moves.json of a drawing"
                    .to_owned(),
            );
        }
        Ok(Self::One { mask: mask.to_owned(), arrow: arrow.to_owned() })
    }
}

impl std::fmt::Display for MoveRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::One { mask, .. } => f.write_str(mask),
            Self::Drawing { drawing } => drawing.display().fmt(f),
        }
    }
}

impl MoveRequest {
    /// Reads masks and arrows for a clip of `size`. A mask of another size is scaled, and its arrow, which is in its pixels, with it.
    ///
    /// # Errors
    /// A file that cannot be read, a mask of another aspect or without a pixel inside, an arrow that leads nowhere or begins outside.
    pub fn open(&self, size: [u32; 2]) -> Result<Vec<Move>, MotionError> {
        match self {
            Self::One { mask, arrow } => {
                let path = (mask != ALL).then(|| Path::new(mask));
                // What is no file is an arrow in words.
                let file = Path::new(arrow);
                let in_words = !file.is_file() && arrow.contains(',');
                let (from, arrow) = (arrow, if in_words { Arrow::parse(arrow) } else { Arrow::open(file) }?);
                Ok(vec![one(path, &arrow, from, size)?])
            }
            Self::Drawing { drawing: path } => {
                let (drawing, place) = (Drawing::open(path)?, path.display().to_string());
                let folder = path.parent().unwrap_or(Path::new(""));
                let drawn = drawing.moves.iter().map(|drawn| {
                    let arrow = Arrow { points: drawn.points.clone(), frames: None };
                    one(Some(&folder.join(&drawn.mask)), &arrow, &place, size)
                });
                drawn.collect()
            }
        }
    }

    /// τ of everything else, if the drawing says it.
    ///
    /// # Errors
    /// The file cannot be read, or what it says is none.
    pub fn background(&self) -> Result<Option<f64>, MotionError> {
        let Self::Drawing { drawing: path } = self else { return Ok(None) };
        let refused = |reason| MotionError::NotADrawing { place: path.display().to_string(), reason };
        tau(&Drawing::open(path)?.background).map(Some).map_err(|error| refused(format!("background: {error}")))
    }
}

/// τ in words: `free`, `damped`, `frozen`, or a number of 0 or less.
///
/// # Errors
/// What was expected.
pub fn tau(text: &str) -> Result<f64, String> {
    let number = match text {
        "free" => Some(0.0),
        "damped" => Some(-1e2),
        "frozen" => Some(-1e4),
        number => number.parse::<f64>().ok().filter(|tau| *tau <= 0.0),
    };
    number.ok_or_else(|| "expected free, damped, frozen, or a number of 0 or less".to_owned())
}

/// A mask and its arrow, which is said to be from a place.
fn one(mask: Option<&Path>, arrow: &Arrow, place: &str, size: [u32; 2]) -> Result<Move, MotionError> {
    let (mask, of) = match mask {
        None => (Mask::whole(size), size),
        Some(path) => {
            let (width, height) = images::size(path)?;
            (Mask::open(path, size)?, [width, height])
        }
    };
    let [x, y] = arrow.points[0];
    if !((0.0..=f64::from(of[0])).contains(&x) && (0.0..=f64::from(of[1])).contains(&y)) {
        return Err(MotionError::Arrow {
            place: place.to_owned(),
            found: format!("an arrow that begins at {x}, {y}, outside of the picture of {}×{}", of[0], of[1]),
            expected: "a first point inside",
        });
    }
    let scale = [0, 1].map(|axis| f64::from(size[axis]) / f64::from(of[axis]));
    Ok(Move { mask, arrow: arrow.scaled(scale) })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    #[test]
    fn a_mask_and_an_arrow() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a:b.png");
        let rgb: Vec<u8> = (0..16 * 16).flat_map(|i| [if i % 16 < 8 { 255 } else { 0 }; 3]).collect();
        images::write(&path, &rgb, (16, 16)).unwrap();
        let asked = |arrow: &str| format!("{}:{arrow}", path.display()).parse::<MoveRequest>().unwrap();
        // Twice as large as the clip: the arrow is scaled with it.
        let open = |asked: MoveRequest| asked.open([8, 8]).map(|mut moves| moves.remove(0));
        let found = open(asked("4,4;12,4")).unwrap();
        assert_eq!(found.arrow.points, [[2.0, 2.0], [6.0, 2.0]]);
        assert_eq!((found.mask.pixels().len(), found.mask.pixels()[4]), (4 * 8, [0, 1]));
        let json = folder.path().join("arrow.json");
        std::fs::write(&json, "{\"points\": [[4, 4], [12, 4]]}").unwrap();
        assert_eq!(open(asked(&json.display().to_string())).unwrap().arrow, found.arrow);
        // The same as a drawing.
        let drawing = folder.path().join("moves.json");
        let text = r#"{"format": 1, "size": [16, 16], "background": "damped", "moves": [{"mask": "a:b.png", "points": [[4, 4], [12, 4]]}]}"#;
        std::fs::write(&drawing, text).unwrap();
        let drawn: MoveRequest = drawing.display().to_string().parse().unwrap();
        assert_eq!((drawn.background().unwrap(), &open(drawn).unwrap().mask), (Some(-1e2), &found.mask));
        let whole: MoveRequest = "all:1,1;5,1".parse().unwrap();
        assert_eq!(open(whole).unwrap().mask, Mask::whole([8, 8]));
        for bad in ["", "mask.png", ":1,1;2,2", "mask.png:"] {
            assert!(bad.parse::<MoveRequest>().unwrap_err().contains("MASK:ARROW"), "{bad}");
        }
        assert_eq!(["free", "damped", "frozen", "-10"].map(tau), [Ok(0.0), Ok(-1e2), Ok(-1e4), Ok(-10.0)]);
        assert!(tau("1").is_err() && tau("NaN").is_err() && tau("fast").is_err());
        let said = |asked: MoveRequest| open(asked).unwrap_err().to_string();
        assert!(said(asked("40,4;12,4")).contains("begins at 40, 4, outside of the picture of 16×16"));
        assert!(said(asked("none.json")).contains("none.json"));
        assert!(said("none.png:1,1;2,2".parse().unwrap()).contains("none.png"));
    }
}
