//! JSON files whose faults are reported with file and place.

use crate::error::CaptureError;
use serde_json::{Map, Value};
use std::path::Path;

/// A value in a file, and the way there: `frames[3].transform_matrix`.
#[derive(Clone)]
pub(crate) struct Json<'a> {
    file: &'a Path,
    pub value: &'a Value,
    place: String,
}

/// Parses a file.
pub(crate) fn read(file: &Path) -> Result<Value, CaptureError> {
    let bytes = std::fs::read(file).map_err(|source| CaptureError::Io { file: file.to_owned(), source })?;
    // Some tools begin the file with a byte-order mark.
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    // Whatever else is wrong is told of the text as it is.
    let parsed = serde_json::from_slice(text).or_else(|error| serde_json::from_slice(&quoted(text)).map_err(|_| error));
    parsed.map_err(|error| CaptureError::Bad {
        file: file.to_owned(),
        place: format!("line {}, column {}", error.line(), error.column()),
        problem: format!("not JSON: {error}"),
    })
}

/// `NaN` and `Infinity`, which Python writes without asking, as text: a reader of the number then names its place, and where
/// nobody reads it, it does no harm.
fn quoted(text: &[u8]) -> Vec<u8> {
    const WORDS: [&[u8]; 3] = [b"NaN", b"-Infinity", b"Infinity"];
    let mut quoted = Vec::with_capacity(text.len());
    let (mut at, mut inside) = (0, false);
    while let Some(&byte) = text.get(at) {
        let word = WORDS.iter().find(|word| !inside && text[at..].starts_with(word));
        let taken = match (byte, word) {
            (_, Some(word)) => {
                quoted.push(b'"');
                quoted.extend(*word);
                quoted.push(b'"');
                at += word.len();
                continue;
            }
            (b'\\', None) if inside => 2,
            (b'"', None) => {
                inside = !inside;
                1
            }
            _ => 1,
        };
        quoted.extend(text[at..].iter().take(taken));
        at += taken;
    }
    quoted
}

impl<'a> Json<'a> {
    /// A whole file.
    pub(crate) fn root(file: &'a Path, value: &'a Value) -> Self {
        Self { file, value, place: String::new() }
    }

    pub(crate) fn bad(&self, problem: impl Into<String>) -> CaptureError {
        let place = if self.place.is_empty() { "top level".to_owned() } else { self.place.clone() };
        CaptureError::Bad { file: self.file.to_owned(), place, problem: problem.into() }
    }

    /// The value of `key`, unless it is missing or null.
    pub(crate) fn get(&self, key: &str) -> Option<Self> {
        let value = self.value.get(key).filter(|value| !value.is_null())?;
        let place = if self.place.is_empty() { key.to_owned() } else { format!("{}.{key}", self.place) };
        Some(Self { file: self.file, value, place })
    }

    pub(crate) fn need(&self, key: &str) -> Result<Self, CaptureError> {
        self.get(key).ok_or_else(|| self.bad(format!("no {key}; expected one")))
    }

    pub(crate) fn object(&self) -> Result<&'a Map<String, Value>, CaptureError> {
        self.value.as_object().ok_or_else(|| self.bad(format!("{}; expected an object", kind(self.value))))
    }

    /// The items of a list.
    pub(crate) fn items(&self) -> Result<Vec<Self>, CaptureError> {
        let list = self.value.as_array().ok_or_else(|| self.bad(format!("{}; expected a list", kind(self.value))))?;
        let item = |(index, value)| Self { file: self.file, value, place: format!("{}[{index}]", self.place) };
        Ok(list.iter().enumerate().map(item).collect())
    }

    pub(crate) fn text(&self) -> Result<&'a str, CaptureError> {
        self.value.as_str().ok_or_else(|| self.bad(format!("{}; expected text", kind(self.value))))
    }

    pub(crate) fn truth(&self) -> Result<bool, CaptureError> {
        self.value.as_bool().ok_or_else(|| self.bad(format!("{}; expected true or false", kind(self.value))))
    }

    pub(crate) fn number(&self) -> Result<f64, CaptureError> {
        self.value.as_f64().ok_or_else(|| self.bad(format!("{}; expected a number", kind(self.value))))
    }

    /// The first three rows of a 4×4 or 3×4 matrix.
    pub(crate) fn rows3x4(&self) -> Result<[[f64; 4]; 3], CaptureError> {
        let rows = self.items()?;
        if !(3..=4).contains(&rows.len()) {
            return Err(self.bad(format!("{} rows; expected 4 (or 3) of 4 numbers", rows.len())));
        }
        let mut matrix = [[0.0; 4]; 3];
        for (values, row) in matrix.iter_mut().zip(&rows) {
            let items = row.items()?;
            if items.len() != 4 {
                return Err(row.bad(format!("{} numbers; expected 4", items.len())));
            }
            for (value, item) in values.iter_mut().zip(&items) {
                *value = item.number()?;
            }
        }
        Ok(matrix)
    }
}

/// What a value is, in a few words.
fn kind(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) | Value::Number(_) => format!("{value}"),
        Value::String(text) => format!("'{}'", text.chars().take(40).collect::<String>()),
        Value::Array(list) => format!("a list of {}", list.len()),
        Value::Object(_) => "an object".to_owned(),
    }
}
