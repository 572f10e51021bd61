//! What a person asks for: a shape, how many cameras, how far apart, how far away. The command line and records read the same struct.

use super::{Rig, RigCamera, RigError, name, shapes, target};
use clap::Args;
use loop3d_capture::read_cameras;
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use std::fmt;
use std::path::{Path, PathBuf};
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

impl RigShape {
    /// The shapes that have a name.
    const NAMED: [(&str, Self); 6] = [
        ("pair", Self::Pair),
        ("arc", Self::Arc),
        ("grid", Self::Grid),
        ("ring", Self::Ring),
        ("hemi36", Self::Hemi36),
        ("released", Self::Released),
    ];
}

impl FromStr for RigShape {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        let named = Self::NAMED.into_iter().find(|(name, _)| *name == text);
        Ok(named.map_or_else(|| Self::File(text.into()), |(_, shape)| shape))
    }
}

impl fmt::Display for RigShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, Self::NAMED.iter().find(|(_, shape)| shape == self)) {
            (Self::File(path), _) => write!(f, "{}", path.display()),
            (_, Some((name, _))) => f.write_str(name),
            _ => Err(fmt::Error),
        }
    }
}

/// Metres to the point that cameras look at, without `--distance`: that of SynCamVideo v2's rig.
const DISTANCE_M: f64 = 3.0;

/// A rig in words.
#[derive(Clone, Debug, PartialEq, Args, Serialize, Deserialize)]
#[command(next_help_heading = "Cameras")]
#[serde(default)]
pub struct RigConfig {
    /// Arrangement of the cameras: pair, arc, grid (a star of five and four corners), ring (a circle around the middle one), hemi36
    /// (a full circle around the scene), released (four cameras of SynCamVideo's own rig), or a SynCamVideo JSON file or the folder
    /// of any capture.
    #[arg(long = "rig", value_name = "SHAPE|FILE", default_value_t)]
    pub shape: RigShape,
    /// Number of cameras [default: that of the shape; all of a file].
    #[arg(long, value_name = "N")]
    pub cameras: Option<usize>,
    /// Angle between the outermost cameras, left to right, as seen from the point that they look at [default: 6 for a pair and a
    /// ring, 12 for an arc and a grid].
    #[arg(long = "spread", value_name = "DEG")]
    pub spread_deg: Option<f64>,
    /// Distance to the point that the cameras look at; a file has its own.
    #[arg(long = "distance", value_name = "M", default_value_t = DISTANCE_M)]
    pub distance_m: f64,
    /// Height of the reference camera above that point, as an angle.
    #[arg(long = "elevation", value_name = "DEG", default_value_t = 0.0, allow_negative_numbers = true)]
    pub elevation_deg: f64,
}

impl Default for RigConfig {
    /// The rig of a command line without flags.
    fn default() -> Self {
        Self { shape: RigShape::Grid, cameras: None, spread_deg: None, distance_m: DISTANCE_M, elevation_deg: 0.0 }
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

    fn read(&self, path: &Path) -> Result<Rig, RigError> {
        // A misspelt shape.
        if path.extension().is_none() && path.components().count() == 1 && !path.exists() {
            let names = RigShape::NAMED.map(|(name, _)| name).join(", ");
            let expected = format!("{names}, or a file or folder that exists");
            return Err(RigError::Option { option: "--rig", found: path.display().to_string(), expected });
        }
        let placed = read_cameras(path)?;
        let wanted = self.cameras.unwrap_or(placed.len());
        if wanted == 0 || wanted > placed.len() {
            let expected = format!("1 to {}, as many as {} has", placed.len(), path.display());
            return Err(RigError::Option { option: "--cameras", found: wanted.to_string(), expected });
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
