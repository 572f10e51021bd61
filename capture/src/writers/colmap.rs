//! COLMAP's model files: <https://colmap.github.io/format.html>. Ids count from 1.

use super::Posed;
use std::fmt::Write;

/// Number of COLMAP's PINHOLE model.
const PINHOLE: i32 = 1;

/// w, x, y, z and translation of camera-from-world.
fn pose(posed: &Posed, index: usize) -> [f64; 7] {
    let (_, q, t) = posed.cameras[index].world_from_camera.inverse().to_scale_rotation_translation();
    [q.w, q.x, q.y, q.z, t.x, t.y, t.z]
}

fn params(posed: &Posed, index: usize) -> [f64; 4] {
    let camera = &posed.cameras[index];
    [camera.focal_px.x, camera.focal_px.y, camera.center_px.x, camera.center_px.y]
}

/// `cameras.bin`, `images.bin`, `points3D.bin`: a pinhole for each view.
pub(super) fn binary(posed: &Posed) -> Vec<(&'static str, Vec<u8>)> {
    let views = posed.cameras.len();
    let [mut cameras, mut images] = [0, 1].map(|_| (views as u64).to_le_bytes().to_vec());
    let mut points = (posed.points.len() as u64).to_le_bytes().to_vec();
    let floats =
        |bytes: &mut Vec<u8>, values: &[f64]| bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    for (index, (name, camera)) in posed.names.iter().zip(&posed.cameras).enumerate() {
        let id = index as u32 + 1;
        cameras.extend(id.to_le_bytes());
        cameras.extend(PINHOLE.to_le_bytes());
        cameras.extend([camera.width, camera.height].iter().flat_map(|&side| u64::from(side).to_le_bytes()));
        floats(&mut cameras, &params(posed, index));
        images.extend(id.to_le_bytes());
        floats(&mut images, &pose(posed, index));
        images.extend(id.to_le_bytes());
        images.extend(name.as_bytes());
        images.extend(b".png\0");
        images.extend(0u64.to_le_bytes());
    }
    for (id, point) in (1u64..).zip(&posed.points) {
        points.extend(id.to_le_bytes());
        floats(&mut points, &point.position.to_array());
        points.extend([128; 3]);
        points.extend(0f64.to_le_bytes());
        points.extend((point.seen_by.len() as u64).to_le_bytes());
        for &view in &point.seen_by {
            points.extend((view as u32 + 1).to_le_bytes());
            points.extend(0u32.to_le_bytes());
        }
    }
    vec![("sparse/0/points3D.bin", points), ("sparse/0/cameras.bin", cameras), ("sparse/0/images.bin", images)]
}

/// `cameras.txt`, `images.txt`, `points3D.txt`: a pinhole for each view.
pub(crate) fn text(posed: &Posed) -> Vec<(&'static str, Vec<u8>)> {
    let (mut cameras, mut images, mut points) = (
        "# CAMERA_ID, MODEL, WIDTH, HEIGHT, PARAMS[]\n".to_owned(),
        "# IMAGE_ID, QW, QX, QY, QZ, TX, TY, TZ, CAMERA_ID, NAME; then POINTS2D[]\n".to_owned(),
        "# POINT3D_ID, X, Y, Z, R, G, B, ERROR, TRACK[]\n".to_owned(),
    );
    // Writing to a String cannot fail.
    for (index, (name, camera)) in posed.names.iter().zip(&posed.cameras).enumerate() {
        let id = index + 1;
        let [fx, fy, cx, cy] = params(posed, index);
        let _ = writeln!(cameras, "{id} PINHOLE {} {} {fx} {fy} {cx} {cy}", camera.width, camera.height);
        let pose = pose(posed, index).map(|value| value.to_string()).join(" ");
        let _ = writeln!(images, "{id} {pose} {id} {name}.png\n");
    }
    for (id, point) in (1..).zip(&posed.points) {
        let [x, y, z] = point.position.to_array();
        let track: String = point.seen_by.iter().map(|view| format!(" {} 0", view + 1)).collect();
        let _ = writeln!(points, "{id} {x} {y} {z} 128 128 128 0{track}");
    }
    [("sparse/0/points3D.txt", points), ("sparse/0/cameras.txt", cameras), ("sparse/0/images.txt", images)]
        .map(|(name, text)| (name, text.into_bytes()))
        .into()
}
