//! What can be wrong with a file of weights.

/// Errors of weights. All of them are the input's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeightsError {
    /// A parameter that the model needs is not there.
    #[error("{place}: no tensor {name}; is this file of the model that was asked for?")]
    Missing {
        /// The file.
        place: String,
        /// Full name of the parameter.
        name: String,
    },
    /// A parameter has another shape than the model's.
    #[error("{place}: tensor {name} has the shape {found:?}; expected {expected:?}")]
    Shape {
        /// The file.
        place: String,
        /// Full name of the parameter.
        name: String,
        /// Shape in the file.
        found: Vec<i64>,
        /// Shape of the model.
        expected: Vec<i64>,
    },
    /// The file cannot be read.
    #[error("{place}: {reason}")]
    Unreadable {
        /// The file.
        place: String,
        /// What was found and expected.
        reason: String,
    },
}
