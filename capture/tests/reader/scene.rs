//! One scene with known cameras and points, and writers of it in every layout.

use crate::build::{npy, shrunk};
use glam::{DAffine3, DMat3, DVec2, DVec3};
use image::{ImageFormat, Rgb, RgbImage};
use loop3d_capture::{LoadOptions, PosedCapture, load_poses};
use std::fmt::Write;
use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

pub const SIZE: (u32, u32) = (128, 72);
/// SynCamVideo's lens on pictures of this width.
pub const FOCAL: f64 = 24.0 / 23.76 * 128.0;

/// World-from-camera poses with OpenCV axes, a little turned each.
pub fn poses() -> Vec<DAffine3> {
    (0..5u32)
        .map(|i| {
            let t = f64::from(i);
            let turn = DMat3::from_rotation_y(0.03 * (t - 2.0)) * DMat3::from_rotation_x(0.01 * t - 0.02);
            let matrix3 = DMat3::from_rotation_x(0.4) * turn * DMat3::from_rotation_z(0.02 * t);
            DAffine3 { matrix3, translation: DVec3::new(-0.17 * t, 0.02 * t * t, 1.0 + 0.03 * t) }
        })
        .collect()
}

/// Names of the views, in the order of the poses.
pub fn name(index: usize) -> String {
    format!("view {index}")
}

/// Grey of the scene's surfaces: everywhere different.
fn grey(point: DVec3) -> f64 {
    let wave = |a: f64, b: f64| (a * point.x + b * point.y).sin();
    0.5 + 0.2 * wave(3.1, 1.7) + 0.15 * wave(-4.3, 6.1) + 0.12 * wave(11.0, 7.0)
}

/// Two walls in the frame of camera 2: the upper one at depth 3, the lower one at 8.
fn hit(origin: DVec3, ray: DVec3) -> DVec3 {
    let at = |depth: f64| origin + ray * ((depth - origin.z) / ray.z);
    let near = at(3.0);
    if near.y < 0.0 { near } else { at(8.0) }
}

/// Points on the walls that all cameras see, in the world.
pub fn points() -> Vec<DVec3> {
    let middle = poses()[2];
    let on_walls = (0..20).flat_map(|i| (0..8).map(move |j| (f64::from(i) / 20.0 - 0.5, f64::from(j) / 8.0 - 0.5)));
    on_walls.map(|(x, y)| middle.transform_point3(hit(DVec3::ZERO, DVec3::new(0.4 * x, 0.2 * y, 1.0)))).collect()
}

/// 0.1 and 99.9 percentiles of the points' depths, as LLFF's tool has them.
pub fn bounds(pose: &DAffine3) -> [f64; 2] {
    let mut depths: Vec<f64> = points().iter().map(|point| pose.inverse().transform_point3(*point).z).collect();
    depths.sort_by(f64::total_cmp);
    [0.001, 0.999].map(|share| {
        let at = share * (depths.len() - 1) as f64;
        let below = at.floor() as usize;
        depths[below] + (depths[below + 1] - depths[below]) * (at - at.floor())
    })
}

/// Each camera's picture, as a PNG file's bytes.
static PICTURES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let middle = poses()[2];
    let picture = |pose: &DAffine3| {
        let from = middle.inverse() * *pose;
        let picture = RgbImage::from_fn(SIZE.0, SIZE.1, |x, y| {
            let pixel = DVec2::new(f64::from(x) + 0.5 - 64.0, f64::from(y) + 0.5 - 36.0);
            let ray = from.transform_vector3((pixel / FOCAL).extend(1.0));
            Rgb([(255.0 * grey(hit(from.translation, ray))).round() as u8; 3])
        });
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
        bytes.into_inner()
    };
    poses().iter().map(picture).collect()
});

/// Each camera's picture at `folder/view N.png`.
pub fn write_pictures(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    for (index, bytes) in PICTURES.iter().enumerate() {
        fs::write(folder.join(format!("{}.png", name(index))), bytes).unwrap();
    }
}

pub fn llff(dir: &Path) {
    let row = |pose: &DAffine3| {
        let (r, [near, far]) = (pose.matrix3, bounds(pose));
        let hwf = DVec3::new(f64::from(SIZE.1), f64::from(SIZE.0), FOCAL);
        let columns = [r.y_axis, r.x_axis, -r.z_axis, pose.translation, hwf];
        let mut row: [f64; 17] = std::array::from_fn(|k| if k < 15 { columns[k % 5][k / 5] } else { 0.0 });
        row[15..].copy_from_slice(&[near, far]);
        row
    };
    fs::write(dir.join("poses_bounds.npy"), npy(&poses().iter().map(row).collect::<Vec<_>>())).unwrap();
}

/// Ids that are neither contiguous nor in order.
fn ids(index: usize) -> (u32, u32) {
    ([70, 3, 41, 9, 12][index], [5, 900, 2, 31, 7][index])
}

/// w, x, y, z and translation of camera-from-world.
pub fn colmap_pose(pose: &DAffine3) -> [f64; 7] {
    let (_, q, t) = pose.inverse().to_scale_rotation_translation();
    [q.w, q.x, q.y, q.z, t.x, t.y, t.z]
}

/// What COLMAP's images are called: in a folder, with spaces.
fn colmap_name(index: usize) -> String {
    format!("left side/{}.png", name(index))
}

/// A pinhole for each image.
pub fn colmap_binary(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    let (mut cameras, mut images, mut points3d) = (Vec::new(), Vec::new(), Vec::new());
    cameras.extend(5u64.to_le_bytes());
    images.extend(5u64.to_le_bytes());
    // Other order than the names'.
    for index in [3, 0, 4, 2, 1] {
        let (image, camera) = ids(index);
        cameras.extend(camera.to_le_bytes());
        cameras.extend(1i32.to_le_bytes());
        cameras.extend([u64::from(SIZE.0), u64::from(SIZE.1)].iter().flat_map(|side| side.to_le_bytes()));
        cameras.extend([FOCAL, FOCAL, 64.0, 36.0].iter().flat_map(|value: &f64| value.to_le_bytes()));
        images.extend(image.to_le_bytes());
        images.extend(colmap_pose(&poses()[index]).iter().flat_map(|value| value.to_le_bytes()));
        images.extend(camera.to_le_bytes());
        images.extend(colmap_name(index).as_bytes());
        images.push(0);
        images.extend(1u64.to_le_bytes());
        images.extend([1.5f64, 2.5].iter().flat_map(|value| value.to_le_bytes()));
        images.extend(u64::MAX.to_le_bytes());
    }
    points3d.extend((points().len() as u64).to_le_bytes());
    for (index, point) in points().iter().enumerate() {
        points3d.extend((index as u64 * 3 + 5).to_le_bytes());
        points3d.extend(point.to_array().iter().flat_map(|value| value.to_le_bytes()));
        points3d.extend([1, 2, 3]);
        points3d.extend(0.5f64.to_le_bytes());
        points3d.extend(5u64.to_le_bytes());
        points3d.extend((0..5).flat_map(|view| [ids(view).0, 0]).flat_map(u32::to_le_bytes));
    }
    for (name, bytes) in [("cameras", cameras), ("images", images), ("points3D", points3d)] {
        fs::write(folder.join(format!("{name}.bin")), bytes).unwrap();
    }
}

pub fn colmap_text(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    let (mut cameras, mut images, mut points3d) =
        ("# Camera list\n".to_owned(), "# Image list\n# two lines each\n".to_owned(), String::new());
    for index in [3, 0, 4, 2, 1] {
        let (image, camera) = ids(index);
        writeln!(cameras, "{camera} PINHOLE {} {} {FOCAL} {FOCAL} 64 36", SIZE.0, SIZE.1).unwrap();
        let pose = colmap_pose(&poses()[index]).map(|value| value.to_string()).join(" ");
        let points = if index == 0 { "" } else { "1.5 2.5 -1" };
        writeln!(images, "{image} {pose} {camera} {}\n{points}", colmap_name(index)).unwrap();
    }
    for (index, point) in points().iter().enumerate() {
        let track = (0..5).map(|view| format!(" {} 0", ids(view).0)).collect::<String>();
        writeln!(points3d, "{} {} {} {} 1 2 3 0.5{track}", index * 3 + 5, point.x, point.y, point.z).unwrap();
    }
    for (name, text) in [("cameras", cameras), ("images", images), ("points3D", points3d)] {
        fs::write(folder.join(format!("{name}.txt")), text).unwrap();
    }
}

/// A 4×4 matrix of OpenGL axes, as JSON.
pub fn opengl(pose: &DAffine3) -> serde_json::Value {
    let r = pose.matrix3;
    let columns = [r.x_axis, -r.y_axis, -r.z_axis, pose.translation];
    let row = |k: usize| columns.map(|column| column[k]).to_vec();
    serde_json::json!([row(0), row(1), row(2), [0.0, 0.0, 0.0, 1.0]])
}

/// With the turn that nerfstudio applies, and points in a PLY file.
pub fn nerfstudio(dir: &Path) {
    // (x, y, z) to (x, z, −y).
    let applied = DAffine3::from_mat3(DMat3::from_cols(DVec3::X, DVec3::NEG_Z, DVec3::Y));
    let frame = |(index, pose): (usize, &DAffine3)| {
        let matrix = opengl(&(applied * *pose));
        serde_json::json!({ "file_path": format!("images/{}.png", name(index)), "transform_matrix": matrix, "colmap_im_id": 7 })
    };
    let frames: Vec<_> = poses().iter().enumerate().map(frame).collect();
    let file = serde_json::json!({
        "camera_model": "OPENCV", "w": SIZE.0, "h": SIZE.1, "fl_x": FOCAL, "fl_y": FOCAL, "cx": 64.0, "cy": 36.0,
        "k1": 0.0, "k2": 0.0, "p1": 0.0, "p2": 0.0, "ply_file_path": "sparse_pc.ply", "frames": frames,
        "applied_transform": [[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0], [0.0, -1.0, 0.0, 0.0]],
    });
    fs::write(dir.join("transforms.json"), file.to_string()).unwrap();
    let mut ply = format!(
        "ply\nformat ascii 1.0\nelement vertex {}\nproperty float x\nproperty float y\nproperty float z\nend_header\n",
        points().len()
    );
    for point in points().iter().map(|point| applied.transform_point3(*point)) {
        writeln!(ply, "{} {} {}", point.x, point.y, point.z).unwrap();
    }
    fs::write(dir.join("sparse_pc.ply"), ply).unwrap();
}

/// A SynCamVideo string: forward, right, up and position in Unreal's mirrored world, in centimetres.
fn unreal(pose: &DAffine3) -> String {
    let mirrored = |v: DVec3| DVec3::new(v.x, -v.y, v.z);
    let r = pose.matrix3;
    let rows = [r.z_axis, r.x_axis, -r.y_axis].map(mirrored);
    let t = mirrored(pose.translation) * 100.0;
    let text = rows.map(|row| format!("[{} {} {} 0] ", row.x, row.y, row.z)).concat();
    format!("{text}[{} {} {} 1] ", t.x, t.y, t.z)
}

/// Version 2, with two more cameras that look elsewhere; the capture's folder.
pub fn syncam(above: &Path) -> PathBuf {
    let dir = above.join("f24_aperture5/scene1");
    fs::create_dir_all(dir.join("cameras")).unwrap();
    let mut cameras: Vec<(String, DAffine3)> =
        poses().into_iter().enumerate().map(|(i, pose)| (name(i), pose)).collect();
    for (name, turn) in [("view 8", 1.0), ("view 9", -2.0)] {
        cameras.push((name.to_owned(), poses()[0] * DAffine3::from_rotation_y(turn)));
    }
    let frame: serde_json::Map<_, _> = cameras.iter().map(|(name, pose)| (name.clone(), unreal(pose).into())).collect();
    let file = serde_json::json!({ "frame0": frame, "frame1": frame });
    fs::write(dir.join("cameras/camera_extrinsics.json"), file.to_string()).unwrap();
    dir
}

/// Version 1: the cameras of one file, told their focal length by name; the capture's folder.
pub fn syncam_v1(above: &Path) -> PathBuf {
    let dir = above.join("scene1");
    fs::create_dir_all(dir.join("cameras")).unwrap();
    let camera = |(index, pose): (usize, &DAffine3)| (format!("C_{index:02}_24mm"), unreal(pose).into());
    let cameras: serde_json::Map<_, _> = poses().iter().enumerate().map(camera).collect();
    fs::write(dir.join("cameras/Hemi36_4m_0.json"), serde_json::Value::from(cameras).to_string()).unwrap();
    dir
}

pub fn realitycapture(dir: &Path) {
    let mut table = "#name,x,y,alt,heading,pitch,roll,f,px,py,k1,k2,k3,k4,t1,t2\r\n".to_owned();
    for (index, pose) in poses().iter().enumerate() {
        let r = DMat3::from_cols(pose.matrix3.x_axis, -pose.matrix3.y_axis, -pose.matrix3.z_axis);
        let at = |row: usize, column: usize| r.col(column)[row];
        let heading = -f64::atan2(-at(0, 1), at(1, 1));
        let (pitch, roll) = (at(2, 1).asin(), f64::atan2(-at(2, 0), at(2, 2)));
        let angles = [heading, pitch, roll].map(|angle| angle.to_degrees().to_string()).join(",");
        let t = pose.translation;
        let focal = FOCAL / 128.0 * 36.0;
        writeln!(table, "{}.png,{},{},{},{angles},{focal},0,0,0,0,0,0,0,0\r", name(index), t.x, t.y, t.z).unwrap();
    }
    fs::write(dir.join("cameras.csv"), table).unwrap();
}

pub fn read(dir: &Path) -> PosedCapture {
    load_poses(dir, &shrunk(None, None)).unwrap_or_else(|error| panic!("{error}"))
}

pub fn read_with(dir: &Path, options: &LoadOptions) -> PosedCapture {
    load_poses(dir, options).unwrap_or_else(|error| panic!("{error}"))
}

/// Cameras as they were on disk: the normalisation undone.
pub fn on_disk(posed: &PosedCapture) -> Vec<DAffine3> {
    let back = |pose: DAffine3| {
        let world_from_capture = posed.normalisation.recentring;
        let mut pose = world_from_capture.inverse() * pose;
        pose.translation /= posed.normalisation.scale;
        pose
    };
    posed.views.iter().map(|view| back(view.camera.world_from_camera)).collect()
}
