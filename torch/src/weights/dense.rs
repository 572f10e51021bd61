//! Tensors out of rows of bytes, little-endian and row-major.

use super::WeightsError;
use super::error::FETCH_AGAIN;
use tch::{Kind, Tensor};

/// More axes than any parameter has.
const MOST_AXES: usize = 16;

/// How many numbers a tensor has; `None` where a size is negative, or too large for libtorch even without its empty axes.
pub(super) fn count(shape: &[i64]) -> Option<usize> {
    let whole = shape.iter().try_fold(1i64, |product, &n| (n >= 0).then(|| product.checked_mul(n.max(1)))?)?;
    let whole = if shape.contains(&0) { 0 } else { whole };
    (shape.len() <= MOST_AXES).then(|| usize::try_from(whole).ok())?
}

/// How many bytes a tensor has; `None` as in [`count`].
pub(super) fn bytes(kind: Kind, shape: &[i64]) -> Option<usize> {
    count(shape)?.checked_mul(kind.elt_size_in_bytes())
}

/// A copy of `data` as a tensor.
pub(super) fn tensor(place: &str, name: &str, kind: Kind, shape: &[i64], data: &[u8]) -> Result<Tensor, WeightsError> {
    let needed = bytes(kind, shape);
    if needed != Some(data.len()) {
        return Err(WeightsError::Malformed {
            place: place.to_owned(),
            at: format!("tensor {name}"),
            found: format!("{} bytes", data.len()),
            expected: format!("those of {kind:?} {shape:?}"),
            remedy: FETCH_AGAIN,
        });
    }
    // A byte that is neither 0 nor 1 is not a bool to C++.
    let stored = if kind == Kind::Bool { Kind::Uint8 } else { kind };
    let tensor = Tensor::f_from_data_size(data, shape, stored).and_then(|tensor| tensor.f_to_kind(kind));
    tensor.map_err(|error| thrown(place, name, &error))
}

/// The rows `rows` of a tensor that lies in `data`.
pub(super) fn rows(
    place: &str,
    name: &str,
    (kind, shape): (Kind, &[i64]),
    data: &[u8],
    rows: &[i64],
) -> Result<Tensor, WeightsError> {
    let Some((&all, rest)) = shape.split_first() else {
        let (found, expected) = (Vec::new(), vec![rows.len() as i64]);
        return Err(WeightsError::Shape { place: place.to_owned(), name: name.to_owned(), found, expected });
    };
    let no_row = |row| WeightsError::NoRow { place: place.to_owned(), name: name.to_owned(), row, rows: all };
    let length = bytes(kind, rest).unwrap_or(0);
    let mut gathered = Vec::with_capacity(length.saturating_mul(rows.len()));
    for &row in rows {
        let index = usize::try_from(row).ok().filter(|_| row < all).ok_or_else(|| no_row(row))?;
        let start = index.saturating_mul(length);
        gathered.extend_from_slice(data.get(start..start.saturating_add(length)).ok_or_else(|| no_row(row))?);
    }
    let shape: Vec<i64> = std::iter::once(rows.len() as i64).chain(rest.iter().copied()).collect();
    tensor(place, name, kind, &shape, &gathered)
}

/// What libtorch said about a tensor.
pub(super) fn thrown(place: &str, name: &str, error: &tch::TchError) -> WeightsError {
    // Without the stack.
    let message = error.to_string().lines().next().unwrap_or_default().to_owned();
    WeightsError::Unreadable { place: place.to_owned(), reason: format!("tensor {name}: {message}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_that_no_tensor_has() {
        assert_eq!(count(&[]), Some(1));
        assert_eq!(count(&[2, 3]), Some(6));
        assert_eq!(count(&[0, 4]), Some(0));
        assert_eq!(count(&[-1, 4]), None);
        assert_eq!(count(&[i64::MAX, 2]), None);
        // Empty, but libtorch multiplies the other sizes.
        assert_eq!(count(&[0, i64::MAX, 2]), None);
        assert_eq!(count(&[1; MOST_AXES + 1]), None);
        assert_eq!(bytes(Kind::Double, &[i64::MAX]), None);
    }

    #[test]
    fn bools_are_bools() {
        let tensor = tensor("file", "mask", Kind::Bool, &[3], &[0, 1, 7]).unwrap();
        assert_eq!(tensor.kind(), Kind::Bool);
        assert_eq!(Vec::<i64>::try_from(tensor.to_kind(Kind::Int64)).unwrap(), [0, 1, 1]);
    }

    #[test]
    fn rows_in_any_order_and_none_beyond_the_table() {
        let data: Vec<u8> = (0..6).flat_map(|i| (i as f32).to_le_bytes()).collect();
        let picked = rows("file", "table", (Kind::Float, &[3, 2]), &data, &[2, 0, 2]).unwrap();
        assert_eq!(picked.size(), [3, 2]);
        assert_eq!(Vec::<f32>::try_from(picked.flatten(0, -1)).unwrap(), [4.0, 5.0, 0.0, 1.0, 4.0, 5.0]);
        for row in [-1, 3] {
            let error = rows("file", "table", (Kind::Float, &[3, 2]), &data, &[0, row]).unwrap_err();
            assert_eq!(error.to_string(), format!("file: row {row} of tensor table was asked for, which has 3 rows"));
        }
    }
}
