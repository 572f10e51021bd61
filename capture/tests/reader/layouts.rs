//! One scene in every layout gives the same cameras.

use crate::build::{layout, point_in_world, shrunk};
use crate::scene::{self, FOCAL, SIZE, name, on_disk, poses, read, read_with};
use glam::{DVec2, DVec3};
use image::{Rgb, RgbImage};
use loop3d_capture::{Layout, LoadOptions, PosedCapture, load};
use loop3d_scene::job::Unwatched;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// Writes the scene's poses into a folder.
type Writer<'a> = &'a dyn Fn(&Path);

/// Names, cameras and intrinsics are the scene's.
pub fn assert_cameras(posed: &PosedCapture, expected: Layout) {
    assert_eq!(posed.layout, expected);
    let names: Vec<String> = posed.views.iter().map(|view| view.name.clone()).collect();
    assert_eq!(names, [0, 1, 2, 3, 4].map(name), "{expected}");
    for (found, pose) in on_disk(posed).iter().zip(poses()) {
        assert!(found.abs_diff_eq(pose, 1e-9), "{expected}: {found:?}, expected {pose:?}");
    }
    for view in &posed.views {
        assert_eq!((view.camera.width, view.camera.height), SIZE);
        assert!(view.camera.focal_px.abs_diff_eq(DVec2::splat(FOCAL), 1e-9), "{expected}: {}", view.camera.focal_px);
        assert!(view.camera.center_px.abs_diff_eq(DVec2::new(64.0, 36.0), 1e-9));
    }
}

/// The scene as `write` writes it, with its pictures.
pub fn written(write: impl Fn(&Path), pictures: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path());
    scene::write_pictures(&dir.path().join(pictures));
    dir
}

#[test]
fn layouts_with_depths_give_the_same_capture() {
    let llff = read(written(scene::llff, "images").path());
    assert_cameras(&llff, layout("llff"));
    let near = poses().iter().map(|pose| scene::bounds(pose)[0]).fold(f64::INFINITY, f64::min);
    let far = poses().iter().map(|pose| scene::bounds(pose)[1]).fold(0.0, f64::max);
    assert!((1.0 / llff.normalisation.scale - near).abs() < 1e-9 && (llff.far - far / near).abs() < 1e-9);
    let binary = |dir: &Path| scene::colmap_binary(&dir.join("sparse/0"));
    let text = |dir: &Path| scene::colmap_text(&dir.join("sparse"));
    let flat = |dir: &Path| scene::colmap_binary(dir);
    let newer = |dir: &Path| {
        scene::colmap_binary(&dir.join("colmap/sparse/0"));
        for file in ["rigs.bin", "frames.bin"] {
            fs::write(dir.join("colmap/sparse/0").join(file), 0u64.to_le_bytes()).unwrap();
        }
    };
    let all: [(Writer<'_>, &str, Layout); 6] = [
        (&binary, "images/left side", layout("colmap")),
        (&text, "images/left side", layout("colmap")),
        (&flat, "images", layout("colmap")),
        (&newer, "input/Left Side", layout("colmap")),
        (&scene::nerfstudio, "images", layout("nerfstudio")),
        (&scene::nerfstudio, ".", layout("nerfstudio")),
    ];
    for (write, pictures, layout) in all {
        let posed = read(written(write, pictures).path());
        assert_cameras(&posed, layout);
        assert!(posed.notes.is_empty(), "{:?}", posed.notes);
        // PLY vertices are floats only where they are binary: all of these are exact.
        assert!((posed.far - llff.far).abs() < 1e-9, "{layout}: far {} expected {}", posed.far, llff.far);
        for (a, b) in posed.views.iter().zip(&llff.views) {
            let (a, b) = (a.camera.world_from_camera, b.camera.world_from_camera);
            assert!(a.abs_diff_eq(b, 1e-9), "{layout} {pictures}: {a:?} {b:?}");
        }
    }
}

#[test]
fn layouts_without_depths_see_them_in_the_pictures() {
    let realitycapture = read(written(scene::realitycapture, ".").path());
    assert_cameras(&realitycapture, layout("realitycapture"));
    let above = tempfile::tempdir().unwrap();
    let dir = scene::syncam(above.path());
    scene::write_pictures(&dir.join("images"));
    let syncam = read(&dir);
    assert_cameras(&syncam, layout("syncam"));
    let note = &syncam.notes[0];
    assert!(note.starts_with("using the 5 of 7 cameras that look within 12° of view 0: view 0, view 1"), "{note}");
    for posed in [realitycapture, syncam] {
        let near = 1.0 / posed.normalisation.scale;
        // Camera 2's walls are at 3 and 8; the others stand up to 0.4 before or behind it.
        assert!((2.0..3.1).contains(&near), "{}: near {near}", posed.layout);
        assert!((7.5..14.0).contains(&(posed.far * near)), "{}: far {}", posed.layout, posed.far * near);
    }
}

#[test]
fn syncam_takes_what_it_is_told() {
    let above = tempfile::tempdir().unwrap();
    let dir = scene::syncam(above.path());
    scene::write_pictures(&dir.join("images"));
    let options = LoadOptions {
        cameras: vec!["3".to_owned(), "VIEW 1".to_owned(), "0".to_owned()],
        focal_mm: Some(12.0),
        sensor_mm: Some(24.0),
        ..LoadOptions::default()
    };
    let posed = read_with(&dir, &options);
    let names: Vec<&str> = posed.views.iter().map(|view| view.name.as_str()).collect();
    assert_eq!((names.as_slice(), posed.views[0].camera.focal_px.x), (["view 0", "view 1", "view 3"].as_slice(), 64.0));
    assert!(posed.notes.is_empty(), "{:?}", posed.notes);
}

/// Version 1: cameras at the top level, the lens in their names.
#[test]
fn syncam_of_the_first_version_is_read() {
    let above = tempfile::tempdir().unwrap();
    let dir = scene::syncam(above.path());
    let file = dir.join("cameras/camera_extrinsics.json");
    let value: serde_json::Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    let renamed: serde_json::Map<_, _> = value["frame0"]
        .as_object()
        .unwrap()
        .iter()
        .take(3)
        .enumerate()
        .map(|(index, (_, pose))| (format!("C_0{index}_18mm"), pose.clone()))
        .collect();
    fs::remove_file(&file).unwrap();
    fs::write(dir.join("cameras/Hemi36.json"), serde_json::Value::from(renamed).to_string()).unwrap();
    scene::write_pictures(&dir.join("all"));
    fs::create_dir(dir.join("images")).unwrap();
    for index in 0..3 {
        fs::rename(dir.join(format!("all/{}.png", name(index))), dir.join(format!("images/c_0{index}_18mm.png")))
            .unwrap();
    }
    fs::remove_dir_all(dir.join("all")).unwrap();
    let posed = read(&dir);
    assert!((posed.views[2].camera.focal_px.x - 18.0 / 23.76 * 128.0).abs() < 1e-9);
    assert!(on_disk(&posed)[1].abs_diff_eq(poses()[1], 1e-9));
}

#[test]
fn the_layout_asked_for_is_taken() {
    let dir = written(scene::llff, "images/left side");
    scene::colmap_text(dir.path());
    let asked = |layout| LoadOptions { layout: Some(layout), ..LoadOptions::default() };
    scene::write_pictures(&dir.path().join("images"));
    assert_eq!(read(dir.path()).layout, layout("llff"));
    let error = loop3d_capture::load_poses(dir.path(), &asked(layout("nerfstudio"))).unwrap_err().to_string();
    assert!(
        error.contains("looked for transforms.json (nerfstudio); found cameras.txt, images.txt, images/"),
        "{error}"
    );
    fs::remove_dir_all(dir.path().join("images")).unwrap();
    scene::write_pictures(&dir.path().join("images/left side"));
    assert_cameras(&read_with(dir.path(), &asked(layout("colmap"))), layout("colmap"));
}

#[test]
fn clips_belong_to_poses_by_stem() {
    let dir = written(scene::nerfstudio, "pictures");
    for index in 0..5 {
        // A folder of frames for each view, in other letters; one more that no pose knows.
        let folder = dir.path().join(format!("frames/VIEW {index}"));
        fs::create_dir_all(&folder).unwrap();
        let picture = dir.path().join(format!("pictures/{}.png", name(index)));
        fs::copy(&picture, folder.join("0.png")).unwrap();
        fs::copy(&picture, folder.join("1.png")).unwrap();
    }
    fs::create_dir_all(dir.path().join("frames/spare")).unwrap();
    fs::copy(dir.path().join("pictures/view 0.png"), dir.path().join("frames/spare/0.png")).unwrap();
    let posed = read(dir.path());
    let frames: Vec<Option<usize>> = posed.views.iter().map(|view| view.frames).collect();
    assert_eq!(frames, [Some(2); 5]);
    assert_eq!(posed.views[3].name, "VIEW 3");
    assert!(
        posed.notes[0].starts_with("leaving out 1 clip(s) without a pose in ") && posed.notes[0].ends_with(": spare")
    );
}

/// A dot in the lens's picture of a point in the world, and where the loaded capture has it.
#[test]
fn lenses_are_straightened_on_load() {
    let k = 0.3;
    let dir = tempfile::tempdir().unwrap();
    scene::nerfstudio(dir.path());
    let file = dir.path().join("transforms.json");
    let text = fs::read_to_string(&file).unwrap().replace("\"k1\":0.0", &format!("\"k1\":{k}"));
    fs::write(&file, text).unwrap();
    let point = poses()[2].transform_point3(DVec3::new(0.7, -0.4, 4.0));
    fs::create_dir(dir.path().join("images")).unwrap();
    for (index, pose) in poses().iter().enumerate() {
        let p = pose.inverse().transform_point3(point);
        let straight = p.truncate() / p.z;
        let dot = straight * (1.0 + k * straight.length_squared()) * FOCAL + DVec2::new(64.0, 36.0);
        let picture = RgbImage::from_fn(SIZE.0, SIZE.1, |x, y| {
            let off = DVec2::new(f64::from(x) + 0.5, f64::from(y) + 0.5) - dot;
            Rgb([(255.0 * (-off.length_squared() / 8.0).exp()) as u8; 3])
        });
        picture.save(dir.path().join(format!("images/{}.png", name(index)))).unwrap();
    }
    let capture = load(dir.path(), &shrunk(None, None), &mut Unwatched).unwrap();
    for view in &capture.views {
        let (width, height) = (view.camera.width, view.camera.height);
        assert_eq!((view.clip.width, view.clip.height), (width as usize, height as usize));
        assert!((108..126).contains(&width) && (60..72).contains(&height), "{width}×{height}");
        assert!(view.camera.focal_px.abs_diff_eq(DVec2::splat(FOCAL), 1e-9));
        let (mut sum, mut total) = (DVec2::ZERO, 0.0);
        for (at, pixel) in view.clip.rgb.chunks_exact(3).enumerate() {
            let at = at as u32;
            let place = DVec2::new(f64::from(at % width) + 0.5, f64::from(at / width) + 0.5);
            sum += f64::from(pixel[0]) * place;
            total += f64::from(pixel[0]);
        }
        let expected = view.camera.project(point_in_world(&capture.normalisation, point)).unwrap();
        assert!((sum / total).abs_diff_eq(expected, 0.1), "{}: {}, expected {expected}", view.name, sum / total);
    }
}
