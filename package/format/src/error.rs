//! What can be wrong with a package.

use loop3d_scene::{Blame, Fault, SceneError};

/// Why bytes are not a package, or not a whole one: the part, what was found, what was expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PackageError {
    /// Other bytes, or a glTF of another program.
    #[error("not a package: found {found}, expected a glTF 2.0 binary with the extension LOOP3D_scene")]
    NotAPackage {
        /// What was found.
        found: String,
    },
    /// The bytes ended too early. The parts that had arrived are good.
    #[error("cut short: {place}: found {found} bytes, expected {expected}")]
    Truncated {
        /// The part that is not whole.
        place: String,
        /// Its bytes that are there.
        found: u64,
        /// Its length.
        expected: u64,
    },
    /// A later version of the format.
    #[error("written by loop3d {tool}, package version {version}; this build reads version {known}; update loop3d", known = crate::VERSION)]
    Newer {
        /// Version of the program that wrote it.
        tool: String,
        /// Version of the format.
        version: u32,
    },
    /// A byte or a number is wrong.
    #[error("damaged: {place}: found {found}, expected {expected}")]
    Damaged {
        /// Which part.
        place: String,
        /// What was found there.
        found: String,
        /// What was expected.
        expected: String,
    },
    /// More than the reader accepts.
    #[error("too large: {place}: found {found}, the limit is {limit}")]
    TooLarge {
        /// Which part or count.
        place: String,
        /// What it says.
        found: u64,
        /// The reader's limit.
        limit: u64,
    },
    /// Too little free memory.
    #[error("needs {bytes} bytes of memory for its texels, which this machine does not have free")]
    Memory {
        /// Bytes of the texels.
        bytes: u64,
    },
}

impl Blame for PackageError {
    fn fault(&self) -> Fault {
        match self {
            Self::Memory { .. } => Fault::Moment,
            Self::NotAPackage { .. } | Self::Truncated { .. } | Self::Newer { .. } => Fault::Input,
            Self::Damaged { .. } | Self::TooLarge { .. } => Fault::Input,
        }
    }
}

pub(crate) fn damaged(place: impl ToString, found: impl ToString, expected: impl ToString) -> PackageError {
    PackageError::Damaged { place: place.to_string(), found: found.to_string(), expected: expected.to_string() }
}

/// An error unless `good`.
pub(crate) fn check(
    good: bool,
    place: impl ToString,
    found: impl ToString,
    expected: impl ToString,
) -> Result<(), PackageError> {
    if good { Ok(()) } else { Err(damaged(place, found, expected)) }
}

/// An error where `found` is over a limit.
pub(crate) fn limit(place: &str, found: u64, limit: u64) -> Result<(), PackageError> {
    if found <= limit { Ok(()) } else { Err(PackageError::TooLarge { place: place.to_owned(), found, limit }) }
}

impl From<SceneError> for PackageError {
    fn from(error: SceneError) -> Self {
        Self::Damaged { place: error.place, found: error.found, expected: error.expected }
    }
}
