//! SynCamVideo, clips of many cameras rendered by Unreal: <https://huggingface.co/datasets/KwaiVGI/SynCamVideo-Dataset>.
//!
//! `cameras/camera_extrinsics.json` (v2) is an object of frames, each an object of cameras; the files of v1 are objects of cameras.
//! A camera is one string of four bracketed rows: forward, right, up, position, in Unreal's left-handed world (x forward, y right,
//! z up), in centimetres.

use super::layout::{Layout, LensOptions, PosedScene, Writer, here};
use crate::error::{CaptureError, all};
use crate::json::{self, Json};
use crate::lens::Lens;
use crate::raw::{Intrinsics, RawCapture, RawView, Side};
use glam::{DAffine3, DMat3, DVec2, DVec3};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The folder of camera files.
const FOLDER: &str = "cameras";

/// Width of the dataset's sensor.
const SENSOR_MM: f64 = 23.76;
/// Focal length of the dataset's usual lens.
const FOCAL_MM: f64 = 24.0;

/// A camera moves if its position or axes change by more than this (metres, or length of a unit vector) during the clip.
const STILL: f64 = 1e-3;

/// Found by any JSON file in its folder.
pub(super) const LAYOUT: Layout =
    Layout { name: "syncam", sign: "cameras/*.json", find, read, surrounds: true, writers: &[FIRST, SECOND] };

/// Version 1: cameras at the top level, the lens in their names.
const FIRST: Writer = Writer {
    name: "syncam-v1",
    capture: here,
    clips: "videos",
    clip_name: |index, focal| format!("C_{:02}_{}mm", index + 1, focal_mm(focal)),
    files: &["cameras/Hemi36_4m_0.json"],
    contents: |scene| vec![format!("{:#}", Value::from(strings(scene))).into_bytes()],
};

/// Version 2: frames of cameras, which do not move; the lens in the name of a folder above.
const SECOND: Writer = Writer {
    name: "syncam-v2",
    capture: |dir, focal| dir.join(format!("f{}_aperture5", focal_mm(focal))).join("scene1"),
    clip_name: |index, _| format!("cam{:02}", index + 1),
    files: &["cameras/camera_extrinsics.json"],
    contents: |scene| {
        let cameras = Value::from(strings(scene));
        vec![format!("{:#}", json!({ "frame0": cameras, "frame1": cameras })).into_bytes()]
    },
    ..FIRST
};

fn find(dir: &Path) -> Option<PathBuf> {
    (!files(dir).is_empty()).then(|| dir.to_owned())
}

/// Files of cameras under `dir`, by name.
fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir.join(FOLDER)).into_iter().flatten().flatten();
    let is_json = |path: &PathBuf| path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_json).collect();
    files.sort();
    files
}

/// Reads all cameras of the capture. Views are in the order of their names.
fn read(dir: &Path, lens: LensOptions) -> Result<RawCapture, CaptureError> {
    read_files(files(dir), dir, lens)
}

/// Reads the cameras of one file, wherever it is. Views are in the order of their names.
pub(crate) fn read_file(file: &Path, lens: LensOptions) -> Result<RawCapture, CaptureError> {
    read_files(vec![file.to_owned()], file.parent().unwrap_or(file), lens)
}

/// Reads the cameras of `files`; the lens may be in the name of `dir` or of a folder above it.
fn read_files(files: Vec<PathBuf>, dir: &Path, lens: LensOptions) -> Result<RawCapture, CaptureError> {
    let first = files.first().cloned().unwrap_or_else(|| dir.join(FOLDER));
    let mut cameras: BTreeMap<String, (DAffine3, PathBuf)> = BTreeMap::new();
    for file in &files {
        for (name, pose) in cameras_of(file)? {
            let place = format!("camera {name}");
            if let Some((_, other)) = cameras.insert(name, (pose, file.clone())) {
                let problem = format!("is also in {}; expected each camera once", other.display());
                return Err(CaptureError::Bad { file: file.clone(), place, problem });
            }
        }
    }
    let mut notes = Vec::new();
    let (of_folder, sensor_mm) = (folder_focal_mm(dir), lens.sensor_mm.unwrap_or(SENSOR_MM));
    let view = |(name, (world_from_camera, _)): (String, (DAffine3, PathBuf))| {
        let focal_mm = lens.focal_mm.or_else(|| name_focal_mm(&name)).or(of_folder);
        let intrinsics = Intrinsics::Relative {
            focal: focal_mm.unwrap_or(FOCAL_MM) / sensor_mm,
            offset: DVec2::ZERO,
            unit: Side::Width,
        };
        if focal_mm.is_none() && notes.is_empty() {
            notes.push(format!(
                "neither the folder's name nor the cameras' give the focal length; assuming {FOCAL_MM} mm on a sensor of \
                 {sensor_mm} mm (override with --focal-mm and --sensor-mm)"
            ));
        }
        let place = format!("camera {name}");
        RawView { name: Some(name), place, world_from_camera, intrinsics, lens: Lens::Pinhole, bounds: None }
    };
    let views: Vec<RawView> = cameras.into_iter().map(view).collect();
    if views.is_empty() {
        let problem = "no cameras; expected at least 2".to_owned();
        return Err(CaptureError::Bad { file: first, place: "top level".to_owned(), problem });
    }
    Ok(RawCapture { file: first, views, points: Vec::new(), notes })
}

/// Cameras of one file: those of its first frame, checked not to move.
fn cameras_of(file: &Path) -> Result<Vec<(String, DAffine3)>, CaptureError> {
    let value = json::read(file)?;
    let root = Json::root(file, &value);
    let object = root.object()?;
    if object.values().all(Value::is_string) {
        return poses(&root);
    }
    let mut first: Option<(&String, BTreeMap<String, DAffine3>)> = None;
    for name in object.keys() {
        let frame = poses(&root.need(name)?)?;
        let Some((first_name, cameras)) = &first else {
            first = Some((name, frame.into_iter().collect()));
            continue;
        };
        for (camera, pose) in frame {
            let Some(before) = cameras.get(&camera) else {
                return Err(root.need(name)?.bad(format!("camera {camera}; expected those of {first_name}")));
            };
            let turned = (0..3).map(|axis| (pose.matrix3.col(axis) - before.matrix3.col(axis)).length());
            let moved = turned.fold((pose.translation - before.translation).length(), f64::max);
            if moved > STILL {
                let problem = format!(
                    "camera {camera} has moved by {moved:.3} m (or turned as much) since {first_name}; expected static cameras"
                );
                return Err(root.need(name)?.bad(problem));
            }
        }
    }
    Ok(first.map(|(_, cameras)| cameras.into_iter().collect()).unwrap_or_default())
}

/// The cameras of an object of camera strings.
fn poses(cameras: &Json<'_>) -> Result<Vec<(String, DAffine3)>, CaptureError> {
    let pose = |name: &String| {
        let camera = cameras.need(name)?;
        let text = camera.text()?;
        Ok((name.clone(), pose(text).map_err(|problem| camera.bad(problem))?))
    };
    all(cameras.object()?.keys().map(pose))
}

/// A camera's string as an OpenCV pose in a right-handed world, in metres. The error says what was found and what was expected.
fn pose(text: &str) -> Result<DAffine3, String> {
    let rows = rows(text)?;
    let [forward, right, up, position] = rows;
    // Mirroring y makes the world right-handed: x forward, y left, z up.
    let mirrored = |v: DVec3| DVec3::new(v.x, -v.y, v.z);
    Ok(DAffine3 {
        matrix3: DMat3::from_cols(mirrored(right), mirrored(-up), mirrored(forward)),
        translation: mirrored(position) / 100.0,
    })
}

/// The first three numbers of four bracketed rows.
fn rows(text: &str) -> Result<[DVec3; 4], String> {
    let mut rows = [DVec3::ZERO; 4];
    let mut count = 0;
    for part in text.split('[').skip(1) {
        let Some((inside, _)) = part.split_once(']') else {
            return Err(format!("row {count} has no end in '{text}'; expected [a b c 0]"));
        };
        let numbers: Result<Vec<f64>, _> = inside.split_ascii_whitespace().map(str::parse).collect();
        let numbers = numbers.map_err(|_| format!("row {count} is '[{inside}]'; expected numbers"))?;
        let &[x, y, z, ..] = numbers.as_slice() else {
            return Err(format!("row {count} has {} numbers; expected 3 or 4", numbers.len()));
        };
        if numbers.len() > 4 {
            return Err(format!("row {count} has {} numbers; expected 3 or 4", numbers.len()));
        }
        if let Some(row) = rows.get_mut(count) {
            *row = DVec3::new(x, y, z);
        }
        count += 1;
    }
    if count == 4 { Ok(rows) } else { Err(format!("{count} rows in '{text}'; expected 4")) }
}

/// The focal length in a folder's name, `f24_aperture5`: of the capture's folder or one above it.
fn folder_focal_mm(dir: &Path) -> Option<f64> {
    let whole = dir.canonicalize().ok()?;
    whole.ancestors().take(3).find_map(|folder| {
        let name = folder.file_name()?.to_str()?;
        let number = name.strip_prefix('f')?.split_once("_aperture")?.0;
        number.parse().ok().filter(|mm: &f64| mm.is_finite() && *mm > 0.0)
    })
}

/// The focal length in a camera's name of v1, `C_01_35mm`.
fn name_focal_mm(name: &str) -> Option<f64> {
    let number = name.strip_suffix("mm")?.rsplit_once('_')?.1;
    number.parse().ok().filter(|mm: &f64| mm.is_finite() && *mm > 0.0)
}

/// A focal length in image widths, in millimetres on the dataset's sensor, as names have it.
fn focal_mm(focal: f64) -> f64 {
    (focal * SENSOR_MM * 1e6).round() / 1e6
}

/// Inverse of [`pose`].
fn string(pose: &DAffine3) -> String {
    let mirrored = |v: DVec3| DVec3::new(v.x, -v.y, v.z);
    let r = pose.matrix3;
    let rows = [r.z_axis, r.x_axis, -r.y_axis].map(mirrored);
    let t = mirrored(pose.translation) * 100.0;
    let rows = rows.map(|row| format!("[{} {} {} 0] ", row.x, row.y, row.z)).concat();
    format!("{rows}[{} {} {} 1] ", t.x, t.y, t.z)
}

/// The cameras by name, as strings.
fn strings(scene: &PosedScene) -> Map<String, Value> {
    let camera =
        |(name, camera): (&String, &loop3d_scene::Camera)| (name.clone(), string(&camera.world_from_camera).into());
    scene.names.iter().zip(&scene.cameras).map(camera).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A camera that is turned by `yaw` degrees to the right (Unreal: from x towards y), at `position` in centimetres.
    fn text(yaw: f64, position: [f64; 3]) -> String {
        let (s, c) = yaw.to_radians().sin_cos();
        let [x, y, z] = position;
        format!("[{c} {s} 0 0] [{} {c} -0 0] [0 0 1 0] [{x} {y} {z} 1] ", -s)
    }

    #[test]
    fn unreal_axes_become_opencv() {
        // Looks along x; its right is y, which is mirrored.
        let ahead = pose(&text(0.0, [100.0, 50.0, 20.0])).unwrap();
        assert_eq!(ahead.matrix3, DMat3::from_cols(DVec3::NEG_Y, DVec3::NEG_Z, DVec3::X));
        assert_eq!(ahead.translation, DVec3::new(1.0, -0.5, 0.2));
        assert!((ahead.matrix3.determinant() - 1.0).abs() < 1e-12);
        // A point 2 m ahead, 1 m to the right and half a metre up.
        let seen = ahead.inverse().transform_point3(DVec3::new(3.0, -1.5, 0.7));
        assert!(seen.abs_diff_eq(DVec3::new(1.0, -0.5, 2.0), 1e-12), "{seen}");
    }

    /// The dataset's own string, and the pose of camera 3 seen from camera 1 as it is published: turned by 30° to the right, at
    /// (−1.500, 0, 0.402) m.
    #[test]
    fn the_published_relative_pose_comes_out() {
        let first = "[0.866025 -0.5 0 0] [0.5 0.866025 -0 0] [0 0 1 0] [12960.2 1250 -570 1] ";
        let one = pose(first).unwrap();
        assert!(one.translation.abs_diff_eq(DVec3::new(129.602, -12.5, -5.7), 1e-9));
        // Camera 3 looks along x; −1.5 m along camera 1's right and 0.402 m along its forward from there.
        let right_cm = DVec3::new(0.5, 0.866025, 0.0) * -150.0;
        let forward_cm = DVec3::new(0.866025, -0.5, 0.0) * 40.2;
        let position = DVec3::new(12960.2, 1250.0, -570.0) + right_cm + forward_cm;
        let three = pose(&text(0.0, position.to_array())).unwrap();
        let relative = one.inverse() * three;
        let expected = DMat3::from_cols(DVec3::new(0.866, 0., -0.5), DVec3::Y, DVec3::new(0.5, 0., 0.866));
        assert!(relative.matrix3.abs_diff_eq(expected, 1e-3), "{}", relative.matrix3);
        assert!(relative.translation.abs_diff_eq(DVec3::new(-1.5, 0., 0.402), 1e-3), "{}", relative.translation);
    }

    #[test]
    fn rows_of_three_numbers_are_as_good() {
        let four = pose("[1 0 0 0] [0 1 0 0] [0 0 1 0] [5 6 7 1]").unwrap();
        assert_eq!(pose("[1 0 0] [0 1 0] [0 0 1] [5 6 7]").unwrap(), four);
    }

    #[test]
    fn broken_strings_are_reported() {
        for (text, message) in [
            ("[1 0 0] [0 1 0] [0 0 1]", "3 rows in"),
            ("[1 0 0] [0 1 0] [0 0 1] [5 6", "row 3 has no end"),
            ("[1 0 0] [0 1 0] [0 0 one] [5 6 7]", "row 2 is '[0 0 one]'; expected numbers"),
            ("[1 0] [0 1 0] [0 0 1] [5 6 7]", "row 0 has 2 numbers; expected 3 or 4"),
            ("", "0 rows in"),
        ] {
            let problem = pose(text).unwrap_err();
            assert!(problem.contains(message), "{problem}");
        }
    }

    #[test]
    fn focal_lengths_are_in_names() {
        assert_eq!((name_focal_mm("C_01_35mm"), name_focal_mm("cam01")), (Some(35.0), None));
        let dir = tempfile::tempdir().unwrap();
        let scene = dir.path().join("f18_aperture10/scene7");
        std::fs::create_dir_all(&scene).unwrap();
        assert_eq!((folder_focal_mm(&scene), folder_focal_mm(dir.path())), (Some(18.0), None));
    }
}
