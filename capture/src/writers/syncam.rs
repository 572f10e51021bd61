//! SynCamVideo's cameras: strings of rows forward, right, up, position in Unreal's left-handed world, in centimetres.

use super::Posed;
use glam::{DAffine3, DVec3};
use serde_json::{Map, Value, json};

/// Width of the dataset's sensor.
const SENSOR_MM: f64 = 23.76;

/// A focal length in picture widths, in millimetres on the dataset's sensor, as it stands in names.
pub(super) fn focal_mm(focal: f64) -> f64 {
    (focal * SENSOR_MM * 1e6).round() / 1e6
}

fn string(pose: &DAffine3) -> String {
    let mirrored = |v: DVec3| DVec3::new(v.x, -v.y, v.z);
    let r = pose.matrix3;
    let rows = [r.z_axis, r.x_axis, -r.y_axis].map(mirrored);
    let t = mirrored(pose.translation) * 100.0;
    let rows = rows.map(|row| format!("[{} {} {} 0] ", row.x, row.y, row.z)).concat();
    format!("{rows}[{} {} {} 1] ", t.x, t.y, t.z)
}

fn cameras(posed: &Posed) -> Map<String, Value> {
    let camera =
        |(name, camera): (&String, &loop3d_scene::Camera)| (name.clone(), string(&camera.world_from_camera).into());
    posed.names.iter().zip(&posed.cameras).map(camera).collect()
}

/// Version 1: cameras at the top level.
pub(super) fn first(posed: &Posed) -> Vec<u8> {
    format!("{:#}", Value::from(cameras(posed))).into_bytes()
}

/// Version 2: frames of cameras, which stand still.
pub(super) fn second(posed: &Posed) -> Vec<u8> {
    let cameras = Value::from(cameras(posed));
    format!("{:#}", json!({ "frame0": cameras, "frame1": cameras })).into_bytes()
}
