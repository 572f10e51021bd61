//! Where the cameras of a scene stand: the law of the training data (generate-tiny §2, generate-data §4) and its curriculum, and
//! the grid that captures are written with (generate-data §5).
//!
//! The law: the rig's azimuth is uniform over the circle, its elevation in 0–30°, its distance in 2.5–4.5 m. The views are drawn
//! around it independently, so that their order says nothing: azimuth within ±θ, elevation within ±θ/2, distance within ±2 % for
//! each degree of θ. What leaves the range is reflected at its end, which keeps elevation and distance of the views uniform too.
//! All cameras look at the centre.

use super::dice::Dice;
use glam::{DAffine3, DVec2, DVec3};
use loop3d_scene::Camera;
use serde::{Deserialize, Serialize};

/// The point that all cameras look at, in metres.
pub const CENTER: DVec3 = DVec3::new(0.0, 0.5, 0.0);
/// Focal length in image widths: 24 mm on a sensor of 23.76 mm.
pub const FOCAL: f64 = 24.0 / 23.76;
/// Range of elevations, in degrees.
pub const ELEVATION_DEG: [f64; 2] = [0.0, 30.0];
/// Range of distances to the centre, in metres.
pub const DISTANCE_M: [f64; 2] = [2.5, 4.5];
/// Change of the distance between views for each degree of their spread, in metres.
const DISTANCE_PER_DEGREE: f64 = 0.02;

/// Where the middle of a rig is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Standpoint {
    /// Around the vertical, from the z axis towards x.
    pub azimuth_deg: f64,
    /// Above the horizon.
    pub elevation_deg: f64,
    /// To the centre.
    pub distance_m: f64,
}

/// How far apart the views are as training goes on: small baselines first.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Curriculum {
    /// θ at the beginning.
    pub from_deg: f64,
    /// θ at the end.
    pub to_deg: f64,
    /// Fraction of the training in which θ grows; then it stays.
    pub ramp: f64,
}

impl Default for Curriculum {
    /// 4° to 24° (generate-tiny §4); the last fifth of the training at the end's angle.
    fn default() -> Self {
        Self { from_deg: 4.0, to_deg: 24.0, ramp: 0.8 }
    }
}

impl Curriculum {
    /// θ when a fraction of the training is done.
    #[must_use]
    pub fn spread_deg(&self, done: f64) -> f64 {
        let grown = if self.ramp > 0.0 { (done / self.ramp).clamp(0.0, 1.0) } else { 1.0 };
        self.from_deg + (self.to_deg - self.from_deg) * grown
    }
}

/// Back into a range from outside, as from a mirror.
fn reflected(value: f64, [low, high]: [f64; 2]) -> f64 {
    let span = high - low;
    let folded = (value - low).rem_euclid(2.0 * span);
    low + if folded > span { 2.0 * span - folded } else { folded }
}

impl Standpoint {
    /// A standpoint of the law.
    pub(crate) fn draw(dice: &mut Dice) -> Self {
        let mut within = |[low, high]: [f64; 2]| low + (high - low) * dice.unit();
        Self { azimuth_deg: within([0.0, 360.0]), elevation_deg: within(ELEVATION_DEG), distance_m: within(DISTANCE_M) }
    }

    /// One view of the law around this standpoint.
    pub(crate) fn around(&self, spread_deg: f64, dice: &mut Dice) -> Self {
        let mut even = || 2.0 * dice.unit() - 1.0;
        Self {
            azimuth_deg: self.azimuth_deg + spread_deg * even(),
            elevation_deg: reflected(self.elevation_deg + 0.5 * spread_deg * even(), ELEVATION_DEG),
            distance_m: reflected(self.distance_m + DISTANCE_PER_DEGREE * spread_deg * even(), DISTANCE_M),
        }
    }

    /// The camera here, of images of `width` × `height` pixels.
    #[must_use]
    pub fn camera(&self, width: u32, height: u32) -> Camera {
        let (sin_a, cos_a) = self.azimuth_deg.to_radians().sin_cos();
        let (sin_e, cos_e) = self.elevation_deg.to_radians().sin_cos();
        let position = CENTER + self.distance_m * DVec3::new(cos_e * sin_a, sin_e, cos_e * cos_a);
        let size = DVec2::new(f64::from(width), f64::from(height));
        Camera {
            width,
            height,
            focal_px: DVec2::splat(FOCAL * size.x),
            center_px: size * 0.5,
            // Elevations are far below 90°: there always is a direction.
            world_from_camera: Camera::pose_looking_at(position, CENTER, DVec3::Y).unwrap_or(DAffine3::IDENTITY),
        }
    }

    /// The grid of captures: the middle, a star at half of the outer angles, the corners; azimuth to ±`outer_deg`, elevation to
    /// half of it. The first `count` of nine.
    #[must_use]
    pub fn grid(&self, count: usize, outer_deg: f64) -> Vec<Self> {
        let (outer, half) = (outer_deg, 0.5 * outer_deg);
        let star = [(0.0, 0.0), (-half, 0.0), (half, 0.0), (0.0, half), (0.0, -half)];
        let corners = [(-outer, half), (outer, half), (-outer, -half), (outer, -half)];
        let at = |(azimuth, elevation): (f64, f64)| Self {
            azimuth_deg: self.azimuth_deg + azimuth,
            elevation_deg: self.elevation_deg + elevation,
            ..*self
        };
        star.into_iter().chain(corners).take(count).map(at).collect()
    }
}
