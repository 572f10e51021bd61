//! Rigs against the reference data in `parity/data/cameras` (or `LOOP3D_GOLDEN`), and their properties. Needs no libtorch.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use glam::{DAffine3, DMat3, DVec3};
use loop3d_generator::rig::{Rig, RigConfig, RigError, RigShape, network_input, on_sphere};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;

fn golden(name: &str) -> PathBuf {
    let folder = std::env::var_os("LOOP3D_GOLDEN").map(PathBuf::from);
    folder.unwrap_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/parity/data"))).join(name)
}

fn expected() -> Value {
    serde_json::from_str(&std::fs::read_to_string(golden("cameras/expected.json")).unwrap()).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|v| if v.is_array() { numbers(v) } else { vec![v.as_f64().unwrap()] })
        .collect()
}

fn build(shape: RigShape) -> RigConfig {
    RigConfig { shape, ..RigConfig::default() }
}

/// The released rig, read from its file.
fn released() -> Rig {
    build(RigShape::File(golden("cameras/camera_extrinsics.json"))).build().unwrap()
}

fn poses(rig: &Rig) -> BTreeMap<String, DAffine3> {
    rig.cameras.iter().map(|camera| (camera.name.clone(), camera.world_from_camera)).collect()
}

fn rows(pose: &DAffine3) -> Vec<f64> {
    (0..3)
        .flat_map(|i| pose.matrix3.row(i).to_array().into_iter().chain([pose.translation[i]]))
        .chain([0., 0., 0., 1.])
        .collect()
}

fn off(found: &[f64], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    found
        .iter()
        .zip(expected)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, |worst, off| if off > worst || off.is_nan() { off } else { worst })
}

#[test]
fn the_released_cameras_have_the_reference_poses_and_determinants() {
    let (rig, expected) = (released(), expected());
    let poses = poses(&rig);
    assert_eq!(poses.len(), expected["opencv_righthanded_metres"].as_object().unwrap().len());
    for (name, pose) in &poses {
        assert!(off(&rows(pose), &numbers(&expected["opencv_righthanded_metres"][name])) < 1e-6, "{name}");
        let determinant = pose.matrix3.determinant();
        assert!((determinant - expected["det_righthanded"][name].as_f64().unwrap()).abs() < 1e-9, "{name}");
        // The left-handed form is ours with y mirrored and half the length.
        let mirror = DMat3::from_diagonal(DVec3::new(1.0, -1.0, 1.0));
        let left = DAffine3 { matrix3: mirror * pose.matrix3, translation: mirror * pose.translation / 2.0 };
        assert!(off(&rows(&left), &numbers(&expected["opencv_lefthanded_200"][name])) < 1e-6, "{name}");
        assert!((left.matrix3.determinant() - expected["det_lefthanded"][name].as_f64().unwrap()).abs() < 1e-9);
        // Without the mirror, nothing fits.
        assert!(off(&rows(pose), &numbers(&expected["opencv_lefthanded_200"][name])) > 1.0);
    }
}

/// The network's numbers for two poses, the reference first.
fn pair(first: DAffine3, second: DAffine3) -> Vec<f64> {
    let input = network_input(&[vec![first, second]]).unwrap();
    assert_eq!((input.views, input.frames, input.values.len()), (2, 1, 24));
    let identity = [1., 0., 0., 0., 0., 1., 0., 0., 0., 0., 1., 0.];
    assert!(off(&input.values[..12].iter().copied().map(f64::from).collect::<Vec<_>>(), &identity) < 1e-6);
    input.values[12..].iter().copied().map(f64::from).collect()
}

#[test]
fn the_network_sees_the_published_numbers() {
    let (poses, expected) = (poses(&released()), expected());
    let cases = expected["network_input_ref_then_other"].as_object().unwrap();
    assert!(!cases.is_empty());
    let mut transposed_off = 0.0_f64;
    for (names, values) in cases {
        let (first, second) = names.split_once("->").unwrap();
        let values = numbers(values);
        assert!(off(&pair(poses[first], poses[second]), &values) < 1e-6, "{names}");
        // The other order is another input.
        assert!(off(&pair(poses[second], poses[first]), &values) > 1e-2, "{names}");
        // So is the transpose in place of the inverse, by the six digits of the file.
        let turn = poses[first].matrix3.transpose();
        let relative = DAffine3 {
            matrix3: turn * poses[second].matrix3,
            translation: turn * (poses[second].translation - poses[first].translation) / 2.0,
        };
        transposed_off = transposed_off.max(off(&rows(&relative)[..12], &values));
    }
    assert!(transposed_off > 3e-7, "{transposed_off:e}");
}

#[test]
fn the_input_repeats_over_latent_frames_view_by_view() {
    let rig = build(RigShape::Pair).build().unwrap();
    let input = rig.network_input(3).unwrap();
    assert_eq!((input.views, input.frames, input.values.len()), (2, 3, 72));
    assert_eq!(input.values[36..48], input.values[60..72]);
    assert_ne!(input.values[24..36], input.values[36..48]);
    let moved = DAffine3::from_translation(DVec3::X);
    let error = network_input(&[vec![moved, moved], vec![moved]]).unwrap_err();
    assert!(error.to_string().contains("1 in latent frame 1"), "{error}");
}

#[test]
fn the_released_rig_is_where_its_formula_says() {
    let (rig, expected) = (released(), expected());
    // The file's rounding moves the common point by a tenth of a millimetre.
    let poses = poses(&rig);
    for (name, camera) in expected["rig"].as_object().unwrap() {
        let number = |key: &str| camera[key].as_f64().unwrap();
        let offset = on_sphere(number("azimuth_deg"), -number("pitch_deg"), number("distance_m"));
        let found = poses[name].translation - rig.center;
        assert!(found.abs_diff_eq(offset, 2e-3), "{name}: {found} {offset}");
        let wrong = on_sphere(number("azimuth_deg") + 90.0, -number("pitch_deg"), number("distance_m"));
        assert!(found.distance(wrong) > 1.0);
    }
    for (pair, metres) in expected["baseline_m"].as_object().unwrap() {
        let (a, b) = pair.split_once('-').unwrap();
        assert!((poses[a].translation.distance(poses[b].translation) - metres.as_f64().unwrap()).abs() < 1e-6);
    }
    let four = build(RigShape::Released).build().unwrap();
    for (camera, name) in four.cameras.iter().zip(["cam03", "cam02", "cam04", "cam06"]) {
        let offset = poses[name].translation - rig.center;
        assert!(camera.world_from_camera.translation.abs_diff_eq(offset, 2e-3), "{name}");
        assert!(camera.world_from_camera.matrix3.abs_diff_eq(poses[name].matrix3, 1e-5), "{name}");
    }
}

#[test]
fn lenses_have_the_published_focal_lengths() {
    let (rig, expected) = (released(), expected());
    let focal = |size| rig.pinholes(size)[0].focal_px.x;
    assert!((focal((1280, 1280)) - expected["intrinsics"]["v2_1280"].as_f64().unwrap()).abs() < 1e-6);
    assert!((focal((832, 480)) - expected["intrinsics"]["crop_832x480"].as_f64().unwrap()).abs() < 1e-6);
}

#[test]
fn all_forty_hemispheres_are_placed_by_the_formula() {
    let expected = expected();
    for (distance, elevation) in (4..=7).flat_map(|d| (0..=45).step_by(5).map(move |e| (f64::from(d), f64::from(e)))) {
        let config = RigConfig { distance_m: distance, elevation_deg: elevation, ..build(RigShape::Hemi36) };
        let rig = config.build().unwrap();
        assert_eq!(rig.cameras.len(), 36);
        for (index, camera) in rig.cameras.iter().enumerate() {
            let (a, e) = ((10.0 * (index + 1) as f64).to_radians(), elevation.to_radians());
            let unreal = 100.0 * distance * DVec3::new(e.cos() * a.cos(), e.cos() * a.sin(), e.sin());
            let pose = camera.world_from_camera;
            let found = pose.translation * DVec3::new(100.0, -100.0, 100.0);
            assert!(found.abs_diff_eq(unreal, 1e-6), "{found} {unreal}");
            assert!(pose.matrix3.z_axis.abs_diff_eq(-pose.translation.normalize(), 1e-12));
            let key = format!("{distance}m_{elevation}deg_i{}", index + 1);
            if let Some(values) = expected["hemi36_positions_cm"].get(&key) {
                assert!(off(&found.to_array(), &numbers(values)) < 1e-6, "{key}");
            }
        }
    }
    let every_second = RigConfig { cameras: Some(18), ..build(RigShape::Hemi36) }.build().unwrap();
    assert_eq!(every_second.cameras.len(), 18);
}

#[test]
fn shapes_look_at_one_point_with_the_reference_first() {
    let shapes =
        [(RigShape::Pair, 2), (RigShape::Arc, 5), (RigShape::Grid, 9), (RigShape::Ring, 9), (RigShape::Released, 4)];
    for (shape, cameras) in shapes {
        let rig = build(shape.clone()).build().unwrap();
        assert_eq!(rig.cameras.len(), cameras, "{shape:?}");
        assert!(
            rig.cameras[0].world_from_camera.translation.abs_diff_eq(DVec3::new(-3.0, 0.0, 0.0), 1e-12),
            "{shape:?}"
        );
        for camera in rig.pinholes((832, 480)) {
            assert!((camera.project(rig.center).unwrap() - camera.center_px).length() < 1e-9, "{shape:?}");
            assert!((camera.world_from_camera.matrix3.determinant() - 1.0).abs() < 1e-12);
            let above = camera.project(rig.center + 0.1 * DVec3::Z).unwrap();
            assert!(above.y < camera.center_px.y);
        }
    }
    let grid = build(RigShape::Grid).build().unwrap();
    let across = grid.cameras.iter().map(|c| c.world_from_camera.translation.y).fold(f64::MIN, f64::max) * 2.0;
    assert!((across - 0.63).abs() < 0.01, "{across}");
    // The second camera of a pair is on the right: the network sees it at positive x.
    assert!(build(RigShape::Pair).build().unwrap().network_input(1).unwrap().values[15] > 0.1);
}

#[test]
fn a_written_rig_is_read_back_to_the_bit_of_a_micrometre() {
    let dir = tempfile::tempdir().unwrap();
    let rig = released().with_reference(2).unwrap();
    let files = rig.write(dir.path(), (832, 480)).unwrap();
    assert!(files.clips[0].ends_with("f24_aperture5/scene1/videos/cam01.mp4"), "{:?}", files.clips[0]);
    for path in [files.cameras, files.capture] {
        let back = build(RigShape::File(path)).build().unwrap();
        assert_eq!(back.cameras.len(), rig.cameras.len());
        assert!((back.focal - rig.focal).abs() < 1e-12);
        for (a, b) in rig.cameras.iter().zip(&back.cameras) {
            assert!(a.world_from_camera.abs_diff_eq(b.world_from_camera, 1e-9));
        }
        assert_ne!(back.cameras[0].world_from_camera, rig.cameras[1].world_from_camera);
    }
    let json = serde_json::to_string(&rig).unwrap();
    assert_eq!(serde_json::from_str::<Rig>(&json).unwrap(), rig);
}

#[test]
fn bad_rigs_are_refused_with_a_reason() {
    let mut twins = build(RigShape::Arc).build().unwrap();
    twins.cameras[2].world_from_camera.translation = twins.cameras[1].world_from_camera.translation;
    assert!(matches!(twins.check(), Err(RigError::Coincide { .. })));
    let mut apart = build(RigShape::Arc).build().unwrap();
    apart.cameras[1].world_from_camera.matrix3 =
        DMat3::from_rotation_z(0.6) * apart.cameras[1].world_from_camera.matrix3;
    assert!(matches!(apart.check(), Err(RigError::LooksApart { .. })));
    apart.cameras.clear();
    assert!(matches!(apart.check(), Err(RigError::Empty)));
    for bad in [
        RigConfig { distance_m: f64::NAN, ..RigConfig::default() },
        RigConfig { spread_deg: Some(0.0), ..RigConfig::default() },
        RigConfig { cameras: Some(10), ..RigConfig::default() },
        RigConfig { cameras: Some(7), ..build(RigShape::Hemi36) },
        RigConfig { elevation_deg: 90.0, ..RigConfig::default() },
        RigConfig { cameras: Some(11), ..build(RigShape::File(golden("cameras/camera_extrinsics.json"))) },
    ] {
        assert!(matches!(bad.build(), Err(RigError::Option { .. })), "{bad:?}");
    }
    assert!(matches!(build(RigShape::File("no-such.json".into())).build(), Err(RigError::Capture(_))));
    let tiny = RigConfig { spread_deg: Some(0.01), ..build(RigShape::Pair) };
    assert!(matches!(tiny.build(), Err(RigError::Coincide { .. })));
}

#[test]
fn the_report_tells_narrow_from_wide() {
    let narrow = RigConfig { spread_deg: Some(2.0), ..build(RigShape::Grid) }.build().unwrap().report(416).unwrap();
    assert!(narrow.notes.is_empty(), "{narrow:?}");
    let wide = released().with_reference(2).unwrap().report(832).unwrap();
    assert_eq!((wide.cameras, wide.notes.len()), (10, 2), "{wide:?}");
    assert!((wide.azimuth_deg - 30.0).abs() < 0.1 && (wide.elevation_deg - 30.0).abs() < 0.1);
}
