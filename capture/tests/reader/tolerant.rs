//! What people's tools write beside the letter of a format: read, and said where something was changed.

use crate::build::{layout, shrunk};
use crate::layouts::{assert_cameras, written};
use crate::scene::{self, read};
use loop3d_capture::load_poses;
use std::fs;
use std::path::Path;

/// Rewrites a text file.
fn edit(file: &Path, change: impl Fn(&str) -> String) {
    let text = fs::read_to_string(file).unwrap();
    let changed = change(&text);
    assert_ne!(changed, text, "{}: nothing was changed", file.display());
    fs::write(file, changed).unwrap();
}

fn colmap(change: impl Fn(&str, &str) -> String) -> tempfile::TempDir {
    let write = |dir: &Path| {
        let model = dir.join("sparse/0");
        scene::colmap_text(&model);
        for name in ["cameras", "images", "points3D"] {
            let file = model.join(format!("{name}.txt"));
            let text = fs::read_to_string(&file).unwrap();
            fs::write(&file, change(name, &text)).unwrap();
        }
    };
    written(write, "images/left side")
}

#[test]
fn a_byte_order_mark_and_windows_lines_are_read() {
    let dir =
        colmap(|_, text| format!("\u{feff}{}", text.replace('\n', "\r\n").replace(" 1 2 3 0.5", " 1 2 3 -nan(ind)")));
    assert_cameras(&read(dir.path()), layout("colmap"));
}

#[test]
fn images_without_their_lines_of_points_are_read() {
    let one_line = |text: &str| {
        let lines = text.lines().filter(|line| !line.trim().is_empty() && *line != "1.5 2.5 -1");
        lines.map(|line| format!("{line}\n")).collect::<String>()
    };
    let dir = colmap(|name, text| if name == "images" { one_line(text) } else { text.to_owned() });
    assert_cameras(&read(dir.path()), layout("colmap"));
    // Points that look most like an image are points still.
    let points = "1 2 3 1 2 3 1 2 3 1 2 3";
    let dir = colmap(|name, text| if name == "images" { text.replace("1.5 2.5 -1", points) } else { text.to_owned() });
    assert_cameras(&read(dir.path()), layout("colmap"));
}

#[test]
fn a_lone_point_does_not_set_the_depth() {
    let sound = read(colmap(|_, text| text.to_owned()).path());
    let seen: String = (0..4).map(|image| format!(" {} 0", [70, 3, 41, 9][image])).collect();
    // In front of the middle camera, at a hundredth of the nearest depth.
    let pose = scene::poses()[2];
    let at = pose.transform_point3(glam::DVec3::Z * 0.01 / sound.normalisation.scale);
    let lone = format!("9999 {} {} {} 1 2 3 0.5{seen}\n", at.x, at.y, at.z);
    let dir = colmap(|name, text| if name == "points3D" { format!("{text}{lone}") } else { text.to_owned() });
    let found = read(dir.path());
    let off = (found.normalisation.scale / sound.normalisation.scale - 1.0).abs();
    // Where there are so few points that percentiles cannot leave it out, it is told.
    assert!(off < 1e-9, "{off}");
    assert!(found.notes.concat().contains("a lone point"), "{:?}", found.notes);
}

fn nerfstudio(change: impl Fn(&str) -> String) -> tempfile::TempDir {
    let write = |dir: &Path| {
        scene::nerfstudio(dir);
        edit(&dir.join("transforms.json"), &change);
    };
    written(write, "images")
}

#[test]
fn scaled_matrices_lose_their_scale() {
    let scaled = |text: &str| {
        let mut file: serde_json::Value = serde_json::from_str(text).unwrap();
        for frame in file["frames"].as_array_mut().unwrap() {
            for row in 0..3 {
                for column in 0..3 {
                    let value = &mut frame["transform_matrix"][row][column];
                    *value = (value.as_f64().unwrap() * 2.5).into();
                }
            }
        }
        file.to_string()
    };
    let posed = read(nerfstudio(scaled).path());
    assert_cameras(&posed, layout("nerfstudio"));
    assert_eq!(posed.notes, ["5 camera matrices are scaled, by 2.5000 to 2.5000; the scale is divided out"]);
}

#[test]
fn points_that_are_missing_are_not_needed() {
    let posed = read(nerfstudio(|text| text.replace("sparse_pc.ply", "gone.ply")).path());
    assert_cameras(&posed, layout("nerfstudio"));
    assert!(posed.notes[0].ends_with("gone.ply is missing; depths are estimated from the images"), "{:?}", posed.notes);
}

#[test]
fn a_fisheye_is_one_by_either_name() {
    let k = |text: &str| text.replace("\"k1\":0.0", "\"k1\":0.1");
    let named = read(nerfstudio(|text| k(text).replace("OPENCV", "OPENCV_FISHEYE")).path());
    let flagged = read(nerfstudio(|text| k(text).replace("\"camera_model\":\"OPENCV\"", "\"is_fisheye\":true")).path());
    let plain = read(nerfstudio(k).path());
    let size = |posed: &loop3d_capture::PosedCapture| {
        posed.views.iter().map(|view| (view.camera.width, view.camera.height)).collect::<Vec<_>>()
    };
    assert_eq!(size(&named), size(&flagged));
    assert_ne!(size(&named), size(&plain));
    let both = nerfstudio(|text| text.replacen('{', "{\"is_fisheye\":true,", 1));
    let error = load_poses(both.path(), &shrunk(None, None)).unwrap_err().to_string();
    assert!(error.contains("is_fisheye beside camera_model OPENCV"), "{error}");
}

#[test]
fn what_is_not_a_number_is_named_where_it_is_read() {
    let unread = nerfstudio(|text| text.replacen('{', "{\"aabb_scale\":[NaN, -Infinity],", 1));
    assert_cameras(&read(unread.path()), layout("nerfstudio"));
    let broken = nerfstudio(|text| {
        let mut file: serde_json::Value = serde_json::from_str(text).unwrap();
        file["frames"][3]["transform_matrix"][1][2] = "here".into();
        file.to_string().replace("\"here\"", "NaN")
    });
    let error = load_poses(broken.path(), &shrunk(None, None)).unwrap_err().to_string();
    assert!(error.contains("frames[3].transform_matrix[1][2]: 'NaN'; expected a number"), "{error}");
}
