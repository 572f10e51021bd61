//! Shaken and travelling footage of the garden, prepared.

use glam::{DAffine3, DMat3, DVec2, DVec3};
use loop3d_capture::prepare::{Colmap, PrepareError, PrepareOptions, prepare};
use loop3d_capture::{LoadOptions, PosedScene, Writer, load};
use loop3d_sample::{Garden, SampleConfig, Sensor, Stage, cameras, hand};
use loop3d_scene::job::{Event, Unwatched};
use loop3d_scene::{Blame, Camera, Fault};
use std::ops::ControlFlow;
use std::path::Path;

const SIZE: (u32, u32) = (256, 144);
const FRAMES: usize = 10;

/// The middle camera of the sample, `moved` in its own axes, with frames of `size`.
fn camera(size: (u32, u32), moved: DVec3) -> Camera {
    let config = SampleConfig { width: size.0, height: size.1, ..SampleConfig::default() };
    let mut camera = cameras(&config)[4];
    camera.world_from_camera *= DAffine3::from_translation(moved);
    camera
}

fn picture(garden: &Garden, size: (u32, u32), camera: &Camera, frame: usize) -> Vec<u8> {
    let config = SampleConfig { width: size.0, height: size.1, ..SampleConfig::default() };
    let stage = Stage::new(garden, &config, camera);
    Sensor::of_view(7, 4).read(&stage.frame(frame as f32 / 25.0), frame)
}

fn save(folder: &Path, index: usize, rgb: &[u8]) {
    std::fs::create_dir_all(folder).unwrap();
    let file = folder.join(format!("{index:04}.png"));
    image::save_buffer(file, rgb, SIZE.0, SIZE.1, image::ExtendedColorType::Rgb8).unwrap();
}

/// Poses of two views, named as the takes are.
fn write_poses(dir: &Path) {
    let cameras = vec![camera(SIZE, DVec3::ZERO), camera(SIZE, DVec3::X * 0.1)];
    let posed = PosedScene { names: vec![], cameras, bounds: vec![[1.0, 12.0]; 2], points: vec![] };
    std::fs::create_dir_all(dir).unwrap();
    Writer::default().write(dir, &posed).unwrap();
}

fn options(raw: &Path, output: &Path, poses: Option<&Path>) -> PrepareOptions {
    let colmap = Colmap { program: "/nonexistent/colmap".into(), one_lens: true };
    PrepareOptions { raw: raw.to_owned(), output: output.to_owned(), poses: poses.map(Path::to_owned), colmap }
}

/// The maps of a motion on disk, from the first frame's pixels to each frame's.
fn maps(file: &Path) -> Vec<DMat3> {
    let value: serde_json::Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let map = |map: &serde_json::Value| {
        let values: Vec<f64> = map.as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect();
        DMat3::from_cols_array(values.as_slice().try_into().unwrap())
    };
    value["from_first"].as_array().unwrap().iter().map(map).collect()
}

/// A homography of a place.
fn through(map: &DMat3, place: DVec2) -> DVec2 {
    let at = *map * place.extend(1.0);
    at.truncate() / at.z
}

/// The sample's garden in a shaking hand, steadied to the first frame: each frame's place to a third of a pixel, and the pixels.
#[test]
fn a_shaky_hand_is_steadied_and_the_rest_is_resumed() {
    let dir = tempfile::tempdir().unwrap();
    let (raw, poses, output) = (dir.path().join("raw"), dir.path().join("poses"), dir.path().join("out"));
    let garden = Garden::new(7);
    let steady_camera = camera(SIZE, DVec3::ZERO);
    let config = SampleConfig { width: SIZE.0, height: SIZE.1, frames: FRAMES, ..SampleConfig::default() };
    // A view whose hand goes as far as hands go.
    let walk = hand::walk(&config, 3);
    let frame = |index: usize, camera: &Camera| {
        let picture = Stage::new(&garden, &config, camera).frame(index as f32 / 25.0);
        Sensor::of_view(7, 4).read(&picture, index)
    };
    let mut steady = Vec::new();
    for (index, turn) in walk.iter().enumerate() {
        let shaken = frame(index, &hand::turned(&steady_camera, turn));
        save(&raw.join("a"), index, &shaken);
        save(&raw.join("b"), index, &shaken);
        steady.push(frame(index, &steady_camera));
    }
    write_poses(&poses);

    // Without COLMAP: what to do is said, and what was done is kept.
    let error = prepare(&options(&raw, &output, None), &mut Unwatched).unwrap_err();
    let said = error.to_string();
    assert!(said.contains("/nonexistent/colmap") && said.contains("apt-get install colmap"), "{said}");
    assert!(matches!(error, PrepareError::NoColmap { .. }) && error.fault() == Fault::Machine, "{said}");
    assert!(said.contains("--poses DIR"), "{said}");
    let mut steps = Vec::new();
    let mut observer = |event: Event<'_>| {
        if let Event::Step { stage, .. } = event {
            steps.push(stage.to_owned());
        }
        ControlFlow::Continue(())
    };
    let done = prepare(&options(&raw, &output, Some(&poses)), &mut observer).unwrap();
    assert_eq!(done.reused, 2, "both motions");
    assert!(!steps.iter().any(|step| step.contains("shake")) && steps.iter().any(|step| step == "straightening"));
    assert_eq!(done.left_out, Vec::<String>::new());
    for view in &done.views {
        assert!(view.steadied && view.motion_px.unwrap() > 3.0, "{view:?}");
    }
    let maps = maps(&output.join(".prepare/a.motion.json"));
    let (f, c) = (steady_camera.focal_px, steady_camera.center_px);
    let pixels_from_rays = DMat3::from_cols(DVec3::X * f.x, DVec3::Y * f.y, c.extend(1.0));
    for (index, (found, turn)) in maps.iter().zip(&walk).enumerate() {
        let true_map = pixels_from_rays * turn.transpose() * pixels_from_rays.inverse();
        let rest = found.inverse() * true_map;
        let size = DVec2::new(f64::from(SIZE.0), f64::from(SIZE.1));
        let places = (0..25).map(|i| size * DVec2::new(f64::from(i % 5), f64::from(i / 5)) / 4.0);
        let off = (places.map(|p| through(&rest, p).distance_squared(p)).sum::<f64>() / 25.0).sqrt();
        assert!(off < 0.3, "frame {index} is off by {off:.3} px");
    }

    let capture = load(&output, &LoadOptions::default(), &mut Unwatched).unwrap();
    assert_eq!((capture.views.len(), capture.views[0].clip.frames), (2, FRAMES));
    let view = &capture.views[0];
    let corner = DVec2::new(f64::from(SIZE.0), f64::from(SIZE.1)) / 2.0 - view.camera.center_px;
    assert!(view.clip.width > 230 && view.clip.height > 118, "{}×{}", view.clip.width, view.clip.height);
    for (index, truth) in steady.iter().enumerate() {
        let psnr = |frame: &[u8]| {
            let mut squares = 0.0;
            for (at, pixel) in frame.as_chunks::<3>().0.iter().enumerate() {
                let (x, y) = (at % view.clip.width + corner.x as usize, at / view.clip.width + corner.y as usize);
                let expected = &truth[(y * SIZE.0 as usize + x) * 3..][..3];
                squares += pixel.iter().zip(expected).map(|(a, b)| f64::from(a.abs_diff(*b)).powi(2)).sum::<f64>();
            }
            10.0 * (255.0f64.powi(2) * frame.len() as f64 / squares).log10()
        };
        let found = psnr(view.clip.frame(index));
        assert!(found > 33.0, "frame {index}: {found:.1} dB against the steady one");
    }

    // Nothing is done twice.
    let again = prepare(&options(&raw, &output, Some(&poses)), &mut Unwatched).unwrap();
    assert_eq!(again.reused, 4);
    assert!(matches!(prepare(&options(&raw, dir.path(), None), &mut Unwatched), Err(PrepareError::Occupied(_))));
}

#[test]
fn a_travelling_camera_is_refused_with_its_parallax() {
    let dir = tempfile::tempdir().unwrap();
    let raw = dir.path().join("raw");
    let garden = Garden::new(7);
    for index in 0..8 {
        // 12 cm to the right within the clip, in a hand that turns a little.
        let camera = camera(SIZE, DVec3::X * 0.12 * index as f64 / 7.0);
        let frame = picture(&garden, SIZE, &camera, index);
        save(&raw.join("a"), index, &frame);
        save(&raw.join("b"), index, &frame);
    }
    let error = prepare(&options(&raw, &dir.path().join("out"), None), &mut Unwatched).unwrap_err();
    let said = error.to_string();
    assert!(matches!(error, PrepareError::Travels { .. }) && error.fault() == Fault::Input, "{said}");
    // f = 230 px; the basin's rim at 2.5, the walls at 7 and more: 230 · 0.12 · (1/2.5 − 1/9) = 8 px.
    let px: f64 = said.split("a (").nth(1).unwrap().split(" px").next().unwrap().parse().unwrap();
    assert!((3.0..12.0).contains(&px), "{said}");
}

#[test]
fn what_is_stopped_is_continued() {
    let dir = tempfile::tempdir().unwrap();
    let (raw, poses, output) = (dir.path().join("raw"), dir.path().join("poses"), dir.path().join("out"));
    let garden = Garden::new(7);
    for index in 0..3 {
        let frame = picture(&garden, SIZE, &camera(SIZE, DVec3::ZERO), index);
        save(&raw.join("a"), index, &frame);
        save(&raw.join("b"), index, &frame);
    }
    write_poses(&poses);
    // At the second clip, when the first has been followed.
    let mut stop = |event: Event<'_>| match event {
        Event::Step { stage: "watching for shake", done, .. } if done >= 0.5 => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    };
    let error = prepare(&options(&raw, &output, Some(&poses)), &mut stop).unwrap_err();
    assert!(matches!(error, PrepareError::Stopped), "{error}");
    let done = prepare(&options(&raw, &output, Some(&poses)), &mut Unwatched).unwrap();
    assert_eq!((done.reused, done.views.len()), (1, 2), "the first clip's motion");
}
