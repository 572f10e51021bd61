//! Real footage of `../shared/data`, where it is present.

use crate::build::{ALL, layout, shrunk};
use crate::scene::{colmap_pose, on_disk, opengl};
use glam::{DAffine3, DVec3};
use loop3d_capture::{LongExposure, PosedCapture, PosedView, load_poses, long_exposure};
use loop3d_media::read_clip_resized;
use loop3d_scene::job::Unwatched;
use std::fs;
use std::path::{Path, PathBuf};

/// A folder of `../shared/data` (seen from the project; from a worktree it is further up), or a loud line where it is absent.
fn shared(name: &str) -> Option<PathBuf> {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().skip(2);
    let found = above.map(|dir| dir.join("shared/data").join(name)).find(|dir| dir.is_dir());
    if found.is_none() {
        eprintln!("NOT RUN: ../shared/data/{name} is absent; real footage was not read");
    }
    found
}

#[test]
fn campfire_is_normalised() {
    let Some(dir) = shared("campfire") else { return };
    let posed = load_poses(&dir, &ALL).unwrap();
    assert_eq!((posed.views.len(), posed.near, posed.fps), (9, 1.0, 25.0));
    assert!(
        posed.views.iter().all(|view| (view.camera.width, view.camera.height, view.frames) == (640, 360, Some(100)))
    );
    assert!((posed.far - 6.251786323758913 / 1.9978292027789146).abs() < 1e-12, "{}", posed.far);
    let mean = posed.views.iter().map(|view| view.camera.position()).sum::<DVec3>() / 9.0;
    assert!(mean.length() < 1e-12, "{mean}");
    let axis = |column: usize| -> DVec3 {
        posed.views.iter().map(|view| view.camera.world_from_camera.matrix3.col(column)).sum::<DVec3>().normalize()
    };
    assert!(axis(2).abs_diff_eq(DVec3::Z, 1e-12), "{}", axis(2));
    assert!(axis(1).reject_from(DVec3::Z).normalize().abs_diff_eq(DVec3::Y, 1e-12), "{}", axis(1));
    // One clip, small: the picture's mean is that of the whole picture.
    let options = shrunk(None, Some(90));
    let view = &load_poses(&dir, &options).unwrap().load(&[4], &mut Unwatched).unwrap().views[0];
    assert_eq!((view.name.as_str(), view.clip.width, view.clip.height, view.clip.frames), ("0004", 160, 90, 100));
    let mean = long_exposure(&view.clip, LongExposure::Mean).iter().sum::<f32>() / (160.0 * 90.0 * 3.0);
    let (truth, _) = read_clip_resized(&dir.join("truth/0004.mp4"), 160, 90).unwrap();
    let true_mean = long_exposure(&truth, LongExposure::Mean).iter().sum::<f32>() / (160.0 * 90.0 * 3.0);
    assert_eq!(truth.frames, 260);
    assert!((mean - true_mean).abs() < 0.03, "{mean} {true_mean}");
}

#[test]
fn fern_is_read_at_its_folder_s_factor() {
    let Some(dir) = shared("fern") else { return };
    let posed = load_poses(&dir, &ALL).unwrap();
    assert_eq!((posed.views.len(), posed.views[0].camera.width, posed.views[0].camera.height), (20, 1008, 756));
    assert!((posed.views[0].camera.focal_px.x - 3260.5263328805895 / 4.0).abs() < 1e-9);
    assert_eq!(posed.views[3].name, "image003");
}

/// COLMAP's own cameras and points of fern, with images written from its `poses_bounds.npy`, which LLFF's tool made from that model:
/// depths agree, and its lens is straightened.
#[test]
fn fern_s_model_gives_the_depths_of_its_llff_poses() {
    let Some(fern) = shared("fern") else { return };
    let llff = load_poses(&fern, &ALL).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let sparse = dir.path().join("sparse/0");
    fs::create_dir_all(&sparse).unwrap();
    fs::create_dir(dir.path().join("images_4")).unwrap();
    for file in ["cameras.bin", "points3D.bin"] {
        fs::copy(fern.join("sparse/0").join(file), sparse.join(file)).unwrap();
    }
    let mut images = 20u64.to_le_bytes().to_vec();
    for (index, pose) in (0u32..).zip(on_disk(&llff)) {
        let name = format!("image{index:03}.png");
        fs::copy(fern.join("images_4").join(&name), dir.path().join("images_4").join(&name)).unwrap();
        images.extend((index + 1).to_le_bytes());
        images.extend(colmap_pose(&pose).iter().flat_map(|value| value.to_le_bytes()));
        images.extend(1u32.to_le_bytes());
        images.extend(name.replace(".png", ".JPG").as_bytes());
        images.extend([0; 9]); // end of the name, no points
    }
    fs::write(sparse.join("images.bin"), images).unwrap();
    let colmap = load_poses(dir.path(), &ALL).unwrap();
    assert_eq!(colmap.layout, layout("colmap"));
    let near = |posed: &PosedCapture| 1.0 / posed.normalisation.scale;
    assert!((near(&colmap) / near(&llff) - 1.0).abs() < 1e-6, "near {}, LLFF {}", near(&colmap), near(&llff));
    assert!((colmap.far / llff.far - 1.0).abs() < 1e-6, "far {}, LLFF {}", colmap.far, llff.far);
    for view in &colmap.views {
        // k = 0.01975: up to 7 pixels at the corners, all of them inwards for the straight picture.
        assert!(
            (990..1008).contains(&view.camera.width) && (740..756).contains(&view.camera.height),
            "{:?}",
            view.camera
        );
        assert!((view.camera.focal_px.x - 3260.5263328805895 / 4.0).abs() < 1e-9);
    }
}

/// The poses alone, without depths: the sweep over the pictures finds bounds like those that the poses were made with.
#[test]
fn depths_are_seen_in_real_pictures() {
    for (name, pictures, size, focal) in [
        ("campfire", "videos", (640, 360), 560.0),
        ("fountain", "videos", (640, 360), 560.0),
        ("fern", "images_4", (4032, 3024), 3260.5263328805895),
    ] {
        let Some(shared) = shared(name) else { continue };
        let llff = load_poses(&shared, &ALL).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let frame = |(view, pose): (&PosedView, &DAffine3)| {
            fs::create_dir_all(dir.path().join(pictures)).unwrap();
            let file = view.source.path();
            fs::copy(file, dir.path().join(pictures).join(file.file_name().unwrap())).unwrap();
            serde_json::json!({ "file_path": view.name, "transform_matrix": opengl(pose) })
        };
        let frames: Vec<_> = llff.views.iter().zip(&on_disk(&llff)).map(frame).collect();
        let (w, h) = size;
        let file = serde_json::json!({ "w": w, "h": h, "fl_x": focal, "frames": frames });
        fs::write(dir.path().join("transforms.json"), file.to_string()).unwrap();
        let seen = load_poses(dir.path(), &ALL).unwrap();
        let near = llff.normalisation.scale / seen.normalisation.scale;
        let far = near * seen.far / llff.far;
        eprintln!("{name}: near {near:.3}, far {far:.3} of what the poses say");
        assert!((0.75..1.15).contains(&near) && (0.8..1.6).contains(&far), "{name}: near {near}, far {far}");
    }
}
