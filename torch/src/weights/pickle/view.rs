//! A tensor as a view of the bytes of its storage.

use super::Place;
use super::graph;
use crate::weights::WeightsError;
use crate::weights::dense::{count, tensor, thrown};
use std::ops::Range;
use tch::Kind;

/// A tensor in the file.
#[derive(Debug)]
pub(super) struct View {
    pub(super) kind: Kind,
    pub(super) shape: Vec<i64>,
    strides: Vec<i64>,
    /// The bytes from its first number to its last, in the file.
    pub(super) range: Range<usize>,
}

impl View {
    /// A view of the storage that lies in `storage` in the file.
    pub(super) fn new(
        place: Place<'_>,
        name: &str,
        tensor: &graph::Tensor,
        storage: &Range<usize>,
    ) -> Result<Self, WeightsError> {
        let graph::Tensor { storage: graph::Storage { kind, numbers, .. }, offset, shape, strides } = tensor;
        let at = || format!("tensor {name}");
        let size = kind.elt_size_in_bytes();
        if numbers.checked_mul(size as u64) != Some(storage.len() as u64) {
            let expected = format!("{numbers} numbers of {size} bytes");
            return Err(place.wrong(at(), format!("a storage of {} bytes", storage.len()), expected));
        }
        let held = storage.len() / size;
        let wrong = || {
            let found = format!("the shape {shape:?} with strides {strides:?} from number {offset}");
            place.wrong(at(), found, format!("a view inside of its storage of {held} numbers"))
        };
        let numbers = count(shape).filter(|_| shape.len() == strides.len()).ok_or_else(wrong)?;
        let reach = reach(shape, strides).ok_or_else(wrong)?;
        let start =
            usize::try_from(*offset).ok().filter(|start| *start <= held && reach <= held - start).ok_or_else(wrong)?;
        if numbers > held {
            return Err(place.unsupported(format!("tensor {name}, which repeats its storage of {held} numbers")));
        }
        let [from, to] = [start, start + reach].map(|number| storage.start + number * size);
        Ok(Self { kind: *kind, shape: shape.clone(), strides: strides.clone(), range: from..to })
    }

    /// Whether its numbers lie in a row, the last axis first.
    pub(super) fn is_contiguous(&self) -> bool {
        let mut expected = 1;
        self.shape.iter().zip(&self.strides).rev().all(|(&n, &stride)| {
            let fits = n == 1 || stride == expected;
            expected *= n;
            fits || self.shape.contains(&0)
        })
    }

    /// A copy of it, out of the bytes of its range.
    pub(super) fn tensor(&self, place: &str, name: &str, data: &[u8]) -> Result<tch::Tensor, WeightsError> {
        if self.is_contiguous() {
            return tensor(place, name, self.kind, &self.shape, data);
        }
        let numbers = (data.len() / self.kind.elt_size_in_bytes()) as i64;
        let row = tensor(place, name, self.kind, &[numbers], data)?;
        let view = row.f_as_strided(&self.shape, &self.strides, None).and_then(|view| view.f_contiguous());
        view.map_err(|error| thrown(place, name, &error))
    }
}

/// How many numbers lie from the first number of a view to its last; `None` where a stride is negative or the reach too large.
fn reach(shape: &[i64], strides: &[i64]) -> Option<usize> {
    if shape.contains(&0) {
        return Some(0);
    }
    let last = shape.iter().zip(strides).try_fold(0i64, |last, (&n, &stride)| {
        if stride < 0 {
            return None;
        }
        last.checked_add((n - 1).checked_mul(stride)?)
    })?;
    usize::try_from(last.checked_add(1)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A view of a storage of 12 floats at byte 100.
    fn view(offset: i64, shape: &[i64], strides: &[i64]) -> Result<View, WeightsError> {
        let storage = graph::Storage { kind: Kind::Float, key: 0..0, numbers: 12 };
        let tensor = graph::Tensor { storage, offset, shape: shape.to_vec(), strides: strides.to_vec() };
        View::new(Place("file"), "x", &tensor, &(100..148))
    }

    #[test]
    fn views_end_where_their_storage_ends() {
        assert_eq!(view(0, &[3, 4], &[4, 1]).unwrap().range, 100..148);
        assert_eq!(view(8, &[2, 2], &[2, 1]).unwrap().range, 132..148);
        assert_eq!(view(0, &[4, 3], &[1, 4]).unwrap().range, 100..148);
        assert_eq!(view(12, &[0, 3], &[3, 1]).unwrap().range, 148..148);
        for (offset, shape, strides) in [
            (1, &[3, 4][..], &[4, 1][..]),
            (-1, &[1], &[1]),
            (13, &[0], &[1]),
            (0, &[3], &[6]),
            (0, &[2, 2], &[-1, 1]),
            (0, &[-2, 2], &[2, 1]),
            (0, &[2, 2], &[1]),
            (0, &[i64::MAX, 2], &[0, 0]),
            (0, &[2, 2], &[i64::MAX, i64::MAX]),
        ] {
            let error = view(offset, shape, strides).unwrap_err();
            assert!(matches!(error, WeightsError::Malformed { .. }), "{shape:?}: {error}");
        }
    }

    #[test]
    fn one_number_does_not_become_a_billion() {
        let error = view(0, &[1 << 30], &[0]).unwrap_err();
        assert!(error.to_string().contains("repeats its storage of 12 numbers"), "{error}");
    }

    #[test]
    fn rows_of_a_row() {
        assert!(view(0, &[3, 4], &[4, 1]).unwrap().is_contiguous());
        assert!(view(0, &[3, 1, 4], &[4, 99, 1]).unwrap().is_contiguous());
        assert!(!view(0, &[4, 3], &[1, 4]).unwrap().is_contiguous());
        assert!(!view(0, &[2, 4], &[8, 1]).unwrap().is_contiguous());
    }
}
