//! Rows of `poses_bounds.npy` and cameras (METHOD §1.2): LLFF axes [down, right, backwards], OpenCV axes [right, down, forward].

use super::npy::COLUMNS;
use crate::poses::{Pose, check_rotation};
use glam::{DAffine3, DMat3, DVec2, DVec3};
use loop3d_scene::Camera;

/// Converts and checks a row. The error says what was found and what was expected.
pub(super) fn read(row: &[f64; COLUMNS]) -> Result<Pose, String> {
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
    Ok(Pose { camera, near, far })
}

/// An image's side from its float on disk. The upper limit keeps an image's bytes far from overflow.
fn whole(side: &str, value: f64) -> Result<u32, String> {
    if (1.0..=65_536.0).contains(&value) && value.fract() == 0.0 {
        // In range and whole, as just checked.
        Ok(value as u32)
    } else {
        Err(format!("image {side} {value}; expected a whole number of pixels from 1 to 65536"))
    }
}

/// The row of a camera: 3×5 row-major [down, right, backwards, position, (height, width, focal)], near, far.
pub(super) fn write(camera: &Camera, [near, far]: [f64; 2]) -> [f64; 17] {
    let pose = camera.world_from_camera;
    let hwf = DVec3::new(f64::from(camera.height), f64::from(camera.width), camera.focal_px.x);
    let columns = [pose.matrix3.y_axis, pose.matrix3.x_axis, -pose.matrix3.z_axis, pose.translation, hwf];
    let mut row = [0.0; 17];
    for (k, value) in row[..15].iter_mut().enumerate() {
        *value = columns[k % 5][k / 5];
    }
    row[15] = near;
    row[16] = far;
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Row of a camera that looks along +z of the world from `position`, on disk as [down, right, backwards].
    fn row(position: [f64; 3], (width, height): (u32, u32), focal: f64, bounds: [f64; 2]) -> [f64; 17] {
        let [x, y, z] = position;
        let (w, h) = (f64::from(width), f64::from(height));
        [0., 1., 0., x, h, 1., 0., 0., y, w, 0., 0., -1., z, focal, bounds[0], bounds[1]]
    }

    #[test]
    fn axes_become_opencv() {
        let pose = read(&row([1., 2., 3.], (640, 360), 560., [2., 9.])).unwrap();
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
            (4, 360.5, "image height 360.5; expected a whole number"),
            (9, 0., "image width 0; expected a whole number"),
            (0, 0.1, "not a rotation: determinant 1.0000, RᵀR off the identity by 0.1000"),
            (1, -1., "not a rotation: determinant -1.0000"),
            (1, f64::NAN, "not a rotation: determinant NaN"),
            (1, 1.1, "not a rotation: determinant 1.1000"),
            (3, f64::INFINITY, "position [inf, 0, 0]; expected finite"),
            (15, 9., "near 9, far 9; expected 0 < near < far"),
            (15, 0., "near 0, far 9; expected 0 < near < far"),
            (15, f64::NAN, "near NaN, far 9; expected 0 < near < far"),
            (16, f64::INFINITY, "near 2, far inf; expected 0 < near < far"),
        ];
        for (column, value, message) in cases {
            let mut bad = good;
            bad[column] = value;
            let error = read(&bad).unwrap_err();
            assert!(error.contains(message), "column {column} = {value}: {error}");
        }
    }

    #[test]
    fn a_row_holds_the_camera_in_llff_axes_and_is_read_again() {
        let turn = DMat3::from_rotation_y(0.3) * DMat3::from_rotation_x(-0.2);
        let camera = Camera {
            width: 96,
            height: 54,
            focal_px: DVec2::splat(86.4),
            center_px: DVec2::new(48.0, 27.0),
            world_from_camera: DAffine3 { matrix3: turn, translation: DVec3::new(1.0, -2.0, 0.5) },
        };
        let row = write(&camera, [2.5, 9.0]);
        let column = |k: usize| DVec3::new(row[k], row[5 + k], row[10 + k]);
        assert_eq!(column(0), turn * DVec3::Y);
        assert_eq!(column(1), turn * DVec3::X);
        assert_eq!(column(2), turn * DVec3::NEG_Z);
        assert_eq!(column(3), camera.position());
        assert_eq!(column(4), DVec3::new(54.0, 96.0, 86.4));
        assert_eq!(row[15..], [2.5, 9.0]);
        assert_eq!(read(&row), Ok(Pose { camera, near: 2.5, far: 9.0 }));
    }
}
