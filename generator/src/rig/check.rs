//! What is wrong or unwise about a rig.

use super::{Rig, RigError};
use glam::DVec3;
use serde::Serialize;

/// Cameras nearer to each other than this fraction of their distance to the scene see the same.
const NEAREST: f64 = 1e-3;
/// The released weights were trained on pairs closer than this in azimuth (generate-syncammaster.md §6).
const AZIMUTH_DEG: f64 = 30.0;
/// And closer than this in elevation.
const ELEVATION_DEG: f64 = 15.0;
/// Planes of a usual scene.
const PLANES: f64 = 32.0;
/// Disparity between neighbouring planes that they still follow, in pixels.
const STEP_PX: f64 = 4.0;

/// Sizes of a rig, and what a person should know about it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RigReport {
    /// Number of cameras.
    pub cameras: usize,
    /// Largest distance between two cameras, metres.
    pub baseline_m: f64,
    /// Largest difference in azimuth from the reference, degrees.
    pub azimuth_deg: f64,
    /// Largest difference in elevation from the reference, degrees.
    pub elevation_deg: f64,
    /// Largest disparity from the reference between neighbouring ones of 32 planes, for images as wide as asked for, in pixels.
    pub plane_step_px: f64,
    /// What to expect of it.
    pub notes: Vec<String>,
}

impl Rig {
    /// Checks that there are cameras, that no two coincide, and that all see the point that they look at.
    ///
    /// # Errors
    /// [`RigError::Empty`], [`RigError::Coincide`], [`RigError::LooksApart`].
    pub fn check(&self) -> Result<(), RigError> {
        let least_m = NEAREST * self.distance(self.reference()?);
        let most_deg = (0.5 / self.focal).atan().to_degrees();
        for (index, camera) in self.cameras.iter().enumerate() {
            let pose = camera.world_from_camera;
            for other in &self.cameras[..index] {
                let apart_m = pose.translation.distance(other.world_from_camera.translation);
                // Not a number also fails.
                if apart_m.is_nan() || apart_m < least_m {
                    let (first, second) = (other.name.clone(), camera.name.clone());
                    return Err(RigError::Coincide { first, second, apart_m, least_m });
                }
            }
            let angle_deg = pose.matrix3.z_axis.angle_between(self.center - pose.translation).to_degrees();
            if angle_deg.is_nan() || angle_deg > most_deg {
                return Err(RigError::LooksApart { camera: camera.name.clone(), angle_deg, most_deg });
            }
        }
        Ok(())
    }

    /// Sizes, and notes on what the released weights and `fit` make of them, for images `width` pixels wide.
    ///
    /// # Errors
    /// The rig has no camera.
    pub fn report(&self, width: u32) -> Result<RigReport, RigError> {
        let reference = self.reference()?;
        let position = |i: usize| self.cameras[i].world_from_camera.translation;
        let n = self.cameras.len();
        let pairs = (0..n).flat_map(|i| (0..i).map(move |j| (i, j)));
        let baseline_m = pairs.map(|(i, j)| position(i).distance(position(j))).fold(0.0, f64::max);
        let [azimuth_0, elevation_0] = self.angles(reference.world_from_camera.translation);
        let (mut azimuth_deg, mut elevation_deg, mut from_reference) = (0.0_f64, 0.0_f64, 0.0_f64);
        for i in 0..n {
            let [azimuth, elevation] = self.angles(position(i));
            let turn = (azimuth - azimuth_0).rem_euclid(360.0);
            azimuth_deg = azimuth_deg.max(turn.min(360.0 - turn));
            elevation_deg = elevation_deg.max((elevation - elevation_0).abs());
            from_reference = from_reference.max(position(i).distance(reference.world_from_camera.translation));
        }
        let d = self.distance(reference);
        let range = 1.0 / (0.5 * d) - 1.0 / (20.0 * d);
        let plane_step_px = self.focal * f64::from(width) * from_reference * range / (PLANES - 1.0);
        let mut notes = Vec::new();
        if azimuth_deg >= AZIMUTH_DEG || elevation_deg >= ELEVATION_DEG {
            notes.push(format!(
                "cameras are up to {azimuth_deg:.1}° (azimuth) and {elevation_deg:.1}° (elevation) from the reference; the released \
                 weights were trained below {AZIMUTH_DEG}° and {ELEVATION_DEG}°"
            ));
        }
        if plane_step_px > STEP_PX {
            notes.push(format!(
                "{PLANES} planes are up to {plane_step_px:.1} px apart between views; fit follows {STEP_PX} px: use more planes, a \
                 smaller --spread or smaller images"
            ));
        }
        Ok(RigReport { cameras: n, baseline_m, azimuth_deg, elevation_deg, plane_step_px, notes })
    }

    /// Azimuth and elevation of a place seen from the common point, in degrees, as [`super::on_sphere`] has them.
    fn angles(&self, position: DVec3) -> [f64; 2] {
        let v = position - self.center;
        [(-v.y).atan2(-v.x).to_degrees(), v.z.atan2(v.x.hypot(v.y)).to_degrees()]
    }
}
