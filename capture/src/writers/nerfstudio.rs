//! nerfstudio's `transforms.json`, and the points in a PLY file.

use super::Posed;
use serde_json::json;
use std::fmt::Write;

pub(super) fn files(posed: &Posed) -> Vec<(&'static str, Vec<u8>)> {
    let frame = |(name, camera): (&String, &loop3d_scene::Camera)| {
        let pose = camera.world_from_camera;
        // OpenGL axes: right, up, backwards.
        let columns = [pose.matrix3.x_axis, -pose.matrix3.y_axis, -pose.matrix3.z_axis, pose.translation];
        let row = |k: usize| columns.map(|column| column[k]).to_vec();
        json!({
            "file_path": format!("images/{name}.png"),
            "transform_matrix": [row(0), row(1), row(2), [0.0, 0.0, 0.0, 1.0]],
            "w": camera.width, "h": camera.height, "fl_x": camera.focal_px.x, "fl_y": camera.focal_px.y,
            "cx": camera.center_px.x, "cy": camera.center_px.y,
        })
    };
    let frames: Vec<_> = posed.names.iter().zip(&posed.cameras).map(frame).collect();
    let file = json!({ "camera_model": "PINHOLE", "ply_file_path": "sparse_pc.ply", "frames": frames });
    let mut ply = format!(
        "ply\nformat ascii 1.0\nelement vertex {}\nproperty float x\nproperty float y\nproperty float z\nend_header\n",
        posed.points.len()
    );
    for point in &posed.points {
        let [x, y, z] = point.position.to_array();
        // Writing to a String cannot fail.
        let _ = writeln!(ply, "{x} {y} {z}");
    }
    vec![("sparse_pc.ply", ply.into_bytes()), ("transforms.json", format!("{file:#}").into_bytes())]
}
