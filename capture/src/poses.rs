//! Rows of `poses_bounds.npy` become cameras (spec §1.2): LLFF axes [down, right, backwards] to OpenCV axes
//! [right, down, forward], and every row is checked.

use crate::npy::COLUMNS;
use glam::{DAffine3, DMat3, DVec2, DVec3};
use loop3d_scene::Camera;

/// How far RᵀR may be from the identity in any element, and the determinant from 1. Poses written as `f4` stay within
/// 1e-6 and hand-rounded ones (three decimals) within 2e-3; a scaled, sheared or mirrored matrix is far outside.
const ROTATION_TOLERANCE: f64 = 2e-3;

/// One row: a camera of the size that the poses were made for, in the capture's own frame, and its depth bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pose {
    pub camera: Camera,
    pub near: f64,
    pub far: f64,
}

impl Pose {
    /// Converts and checks a row. The error says what was found and what was expected.
    pub(crate) fn from_row(row: &[f64; COLUMNS]) -> Result<Self, String> {
        let column = |c: usize| DVec3::new(row[c], row[5 + c], row[10 + c]);
        let rotation = DMat3::from_cols(column(1), column(0), -column(2));
        let position = column(3);
        let [height, width, focal] = column(4).to_array();
        let [near, far] = [row[15], row[16]];

        if !(focal.is_finite() && focal > 0.0) {
            return Err(format!("focal length {focal}; expected a positive number of pixels"));
        }
        let (width, height) = (whole("width", width)?, whole("height", height)?);
        check_rotation(&rotation)?;
        if !position.is_finite() {
            return Err(format!("position {position}; expected finite numbers"));
        }
        if !(near.is_finite() && far.is_finite() && near > 0.0 && near < far) {
            return Err(format!("depth bounds near {near}, far {far}; expected 0 < near < far"));
        }
        let size = DVec2::new(f64::from(width), f64::from(height));
        let camera = Camera {
            width,
            height,
            focal_px: DVec2::splat(focal),
            center_px: size / 2.0,
            world_from_camera: DAffine3 { matrix3: rotation, translation: position },
        };
        Ok(Self { camera, near, far })
    }
}

/// A picture's side from its float on disk. The upper limit keeps a picture's bytes far from overflow.
fn whole(side: &str, value: f64) -> Result<u32, String> {
    if (1.0..=65_536.0).contains(&value) && value.fract() == 0.0 {
        // In range and whole, as just checked.
        Ok(value as u32)
    } else {
        Err(format!("picture {side} {value}; expected a whole number of pixels from 1 to 65536"))
    }
}

/// The error says what was found and what was expected.
pub(crate) fn check_rotation(rotation: &DMat3) -> Result<(), String> {
    let gram = rotation.transpose() * *rotation;
    let error = (gram - DMat3::IDENTITY).to_cols_array().iter().fold(0.0, |worst: f64, e| worst.max(e.abs()));
    let determinant = rotation.determinant();
    // NaN fails the second test; `f64::max` above skips it.
    if error <= ROTATION_TOLERANCE && (determinant - 1.0).abs() <= ROTATION_TOLERANCE {
        return Ok(());
    }
    Err(format!(
        "a matrix that is no rotation: determinant {determinant:.4}, RᵀR off the identity by {error:.4}; expected 1 and 0 \
         (within {ROTATION_TOLERANCE})"
    ))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Row of a camera that looks along +z of the world from `position`, on disk as [down, right, backwards].
    pub(crate) fn row(position: [f64; 3], (width, height): (u32, u32), focal: f64, bounds: [f64; 2]) -> [f64; 17] {
        let [x, y, z] = position;
        let (w, h) = (f64::from(width), f64::from(height));
        [0., 1., 0., x, h, 1., 0., 0., y, w, 0., 0., -1., z, focal, bounds[0], bounds[1]]
    }

    #[test]
    fn axes_become_opencv() {
        let pose = Pose::from_row(&row([1., 2., 3.], (640, 360), 560., [2., 9.])).unwrap();
        assert_eq!(pose.camera.world_from_camera.matrix3, DMat3::IDENTITY);
        assert_eq!(pose.camera.position(), DVec3::new(1., 2., 3.));
        assert_eq!((pose.camera.width, pose.camera.height), (640, 360));
        assert_eq!(pose.camera.center_px, DVec2::new(320., 180.));
        assert_eq!((pose.near, pose.far), (2., 9.));
        // A point up and to the right of the axis lands up and to the right of the middle.
        let pixel = pose.camera.project(DVec3::new(1.5, 1.5, 8.)).unwrap();
        assert!(pixel.abs_diff_eq(DVec2::new(376., 124.), 1e-9), "{pixel}");
    }

    #[test]
    fn each_fault_is_named() {
        let good = row([0.; 3], (640, 360), 560., [2., 9.]);
        let cases: [(usize, f64, &str); 14] = [
            (14, f64::NAN, "focal length NaN; expected a positive"),
            (14, 0., "focal length 0; expected a positive"),
            (14, -560., "focal length -560; expected a positive"),
            (4, 360.5, "picture height 360.5; expected a whole number"),
            (9, 0., "picture width 0; expected a whole number"),
            (0, 0.1, "no rotation: determinant 1.0000, RᵀR off the identity by 0.1000"),
            (1, -1., "no rotation: determinant -1.0000"),
            (1, f64::NAN, "no rotation: determinant NaN"),
            (1, 1.1, "no rotation: determinant 1.1000"),
            (3, f64::INFINITY, "position [inf, 0, 0]; expected finite"),
            (15, 9., "near 9, far 9; expected 0 < near < far"),
            (15, 0., "near 0, far 9; expected 0 < near < far"),
            (15, f64::NAN, "near NaN, far 9; expected 0 < near < far"),
            (16, f64::INFINITY, "near 2, far inf; expected 0 < near < far"),
        ];
        for (column, value, message) in cases {
            let mut bad = good;
            bad[column] = value;
            let error = Pose::from_row(&bad).unwrap_err();
            assert!(error.contains(message), "column {column} = {value}: {error}");
        }
    }
}
