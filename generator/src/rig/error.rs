//! What can be wrong with a rig.

use loop3d_capture::CaptureError;
use loop3d_scene::{Blame, Fault};
use std::path::PathBuf;

/// Why a rig could not be built or used.
#[derive(Debug, thiserror::Error)]
pub enum RigError {
    /// An option of the rig has a value outside its range.
    #[error("{option} is {found}; expected {expected}")]
    Option {
        /// Name of the option.
        option: &'static str,
        /// Its value.
        found: String,
        /// The range.
        expected: String,
    },
    /// No camera at all.
    #[error("rig: no cameras; expected at least 1")]
    Empty,
    /// Two cameras are at one place.
    #[error(
        "rig: cameras {first} and {second} are {apart_m:.6} m apart; expected at least {least_m:.6} m, or both see the same; \
         give a larger --spread or remove one"
    )]
    Coincide {
        /// Name of one.
        first: String,
        /// Name of the other.
        second: String,
        /// Their distance.
        apart_m: f64,
        /// The least distance, a thousandth of the distance to the point that they look at.
        least_m: f64,
    },
    /// A camera does not see what the others look at.
    #[error(
        "rig: camera {camera} looks {angle_deg:.1}° away from where the others look; expected at most {most_deg:.1}°, half its \
         field of view; turn it or leave it out"
    )]
    LooksApart {
        /// Its name.
        camera: String,
        /// Angle between its line of sight and the way to the common point.
        angle_deg: f64,
        /// Half the field of view.
        most_deg: f64,
    },
    /// The file of cameras.
    #[error(transparent)]
    Capture(#[from] CaptureError),
    /// The file of cameras cannot be written.
    #[error("{dir}: cannot write the cameras: {source}")]
    Write {
        /// The capture's folder.
        dir: PathBuf,
        /// What the system reported.
        source: std::io::Error,
    },
}

impl Blame for RigError {
    fn fault(&self) -> Fault {
        match self {
            Self::Option { .. } | Self::Empty => Fault::Usage,
            Self::Coincide { .. } | Self::LooksApart { .. } => Fault::Input,
            Self::Capture(error) => error.fault(),
            Self::Write { .. } => Fault::Machine,
        }
    }
}
