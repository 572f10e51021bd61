//! Positions of the vertices of a PLY file, ASCII or little-endian: <https://paulbourke.net/dataformats/ply/>.

use crate::error::CaptureError;
use glam::DVec3;
use std::path::Path;

/// One property of a vertex.
struct Property {
    name: String,
    kind: String,
}

impl Property {
    fn bytes(&self) -> Option<usize> {
        Some(match self.kind.as_str() {
            "char" | "uchar" | "int8" | "uint8" => 1,
            "short" | "ushort" | "int16" | "uint16" => 2,
            "int" | "uint" | "float" | "int32" | "uint32" | "float32" => 4,
            "double" | "float64" => 8,
            _ => return None,
        })
    }
}

/// Reads the vertices, which must be the first element.
pub(crate) fn points(file: &Path) -> Result<Vec<DVec3>, CaptureError> {
    let bytes = std::fs::read(file).map_err(|source| CaptureError::Io { file: file.to_owned(), source })?;
    parse(&bytes).map_err(|(place, problem)| CaptureError::Bad { file: file.to_owned(), place, problem })
}

/// A place and what is wrong there.
type Fault = (String, String);

fn parse(bytes: &[u8]) -> Result<Vec<DVec3>, Fault> {
    let fault = |problem: String| ("header".to_owned(), problem);
    const END: &[u8] = b"end_header";
    // Windows programs end lines with two bytes.
    let body_of = |at: usize| {
        let rest = &bytes[at + END.len()..];
        rest.strip_prefix(b"\n").or_else(|| rest.strip_prefix(b"\r\n"))
    };
    let ends = bytes.windows(END.len()).enumerate().filter(|(_, window)| *window == END);
    let end = ends.filter_map(|(at, _)| Some((at, body_of(at)?))).next();
    let (end, body) = end.ok_or_else(|| fault("no end_header; expected a PLY file".to_owned()))?;
    let header = String::from_utf8_lossy(&bytes[..end]);
    let (mut format, mut count, mut properties) = (None, None, Vec::new());
    for line in header.lines() {
        match *line.split_ascii_whitespace().collect::<Vec<_>>() {
            ["format", name, _] => format = Some(name.to_owned()),
            ["element", "vertex", number] if count.is_none() => {
                let number: usize =
                    number.parse().map_err(|_| fault(format!("{number} vertices; expected a number")))?;
                count = Some(number);
            }
            // Whatever comes after the vertices is not read.
            ["element", ..] if count.is_some() => break,
            ["element", name, ..] => return Err(fault(format!("element {name} first; expected vertex"))),
            ["property", kind, name] => properties.push(Property { name: name.to_owned(), kind: kind.to_owned() }),
            ["property", ..] => return Err(fault("a list in a vertex; expected plain numbers".to_owned())),
            _ => {}
        }
    }
    let count = count.ok_or_else(|| fault("no vertices; expected an element vertex".to_owned()))?;
    let axis = |name: &str| {
        let at = properties.iter().position(|property| property.name == name);
        at.ok_or_else(|| fault(format!("no property {name}; expected x, y and z")))
    };
    let axes = [axis("x")?, axis("y")?, axis("z")?];
    match format.as_deref() {
        Some("ascii") => ascii(body, count, axes),
        Some("binary_little_endian") => binary(body, count, axes, &properties),
        other => Err(fault(format!("format {}; expected ascii or binary_little_endian", other.unwrap_or("missing")))),
    }
}

fn ascii(body: &[u8], count: usize, axes: [usize; 3]) -> Result<Vec<DVec3>, Fault> {
    let text = String::from_utf8_lossy(body);
    let mut points = Vec::new();
    for (index, line) in text.lines().filter(|line| !line.trim().is_empty()).take(count).enumerate() {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let value = |axis: usize| words.get(axis).and_then(|word| word.parse::<f64>().ok());
        let [Some(x), Some(y), Some(z)] = axes.map(value) else {
            return Err((format!("vertex {index}"), format!("'{line}'; expected numbers")));
        };
        points.push(DVec3::new(x, y, z));
    }
    all(points, count)
}

fn binary(body: &[u8], count: usize, axes: [usize; 3], properties: &[Property]) -> Result<Vec<DVec3>, Fault> {
    let fault = |problem: String| ("header".to_owned(), problem);
    let mut offsets = Vec::new();
    let mut stride = 0;
    for property in properties {
        offsets.push(stride);
        stride +=
            property.bytes().ok_or_else(|| fault(format!("property type {}; expected a number's", property.kind)))?;
    }
    let value = |vertex: &[u8], axis: usize| -> Option<f64> {
        let value = &vertex[offsets[axis]..][..properties[axis].bytes()?];
        match (properties[axis].kind.as_str(), value) {
            ("float" | "float32", &[a, b, c, d]) => Some(f64::from(f32::from_le_bytes([a, b, c, d]))),
            ("double" | "float64", &[a, b, c, d, e, f, g, h]) => Some(f64::from_le_bytes([a, b, c, d, e, f, g, h])),
            _ => None,
        }
    };
    let mut points = Vec::new();
    for vertex in body.chunks_exact(stride).take(count) {
        let [Some(x), Some(y), Some(z)] = axes.map(|axis| value(vertex, axis)) else {
            return Err(fault("positions in whole numbers; expected float or double".to_owned()));
        };
        points.push(DVec3::new(x, y, z));
    }
    all(points, count)
}

fn all(points: Vec<DVec3>, count: usize) -> Result<Vec<DVec3>, Fault> {
    if points.len() == count {
        return Ok(points);
    }
    Err((format!("vertex {}", points.len()), format!("truncated: {} vertices; expected {count}", points.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "element vertex 2\nproperty uchar red\nproperty float x\nproperty float y\nproperty float z\n\
                          element face 1\nproperty list uchar int vertex_indices\nend_header\n";

    #[test]
    fn both_forms_give_the_same_points() {
        let points = [DVec3::new(1.0, 2.0, 3.5), DVec3::new(-4.0, 5.25, 6.0)];
        let text = format!("ply\nformat ascii 1.0\n{HEADER}7 1 2 3.5\n8 -4 5.25 6\n3 0 1 1\n");
        assert_eq!(parse(text.as_bytes()).unwrap(), points);
        assert_eq!(parse(text.replace('\n', "\r\n").as_bytes()).unwrap(), points);
        let mut bytes = format!("ply\nformat binary_little_endian 1.0\n{HEADER}").into_bytes();
        for point in points {
            bytes.push(9);
            bytes.extend(point.to_array().iter().flat_map(|&value| (value as f32).to_le_bytes()));
        }
        assert_eq!(parse(&bytes).unwrap(), points);
        bytes.pop();
        assert_eq!(parse(&bytes).unwrap_err().1, "truncated: 1 vertices; expected 2");
    }

    #[test]
    fn faults_are_told() {
        let of = |text: String| parse(text.as_bytes()).unwrap_err().1;
        assert!(of("solid".to_owned()).contains("no end_header"));
        assert!(of(format!("ply\nformat big 1.0\n{HEADER}")).contains("format big; expected ascii"));
        assert!(of(format!("ply\nformat ascii 1.0\n{HEADER}7 1 two 3\n")).contains("expected numbers"));
        // No memory is reserved for vertices that are missing.
        let many = HEADER.replace("vertex 2", "vertex 99999999999");
        assert!(of(format!("ply\nformat ascii 1.0\n{many}7 1 2 3\n")).contains("truncated: 1 vertices"));
    }
}
