//! The shapes of rigs (generate-data.md §4 and §5).
//!
//! Azimuth and elevation are those of a camera seen from the point it looks at. The reference is at azimuth 0, looks along +x, and
//! azimuths grow to its right. The position of SynCamVideo v2's cameras, with y mirrored into our right-handed world, is
//! d·(−cos e·cos a, −cos e·sin a, sin e).
//!
//! Decided here, because the specification leaves it open: the grid's star is at half the outer angles and its corners at the
//! outer azimuth and half of it in elevation: star (±3°, 0), (0, ±3°), corners (±6°, ±3°) for the usual spread of 12°.

use super::{FOCAL, Rig, RigCamera, RigConfig, RigError, RigShape, name};
use glam::DVec3;
use loop3d_scene::Camera;
use std::f64::consts::TAU;

/// Number of cameras on the full circle of SynCamVideo v1.
const CIRCLE: usize = 36;

/// Position of a camera relative to the point it looks at. Azimuth and elevation in degrees.
#[must_use]
pub fn on_sphere(azimuth_deg: f64, elevation_deg: f64, distance: f64) -> DVec3 {
    let (sin_a, cos_a) = azimuth_deg.to_radians().sin_cos();
    let (sin_e, cos_e) = elevation_deg.to_radians().sin_cos();
    distance * DVec3::new(-cos_e * cos_a, -cos_e * sin_a, sin_e)
}

/// The cameras of a shape, around the origin.
pub(super) fn place(config: &RigConfig) -> Result<Rig, RigError> {
    let (d, up) = (config.distance_m, config.elevation_deg);
    check_range("--distance", d, d > 0.0, "more than 0 m")?;
    check_range("--elevation", up, up.abs() < 85.0, "-85 to 85 degrees")?;
    let at = |azimuth: f64, elevation: f64| on_sphere(azimuth, up + elevation, d);
    let positions: Vec<DVec3> = match config.shape {
        RigShape::Pair => {
            count(config, 2, 2, 2)?;
            vec![at(0.0, 0.0), at(spread(config, 6.0)?, 0.0)]
        }
        RigShape::Arc => {
            let (n, spread) = (count(config, 5, 2, 99)?, spread(config, 12.0)?);
            let mut azimuths: Vec<f64> = (0..n).map(|i| spread * (i as f64 / (n - 1) as f64 - 0.5)).collect();
            // The one in the middle, or the left one of two, is the reference.
            let reference = azimuths.remove((n - 1) / 2);
            std::iter::once(reference).chain(azimuths).map(|azimuth| at(azimuth, 0.0)).collect()
        }
        RigShape::Grid => {
            // One is the reference alone, for models of one view.
            let (n, outer) = (count(config, 9, 1, 9)?, spread(config, 12.0)? / 2.0);
            let half = outer / 2.0;
            let star = [(0.0, 0.0), (-half, 0.0), (half, 0.0), (0.0, half), (0.0, -half)];
            let corners = [(-outer, half), (outer, half), (-outer, -half), (outer, -half)];
            star.into_iter().chain(corners).take(n).map(|(azimuth, elevation)| at(azimuth, elevation)).collect()
        }
        RigShape::Ring => {
            let (n, radius) = (count(config, 9, 3, 99)?, (spread(config, 6.0)? / 2.0).to_radians());
            let reference = at(0.0, 0.0);
            let (right, above) = (DVec3::NEG_Y, on_sphere(0.0, up + 90.0, 1.0));
            let on_circle = |i: usize| {
                let (sin, cos) = (TAU * i as f64 / (n - 1) as f64).sin_cos();
                radius.cos() * reference + radius.sin() * d * (cos * right + sin * above)
            };
            std::iter::once(reference).chain((0..n - 1).map(on_circle)).collect()
        }
        RigShape::Hemi36 => {
            let n = count(config, CIRCLE, 2, CIRCLE)?;
            if !CIRCLE.is_multiple_of(n) {
                let expected = "a number that divides 36".to_owned();
                return Err(RigError::Option { option: "--cameras", found: n.to_string(), expected });
            }
            let azimuth = |i: usize| 10.0 * (1 + i * (CIRCLE / n)) as f64;
            // Azimuths of v1 count from the far side: x is positive at 0°.
            (0..n).map(|i| at(azimuth(i), 0.0) * DVec3::new(-1.0, 1.0, 1.0)).collect()
        }
        RigShape::Released => {
            let raised = |elevation: f64| on_sphere(0.0, elevation, d / elevation.to_radians().cos());
            let four = [at(0.0, 0.0), at(15.0, 0.0), at(-15.0, 0.0), raised(10.0)];
            four.into_iter().take(count(config, 4, 2, 4)?).collect()
        }
        RigShape::File(_) => Vec::new(),
    };
    let camera = |(index, position): (usize, DVec3)| {
        let pose = Camera::pose_looking_at(position, DVec3::ZERO, DVec3::Z);
        let vertical = || RigError::Option {
            option: "--elevation",
            found: format!("{up}, so that camera {} looks straight down", index + 1),
            expected: "a smaller one".to_owned(),
        };
        Ok(RigCamera { name: name(index), world_from_camera: pose.ok_or_else(vertical)? })
    };
    let cameras: Result<Vec<RigCamera>, RigError> = positions.into_iter().enumerate().map(camera).collect();
    Ok(Rig { cameras: cameras?, center: DVec3::ZERO, focal: FOCAL })
}

fn count(config: &RigConfig, usual: usize, least: usize, most: usize) -> Result<usize, RigError> {
    let n = config.cameras.unwrap_or(usual);
    if (least..=most).contains(&n) {
        return Ok(n);
    }
    let expected = if least == most { format!("{least}") } else { format!("{least} to {most} for this shape") };
    Err(RigError::Option { option: "--cameras", found: n.to_string(), expected })
}

fn spread(config: &RigConfig, usual: f64) -> Result<f64, RigError> {
    let spread = config.spread_deg.unwrap_or(usual);
    check_range("--spread", spread, spread > 0.0 && spread <= 120.0, "more than 0 and at most 120 degrees")?;
    Ok(spread)
}

fn check_range(option: &'static str, found: f64, good: bool, expected: &str) -> Result<(), RigError> {
    if good && found.is_finite() {
        return Ok(());
    }
    Err(RigError::Option { option, found: found.to_string(), expected: expected.to_owned() })
}
