//! nerfstudio's `transforms.json`, into which Polycam, Record3D, Metashape and others are converted:
//! <https://docs.nerf.studio/quickstart/data_conventions.html>. Also the older form of NeRF and instant-ngp.

use super::layout::{Layout, LensOptions, PosedScene, Writer, here, number};
use crate::error::{CaptureError, all};
use crate::json::{self, Json};
use crate::lens::Lens;
use crate::ply;
use crate::raw::{Intrinsics, RawCapture, RawView, Side};
use glam::{DAffine3, DMat3, DVec2, DVec3};
use serde_json::json;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// The file of poses in a capture.
const POSES: &str = "transforms.json";
/// Where its writer puts the points.
const POINTS: &str = "sparse_pc.ply";

/// Found by its file.
pub(super) const LAYOUT: Layout =
    Layout { name: "nerfstudio", sign: POSES, find, read, surrounds: false, writers: &[WRITER] };

/// Points in a PLY file beside the poses.
const WRITER: Writer =
    Writer { name: "nerfstudio", capture: here, clips: "videos", clip_name: number, files: &[POINTS, POSES], contents };

fn find(dir: &Path) -> Option<PathBuf> {
    Some(dir.join(POSES)).filter(|file| file.is_file())
}

/// Reads the file. Views are in its order.
fn read(file: &Path, _: LensOptions) -> Result<RawCapture, CaptureError> {
    let value = json::read(file)?;
    let root = Json::root(file, &value);
    root.object()?;
    let capture_from_file = match root.get("applied_transform") {
        Some(matrix) => undo(&matrix)?,
        None => DAffine3::IDENTITY,
    };
    let frames = root.need("frames")?.items()?;
    let views = all(frames.iter().map(|frame| view(&root, frame, capture_from_file)))?;
    if views.is_empty() {
        return Err(root.bad("no frames; expected one for each view"));
    }
    let mut notes = Vec::new();
    let points = match root.get("ply_file_path") {
        Some(path) => match file.with_file_name(path.text()?) {
            points if points.is_file() => ply::points(&points)?,
            missing => {
                notes.push(format!("{} is missing; depths are estimated from the images", missing.display()));
                Vec::new()
            }
        },
        None => Vec::new(),
    };
    let points = points.into_iter().map(|point| capture_from_file.transform_point3(point)).collect();
    Ok(RawCapture { file: file.to_owned(), views, points, notes })
}

/// The inverse of `applied_transform`: a turn and a shift that were applied to all poses after reconstruction.
fn undo(matrix: &Json<'_>) -> Result<DAffine3, CaptureError> {
    let applied = affine(matrix.rows3x4()?);
    let inverse = applied.inverse();
    if !inverse.is_finite() || applied.matrix3.determinant() <= 0.0 {
        let found = applied.matrix3.determinant();
        return Err(matrix.bad(format!("a transform of determinant {found}; expected a turn and a shift")));
    }
    Ok(inverse)
}

fn affine(rows: [[f64; 4]; 3]) -> DAffine3 {
    let column = |c: usize| DVec3::new(rows[0][c], rows[1][c], rows[2][c]);
    DAffine3 { matrix3: DMat3::from_cols(column(0), column(1), column(2)), translation: column(3) }
}

fn view(root: &Json<'_>, frame: &Json<'_>, capture_from_file: DAffine3) -> Result<RawView, CaptureError> {
    let name = frame.need("file_path")?.text()?.to_owned();
    let pose = affine(frame.need("transform_matrix")?.rows3x4()?);
    let in_capture = capture_from_file * pose;
    // Applied scales are undone in the position, not in the axes.
    let scale = capture_from_file.matrix3.determinant().cbrt();
    let [x, y, z] = [0, 1, 2].map(|axis| in_capture.matrix3.col(axis) / scale);
    // OpenGL axes: right, up, backwards.
    let world_from_camera = DAffine3 { matrix3: DMat3::from_cols(x, -y, -z), translation: in_capture.translation };
    // Each number may be in the frame or, for all, at the top.
    let of = |key: &str| frame.get(key).or_else(|| root.get(key));
    let number = |key: &str| of(key).map(|value| value.number()).transpose();
    let or_zero = |key: &str| number(key).map(|value| value.unwrap_or(0.0));
    let k = [or_zero("k1")?, or_zero("k2")?, or_zero("k3")?, or_zero("k4")?];
    let model = of("camera_model").map(|model| model.text()).transpose()?;
    // instant-ngp's way to say it.
    let is_fisheye = of("is_fisheye").map(|value| value.truth()).transpose()?.unwrap_or(false);
    let lens = match model.unwrap_or(if is_fisheye { "OPENCV_FISHEYE" } else { "OPENCV" }) {
        other if is_fisheye && other != "OPENCV_FISHEYE" => {
            let problem = format!("is_fisheye beside camera_model {other}; expected OPENCV_FISHEYE, or no is_fisheye");
            return Err(frame.bad(problem));
        }
        "OPENCV" | "PINHOLE" | "SIMPLE_PINHOLE" | "PERSPECTIVE" => {
            Lens::brown(k, [0.; 3], [or_zero("p1")?, or_zero("p2")?])
        }
        "OPENCV_FISHEYE" => Lens::Fisheye { k },
        other => {
            let problem = format!("camera_model {other}; expected OPENCV, OPENCV_FISHEYE or PINHOLE");
            return Err(frame.bad(problem));
        }
    };
    let side = |key: &str| -> Result<Option<u32>, CaptureError> {
        let Some(value) = number(key)? else { return Ok(None) };
        if (1.0..=f64::from(crate::raw::MOST)).contains(&value) && value.fract() == 0.0 {
            return Ok(Some(value as u32));
        }
        Err(frame.bad(format!("{key} {value}; expected a whole number of pixels from 1 to {}", crate::raw::MOST)))
    };
    let size = side("w")?.zip(side("h")?);
    let intrinsics = match (number("fl_x")?, number("fl_y")?, number("camera_angle_x")?) {
        (Some(x), y, _) => {
            let center_px = number("cx")?.zip(number("cy")?).map(DVec2::from);
            Intrinsics::Pixels { size, focal_px: DVec2::new(x, y.unwrap_or(x)), center_px }
        }
        (None, _, Some(angle)) => {
            Intrinsics::Relative { focal: 0.5 / (angle / 2.0).tan(), offset: DVec2::ZERO, unit: Side::Width }
        }
        _ => {
            return Err(
                frame.bad("no focal length; expected fl_x (and fl_y), or camera_angle_x, here or at the top level")
            );
        }
    };
    let view =
        RawView { place: format!("frame {name}"), name: Some(name), world_from_camera, intrinsics, lens, bounds: None };
    Ok(view)
}

fn contents(scene: &PosedScene) -> Vec<Vec<u8>> {
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
    let frames: Vec<_> = scene.names.iter().zip(&scene.cameras).map(frame).collect();
    let file = json!({ "camera_model": "PINHOLE", "ply_file_path": POINTS, "frames": frames });
    let mut ply = format!(
        "ply\nformat ascii 1.0\nelement vertex {}\nproperty float x\nproperty float y\nproperty float z\nend_header\n",
        scene.points.len()
    );
    for point in &scene.points {
        let [x, y, z] = point.position.to_array();
        // Writing to a String cannot fail.
        let _ = writeln!(ply, "{x} {y} {z}");
    }
    vec![ply.into_bytes(), format!("{file:#}").into_bytes()]
}
