//! What a person asks for: a shape, how many cameras, how far apart, how far away.

use super::{Rig, RigCamera, RigError, name, shapes, target};
use loop3d_capture::read_cameras;
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use std::path::PathBuf;
use std::str::FromStr;

/// How cameras are arranged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RigShape {
    /// The reference and one camera to its right.
    Pair,
    /// A row of cameras on a circle, the reference in the middle.
    Arc,
    /// The reference, a star of four around it and four corners.
    #[default]
    Grid,
    /// The reference and a circle around it.
    Ring,
    /// A full circle around the scene: SynCamVideo v1's validation rigs.
    Hemi36,
    /// Cameras 3, 2, 4 and 6 of SynCamVideo v2's validation rig.
    Released,
    /// A file as SynCamVideo has them, or the folder of any capture.
    File(PathBuf),
}

impl FromStr for RigShape {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text {
            "pair" => Self::Pair,
            "arc" => Self::Arc,
            "grid" => Self::Grid,
            "ring" => Self::Ring,
            "hemi36" => Self::Hemi36,
            "released" => Self::Released,
            file => Self::File(file.into()),
        })
    }
}

/// A rig in words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RigConfig {
    /// How cameras are arranged.
    pub shape: RigShape,
    /// Number of cameras; the shape's own where `None`, all of a file.
    pub cameras: Option<usize>,
    /// Angle between the outermost cameras, left to right, seen from the point they look at, in degrees. The shape's own where
    /// `None`: 6 for a pair and a ring, 12 for an arc and a grid.
    pub spread_deg: Option<f64>,
    /// Distance to the point they look at, in metres; for a file only where lines of sight are parallel.
    pub distance_m: f64,
    /// How far the reference is above that point, in degrees.
    pub elevation_deg: f64,
}

impl Default for RigConfig {
    fn default() -> Self {
        Self { shape: RigShape::Grid, cameras: None, spread_deg: None, distance_m: 3.0, elevation_deg: 0.0 }
    }
}

impl RigConfig {
    /// Places or reads the cameras, and checks them.
    ///
    /// # Errors
    /// An option is outside its range, the file cannot be read, or [`Rig::check`] finds something.
    pub fn build(&self) -> Result<Rig, RigError> {
        let rig = match &self.shape {
            RigShape::File(path) => self.read(path)?,
            _ => shapes::place(self)?,
        };
        rig.check()?;
        Ok(rig)
    }

    fn read(&self, path: &std::path::Path) -> Result<Rig, RigError> {
        let placed = read_cameras(path)?;
        let wanted = self.cameras.unwrap_or(placed.len());
        if wanted == 0 || wanted > placed.len() {
            let expected = format!("1 to {}, as many as {} has", placed.len(), path.display());
            return Err(RigError::Option { option: "number of cameras", found: wanted.to_string(), expected });
        }
        let focal = placed.first().and_then(|camera| camera.focal).unwrap_or(super::FOCAL);
        let camera = |(index, camera): (usize, loop3d_capture::PlacedCamera)| RigCamera {
            name: camera.name.unwrap_or_else(|| name(index)),
            world_from_camera: camera.world_from_camera,
        };
        let cameras: Vec<RigCamera> = placed.into_iter().take(wanted).enumerate().map(camera).collect();
        let center = target::of(&cameras, self.distance_m).ok_or(RigError::Empty)?;
        Ok(Rig { cameras, center, focal })
    }
}
