//! RealityCapture's table of cameras.

use super::Posed;
use glam::DMat3;
use std::fmt::Write;

pub(super) fn table(posed: &Posed) -> Vec<u8> {
    let mut table = "#name,x,y,alt,heading,pitch,roll,f,px,py,k1,k2,k3,k4,t1,t2\r\n".to_owned();
    for (name, camera) in posed.names.iter().zip(&posed.cameras) {
        let pose = camera.world_from_camera;
        // Its axes are right, up, backwards; its world is z up: heading about z, then pitch about x, then roll about y.
        let r = DMat3::from_cols(pose.matrix3.x_axis, -pose.matrix3.y_axis, -pose.matrix3.z_axis);
        let at = |row: usize, column: usize| r.col(column)[row];
        let heading = f64::atan2(at(0, 1), at(1, 1));
        let (pitch, roll) = (at(2, 1).clamp(-1.0, 1.0).asin(), f64::atan2(-at(2, 0), at(2, 2)));
        let angles = [heading, pitch, roll].map(|angle| angle.to_degrees().to_string()).join(",");
        let longer = f64::from(camera.width.max(camera.height));
        let focal = 36.0 * camera.focal_px.x / longer;
        let off =
            (camera.center_px - glam::DVec2::new(f64::from(camera.width), f64::from(camera.height)) / 2.0) / longer;
        let t = pose.translation;
        // Writing to a String cannot fail.
        let _ =
            write!(table, "{name}.png,{},{},{},{angles},{focal},{},{},0,0,0,0,0,0\r\n", t.x, t.y, t.z, off.x, off.y);
    }
    table.into_bytes()
}
