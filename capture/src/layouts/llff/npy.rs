//! Reads npy files, and reads and writes `poses_bounds.npy`: floats of shape `[views, 17]`.
//!
//! Format: <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>. Written by hand because a general
//! reader brings a parser of Python literals along for these three keys.

/// Numbers in a row: 3×5 of pose and size, near, far.
pub(super) const COLUMNS: usize = 17;

/// Numbers of an npy file, in C's order.
#[derive(Clone, Debug, PartialEq)]
pub struct NpyArray {
    /// Its sizes, the slowest first.
    pub shape: Vec<usize>,
    /// Its values, widened.
    pub values: Vec<f64>,
}

/// Reads the bytes of an npy file: `f8`, `f4`, and whole numbers of one and two bytes. The error says what was found and what was
/// expected.
///
/// # Errors
/// Another kind of file or of values, or a damaged one.
pub fn read_npy(bytes: &[u8]) -> Result<NpyArray, String> {
    let (header, data) = split(bytes)?;
    let kind = text_value(header, "descr")?;
    let (value_bytes, big_endian) = match kind {
        "<f8" => (8, false),
        "<f4" => (4, false),
        ">f8" => (8, true),
        ">f4" => (4, true),
        "<u2" => (2, false),
        ">u2" => (2, true),
        "|u1" => (1, false),
        other => return Err(format!("npy type '{other}'; expected f8 or f4, '<' or '>'")),
    };
    // A matrix that was transposed before it was saved lies column after column.
    let by_columns = match raw_value(header, "fortran_order")? {
        rest if rest.starts_with("False") => false,
        rest if rest.starts_with("True") => true,
        _ => return Err("npy header has neither True nor False for fortran_order".to_owned()),
    };
    let shape = shape(header)?;
    let count = shape.iter().try_fold(1usize, |count, size| count.checked_mul(*size));
    let expected = count.and_then(|count| count.checked_mul(value_bytes));
    let (Some(count), Some(expected)) = (count, expected) else {
        return Err(format!("npy of shape {shape:?} overflows"));
    };
    if data.len() != expected {
        let kind = if data.len() < expected { "truncated npy" } else { "npy with bytes left over" };
        return Err(format!("{kind}: {} bytes of data; expected {expected} for shape {shape:?}", data.len()));
    }
    let value = |at: usize| match (&data[at * value_bytes..][..value_bytes], big_endian) {
        (&[a], _) => f64::from(a),
        (&[a, b], false) => f64::from(u16::from_le_bytes([a, b])),
        (&[a, b], true) => f64::from(u16::from_be_bytes([a, b])),
        (&[a, b, c, d], false) => f64::from(f32::from_le_bytes([a, b, c, d])),
        (&[a, b, c, d], true) => f64::from(f32::from_be_bytes([a, b, c, d])),
        (&[a, b, c, d, e, f, g, h], false) => f64::from_le_bytes([a, b, c, d, e, f, g, h]),
        (&[a, b, c, d, e, f, g, h], true) => f64::from_be_bytes([a, b, c, d, e, f, g, h]),
        _ => f64::NAN, // not reached: a value has 1, 2, 4 or 8 bytes
    };
    let values = if by_columns {
        let place = |index: usize| {
            let (mut rest, mut at) = (index, 0);
            let mut indices = vec![0; shape.len()];
            for (index, size) in indices.iter_mut().zip(&shape).rev() {
                (*index, rest) = (rest % size, rest / size);
            }
            for (index, size) in indices.iter().zip(&shape).rev() {
                at = at * size + index;
            }
            at
        };
        (0..count).map(|index| value(place(index))).collect()
    } else {
        (0..count).map(value).collect()
    };
    Ok(NpyArray { shape, values })
}

/// Rows of poses and bounds. The error says what was found and what was expected.
pub(super) fn rows(bytes: &[u8]) -> Result<Vec<[f64; COLUMNS]>, String> {
    let NpyArray { shape, values } = read_npy(bytes)?;
    let &[_, COLUMNS] = shape.as_slice() else {
        return Err(format!("npy of shape {shape:?}; expected [views, {COLUMNS}]"));
    };
    Ok(values.as_chunks::<COLUMNS>().0.to_vec())
}

/// The header's text and the data after it.
fn split(bytes: &[u8]) -> Result<(&str, &[u8]), String> {
    let Some(rest) = bytes.strip_prefix(b"\x93NUMPY") else {
        return Err("not an npy file; expected it to begin with \\x93NUMPY".to_owned());
    };
    let truncated = || format!("truncated npy: {} bytes end within the header", bytes.len());
    let (length, rest) = match rest {
        [1, _, a, b, rest @ ..] => (usize::from(u16::from_le_bytes([*a, *b])), rest),
        [2 | 3, _, a, b, c, d, rest @ ..] => (u32::from_le_bytes([*a, *b, *c, *d]) as usize, rest),
        [major, minor, ..] if !(1..=3).contains(major) => {
            return Err(format!("npy version {major}.{minor}; expected 1, 2 or 3"));
        }
        _ => return Err(truncated()),
    };
    let (header, data) = rest.split_at_checked(length).ok_or_else(truncated)?;
    Ok((str::from_utf8(header).map_err(|_| "npy header is not text".to_owned())?, data))
}

/// What follows `'key':` in the header.
fn raw_value<'a>(header: &'a str, key: &str) -> Result<&'a str, String> {
    let after = |quote: char| {
        let quoted = format!("{quote}{key}{quote}");
        header.find(&quoted).map(|at| &header[at + quoted.len()..])
    };
    let value = after('\'').or_else(|| after('"')).and_then(|rest| rest.trim_start().strip_prefix(':'));
    value.map(str::trim_start).ok_or_else(|| format!("npy header without {key}"))
}

/// The quoted text that follows a key.
fn text_value<'a>(header: &'a str, key: &str) -> Result<&'a str, String> {
    let value = raw_value(header, key)?;
    let mut parts = value.split(['\'', '"']);
    match (parts.next(), parts.next()) {
        (Some(""), Some(text)) => Ok(text),
        _ => Err(format!("npy header with a {key} that is not a plain type; expected '<f8' or '<f4'")),
    }
}

/// The tuple of sizes.
fn shape(header: &str) -> Result<Vec<usize>, String> {
    let value = raw_value(header, "shape")?;
    let tuple = value.strip_prefix('(').and_then(|rest| rest.split_once(')')).map(|(tuple, _)| tuple);
    let sizes = tuple.map(|tuple| tuple.split(',').map(str::trim).filter(|size| !size.is_empty()).map(str::parse));
    let sizes: Option<Result<Vec<usize>, _>> = sizes.map(Iterator::collect);
    sizes.and_then(Result::ok).ok_or_else(|| "npy header with an odd shape; expected a tuple of sizes".to_owned())
}

/// Bytes of an `.npy` file with `rows` as a C-ordered matrix of little-endian float64.
pub(super) fn matrix(rows: &[[f64; COLUMNS]]) -> Vec<u8> {
    let mut header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({}, {COLUMNS}), }}", rows.len());
    // The whole prefix is a multiple of 64 bytes and ends in a newline.
    let prefix = 6 + 2 + 2;
    let padded = (prefix + header.len() + 1).next_multiple_of(64) - prefix;
    header.extend(std::iter::repeat_n(' ', padded - 1 - header.len()));
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(rows.iter().flatten().flat_map(|value| value.to_le_bytes()));
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn npy(header: &str, data: &[u8]) -> Vec<u8> {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend(u16::try_from(header.len()).unwrap().to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(data);
        bytes
    }

    const F8: &str = "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 17), }\n";

    #[test]
    fn reads_doubles_and_floats() {
        let doubles: Vec<u8> = (0..34).flat_map(|i| (f64::from(i) / 3.0).to_le_bytes()).collect();
        let rows8 = rows(&npy(F8, &doubles)).unwrap();
        assert_eq!((rows8.len(), rows8[1][16]), (2, 11.0));
        let floats: Vec<u8> = (0..34u16).flat_map(|i| (f32::from(i) / 3.0).to_le_bytes()).collect();
        let rows4 = rows(&npy(&F8.replace("<f8", "<f4"), &floats)).unwrap();
        assert_eq!(rows4[0][1], f64::from(1f32 / 3.0));
    }

    #[test]
    fn reads_the_wider_header_of_version_2() {
        let mut bytes = b"\x93NUMPY\x02\x00".to_vec();
        let header = F8.replace("(2, 17)", "(1,17)");
        bytes.extend(u32::try_from(header.len()).unwrap().to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend([0; 17 * 8]);
        assert_eq!(rows(&bytes).unwrap(), vec![[0.0; 17]]);
    }

    #[test]
    fn columns_first_and_the_other_end_first_are_the_same_rows() {
        let value = |row: usize, column: usize| (row * 100 + column) as f64;
        let expected: Vec<[f64; COLUMNS]> =
            (0..2).map(|row| std::array::from_fn(|column| value(row, column))).collect();
        let by_columns: Vec<f64> = (0..COLUMNS).flat_map(|column| (0..2).map(move |row| value(row, column))).collect();
        let fortran = F8.replace("False", "True");
        let little: Vec<u8> = by_columns.iter().flat_map(|value| value.to_le_bytes()).collect();
        assert_eq!(rows(&npy(&fortran, &little)).unwrap(), expected);
        let big: Vec<u8> = by_columns.iter().flat_map(|value| (*value as f32).to_be_bytes()).collect();
        assert_eq!(rows(&npy(&fortran.replace("<f8", ">f4"), &big)).unwrap(), expected);
    }

    #[test]
    fn says_what_is_wrong() {
        let data = [0; 2 * 17 * 8];
        let cases: [(Vec<u8>, &str); 9] = [
            (b"PK\x03\x04".to_vec(), "not an npy file; expected it to begin with \\x93NUMPY"),
            (b"\x93NUMPY\x01\x00\xff".to_vec(), "truncated npy: 9 bytes end within the header"),
            (b"\x93NUMPY\x09\x00aaaa".to_vec(), "npy version 9.0; expected 1, 2 or 3"),
            (npy(F8, &data[1..]), "truncated npy: 271 bytes of data; expected 272 for shape [2, 17]"),
            (npy(&F8.replace("<f8", "<i8"), &data), "npy type '<i8'; expected f8 or f4, '<' or '>'"),
            (npy(&F8.replace("False", "1"), &data), "npy header has neither True nor False for fortran_order"),
            (npy(&F8.replace("17", "15"), &data[..240]), "npy of shape [2, 15]; expected [views, 17]"),
            (npy(&F8.replace("'shape'", "'form'"), &data), "npy header without shape"),
            (npy(&F8.replace("(2, 17)", "(-2, 17)"), &data), "npy header with an odd shape; expected a tuple of sizes"),
        ];
        for (bytes, message) in cases {
            assert_eq!(rows(&bytes).unwrap_err(), message);
        }
    }

    #[test]
    fn a_matrix_has_numpys_form_and_is_read_again() {
        let rows = [[1.5; COLUMNS], std::array::from_fn(|column| 1e-300 * column as f64), [f64::MAX; COLUMNS]];
        let bytes = matrix(&rows);
        assert_eq!(&bytes[..8], b"\x93NUMPY\x01\x00");
        let length = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
        assert_eq!((10 + length) % 64, 0);
        let header = std::str::from_utf8(&bytes[10..10 + length]).unwrap();
        assert_eq!(header.trim_end(), "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 17), }");
        assert!(header.ends_with('\n'));
        assert_eq!(super::rows(&bytes).unwrap(), rows);
    }
}
