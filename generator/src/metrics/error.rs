//! What can be wrong with the input of a measure.

use loop3d_scene::{Blame, Fault};

/// Why a measure has no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetricError {
    /// Too little of something.
    #[error("{measure}: {found} {what}; expected at least {least}")]
    TooFew {
        /// The measure.
        measure: &'static str,
        /// Frames, views, pairs.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many it takes.
        least: usize,
    },
    /// Things that belong together differ in size.
    #[error("{measure}: {what} is {found}; expected {expected}")]
    Shape {
        /// The measure.
        measure: &'static str,
        /// What differs.
        what: &'static str,
        /// Its size.
        found: String,
        /// The size of the others.
        expected: String,
    },
}

impl Blame for MetricError {
    fn fault(&self) -> Fault {
        Fault::Input
    }
}

/// An error unless there are at least `least`.
pub(super) fn at_least(
    measure: &'static str,
    what: &'static str,
    found: usize,
    least: usize,
) -> Result<(), MetricError> {
    if found >= least { Ok(()) } else { Err(MetricError::TooFew { measure, what, found, least }) }
}

/// An error unless both are equal.
pub(super) fn equal<T: PartialEq + std::fmt::Debug>(
    measure: &'static str,
    what: &'static str,
    found: &T,
    expected: &T,
) -> Result<(), MetricError> {
    if found == expected {
        return Ok(());
    }
    Err(MetricError::Shape { measure, what, found: format!("{found:?}"), expected: format!("{expected:?}") })
}

/// Mean absolute difference of two images, in grey levels.
pub(super) fn mean_difference(a: &[u8], b: &[u8]) -> f64 {
    let sum: u64 = a.iter().zip(b).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    sum as f64 / a.len().max(1) as f64
}
