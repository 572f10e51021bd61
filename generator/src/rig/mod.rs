//! Where the cameras stand, and what the network sees of them.
//!
//! A [`Rig`] is a list of static cameras; the first is the reference, the one that the network takes as its world. Poses have OpenCV
//! axes in a right-handed world with z up, in metres: the world of SynCamVideo's files with its y axis mirrored, as
//! `loop3d-capture` reads and writes them.
//!
//! | to | use |
//! |---|---|
//! | place cameras, or read them | [`RigConfig::build`] |
//! | find out what is unwise about them | [`Rig::check`], [`Rig::report`] |
//! | get the network's input | [`Rig::network_input`] |
//! | write the capture that `fit` reads | [`Rig::write`] |

mod check;
mod config;
mod error;
mod files;
mod network;
mod shapes;
mod target;

pub use check::RigReport;
pub use config::{RigConfig, RigShape};
pub use error::RigError;
pub use files::RigFiles;
pub use network::{CameraInput, network_input};
pub use shapes::on_sphere;

use glam::{DAffine3, DVec2, DVec3};
use loop3d_media::Size;
use loop3d_scene::Camera;
use serde::{Deserialize, Serialize};

/// Focal length of SynCamVideo's lens in image widths: 24 mm on a sensor of 23.76 mm.
pub const FOCAL: f64 = 24.0 / 23.76;

/// One camera.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RigCamera {
    /// What the file that it came from calls it, else `cam01`, `cam02`, ….
    pub name: String,
    /// OpenCV axes; metres, z up.
    pub world_from_camera: DAffine3,
}

/// Static cameras that look at one place. The first is the reference.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rig {
    /// At least one.
    pub cameras: Vec<RigCamera>,
    /// Where they look: the point nearest to all lines of sight.
    pub center: DVec3,
    /// Focal length in image widths.
    pub focal: f64,
}

impl Rig {
    /// The camera whose axes are the network's world.
    ///
    /// # Errors
    /// The rig has no camera.
    pub fn reference(&self) -> Result<&RigCamera, RigError> {
        self.cameras.first().ok_or(RigError::Empty)
    }

    /// The same rig with another reference: that camera is moved to the front.
    ///
    /// # Errors
    /// No camera has this index.
    pub fn with_reference(mut self, index: usize) -> Result<Self, RigError> {
        if index >= self.cameras.len() {
            let expected = format!("0 to {}", self.cameras.len().saturating_sub(1));
            return Err(RigError::Option { option: "reference camera", found: index.to_string(), expected });
        }
        let camera = self.cameras.remove(index);
        self.cameras.insert(0, camera);
        Ok(self)
    }

    /// Distance of a camera to the point that the rig looks at, in metres.
    #[must_use]
    pub fn distance(&self, camera: &RigCamera) -> f64 {
        camera.world_from_camera.translation.distance(self.center)
    }

    /// The pinhole cameras of images of `size`: square pixels, the principal point in the middle.
    #[must_use]
    pub fn pinholes(&self, size: Size) -> Vec<Camera> {
        let (width, height) = size;
        let extent = DVec2::new(f64::from(width), f64::from(height));
        let pinhole = |camera: &RigCamera| Camera {
            width,
            height,
            focal_px: DVec2::splat(self.focal * extent.x),
            center_px: extent / 2.0,
            world_from_camera: camera.world_from_camera,
        };
        self.cameras.iter().map(pinhole).collect()
    }
}

/// The name of a camera by its place in a rig.
pub(crate) fn name(index: usize) -> String {
    format!("cam{:02}", index + 1)
}
