//! Measures against the reference data in `parity/data/metrics` (or `LOOP3D_GOLDEN`), and on clips with known answers. Needs no
//! libtorch.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use glam::{DAffine3, DMat3, DVec2, DVec3};
use loop3d_generator::metrics::{
    ClipMetrics, Curves, CutOptions, Flow, FlowPower, Match, MetricError, activity, epipolar_residual, flow_score,
    mawe, pose_errors, psnr_db, scene_cuts, seam, splat, synchrony,
};
use loop3d_generator::rig::RigConfig;
use loop3d_media::Clip;
use safetensors::SafeTensors;
use std::path::PathBuf;

fn bytes() -> Vec<u8> {
    let folder = std::env::var_os("LOOP3D_GOLDEN").map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/parity/data")));
    std::fs::read(folder.join("metrics/metrics.safetensors")).unwrap()
}

fn f32s(file: &SafeTensors<'_>, name: &str) -> (Vec<usize>, Vec<f32>) {
    let tensor = file.tensor(name).unwrap();
    let values = tensor.data().as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
    (tensor.shape().to_vec(), values)
}

fn f64s(file: &SafeTensors<'_>, name: &str) -> Vec<f64> {
    file.tensor(name).unwrap().data().as_chunks::<8>().0.iter().map(|b| f64::from_le_bytes(*b)).collect()
}

fn reference_clip(file: &SafeTensors<'_>) -> Clip {
    let tensor = file.tensor("scuts.frames_u8_rgb").unwrap();
    let &[frames, height, width, 3] = tensor.shape() else { panic!("{:?}", tensor.shape()) };
    Clip { width, height, frames, rgb: tensor.data().to_vec() }
}

#[test]
fn scene_cuts_are_those_of_the_reference() {
    let bytes = bytes();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let clip = reference_clip(&file);
    let found = scene_cuts(&clip, &CutOptions::default()).unwrap();
    let (scores, ratios) = (f64s(&file, "scuts.content_val"), f64s(&file, "scuts.adaptive_ratio"));
    assert_eq!(found.scores.len(), scores.len());
    // PySceneDetect does not score frames for which it has no ratio at the end.
    let compared = found.scores.iter().zip(&scores).filter(|(_, expected)| expected.is_finite());
    let worst = compared.clone().map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(worst < 1e-9 && compared.count() > scores.len() / 2, "{worst:e}");
    for (t, (found, expected)) in found.ratios.iter().zip(&ratios).enumerate() {
        match found {
            None => assert!(expected.is_nan(), "frame {t}"),
            Some(found) => assert!((found - expected).abs() < 1e-6, "frame {t}: {found} {expected}"),
        }
    }
    let cuts: Vec<usize> = file
        .tensor("scuts.cuts")
        .unwrap()
        .data()
        .as_chunks::<8>()
        .0
        .iter()
        .map(|b| i64::from_le_bytes(*b) as usize)
        .collect();
    assert_eq!(found.cuts, cuts);
    // Blue and red exchanged, or no distance between cuts: other numbers.
    let mut swapped = clip.clone();
    swapped.rgb.chunks_exact_mut(3).for_each(|rgb| rgb.swap(0, 2));
    let swapped = scene_cuts(&swapped, &CutOptions::default()).unwrap();
    assert!(swapped.scores.iter().zip(&scores).any(|(a, b)| (a - b).abs() > 0.1));
    assert_ne!(scene_cuts(&clip, &CutOptions { apart: 0, ..CutOptions::default() }).unwrap().cuts, cuts);
}

/// Frames as `[height, width, 3]` and flows, from planes `[t, c, h, w]`; `axes` says which channel of the flow is x and which y.
fn frames_and_flows(file: &SafeTensors<'_>, [x, y]: [usize; 2]) -> (Vec<Vec<f32>>, Vec<Flow>) {
    let (shape, video) = f32s(file, "mawe.video");
    let (height, width) = (shape[2], shape[3]);
    let n = height * width;
    let frames =
        video.chunks_exact(3 * n).map(|planes| (0..3 * n).map(|i| planes[(i % 3) * n + i / 3]).collect()).collect();
    let (shape, flow) = f32s(file, "mawe.flow");
    assert_eq!(shape[1..], [2, height, width]);
    let of =
        |planes: &[f32]| Flow { width, height, xy: (0..n).map(|i| [planes[x * n + i], planes[y * n + i]]).collect() };
    (frames, flow.chunks_exact(2 * n).map(of).collect())
}

#[test]
fn the_warp_and_its_error_are_those_of_the_reference() {
    let bytes = bytes();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let (frames, flows) = frames_and_flows(&file, [0, 1]);
    let found = mawe(&frames, &flows).unwrap();
    let near = |found: f64, expected: f32| ((found - f64::from(expected)) / f64::from(expected)).abs() < 1e-5;
    for (found, expected) in found.warp_errors.iter().zip(f32s(&file, "mawe.warp_error").1) {
        assert!(near(*found, expected), "{found} {expected}");
    }
    for (found, expected) in found.motions.iter().zip(f32s(&file, "mawe.motion").1) {
        assert!(near(*found, expected), "{found} {expected}");
    }
    let (value, other) = (f32s(&file, "mawe.value_c9.5").1[0], f32s(&file, "mawe.ratio_of_means").1[0]);
    assert!((found.value.unwrap() - f64::from(value)).abs() < 1e-4, "{found:?} {value}");
    assert!((found.ratio_of_means.unwrap() - f64::from(other)).abs() < 1e-4, "{found:?} {other}");
    assert!((found.value.unwrap() - f64::from(other)).abs() > 1e-2, "the two readings differ");

    let n = flows[0].xy.len();
    let unfilled = f32s(&file, "mawe.unfilled0").1;
    let wrong = |filled: &[bool]| {
        filled.iter().zip(&unfilled).filter(|(filled, unfilled)| **filled == (**unfilled == 1.0)).count()
    };
    let warped = splat(&frames[0], &flows[0]).unwrap();
    assert_eq!(wrong(&warped.filled), 0);
    let planes = f32s(&file, "mawe.warped0").1;
    for i in (0..n).filter(|i| warped.filled[*i]) {
        assert_eq!(warped.rgb[3 * i..3 * i + 3], [planes[i], planes[n + i], planes[2 * n + i]]);
    }
    let (_, exchanged) = frames_and_flows(&file, [1, 0]);
    assert!(wrong(&splat(&frames[0], &exchanged[0]).unwrap().filled) > n / 10);
}

#[test]
fn a_flow_of_nothing_or_of_known_length() {
    let flow = Flow { width: 2, height: 1, xy: vec![[3.0, 4.0], [0.0, 0.0]] };
    assert_eq!((flow_score(&flow, FlowPower::Length), flow_score(&flow, FlowPower::Square)), (2.5, 12.5));
    let still = Flow { width: 2, height: 1, xy: vec![[0.0; 2]; 2] };
    let frame = vec![7.0; 6];
    let found = mawe(&[frame.clone(), frame.clone()], &[still]).unwrap();
    assert_eq!((found.value, found.ratio_of_means, found.warp_errors), (None, None, vec![0.0]));
    // Halves go to even places, later pixels win, and what leaves the image or is not a number lands nowhere.
    let flow = Flow { width: 3, height: 1, xy: vec![[0.5, 0.0], [-0.5, 0.0], [f32::NAN, 0.0]] };
    let warped = splat(&[1., 1., 1., 2., 2., 2., 3., 3., 3.], &flow).unwrap();
    assert_eq!(warped.filled, [true, false, false]);
    assert_eq!(warped.rgb[..3], [2.0; 3]);
    assert!(matches!(mawe(&[frame.clone(), frame], &[]), Err(MetricError::Shape { .. })));
}

/// A bar that travels over a gradient, once around in `period` frames, from `start`.
fn bar(frames: usize, period: usize, start: usize) -> Clip {
    let (width, height) = (32, 8);
    let pixel = |t: usize, x: usize| {
        let middle = (t + start) * width / period % width;
        if (x + width - middle) % width < 6 { 220 } else { 40 }
    };
    let rgb = (0..frames).flat_map(|t| (0..height * width * 3).map(move |i| pixel(t, i / 3 % width))).collect();
    Clip { width, height, frames, rgb }
}

#[test]
fn a_loop_has_a_seam_like_its_inside_and_a_cut_clip_has_not() {
    let closed = seam(&bar(16, 16, 0)).unwrap();
    assert!(
        (closed.ratio.unwrap() - 1.0).abs() < 1e-12 && (closed.worst_shift.unwrap() - 1.0).abs() < 1e-12,
        "{closed:?}"
    );
    let open = seam(&bar(9, 16, 0)).unwrap();
    assert!(open.ratio.unwrap() > 2.0 && open.worst_shift.unwrap() > 2.0, "{open:?}");
    let still = seam(&Clip { frames: 3, width: 1, height: 1, rgb: vec![9; 9] }).unwrap();
    assert!(still.still && still.ratio.is_none(), "{still:?}");
    assert!(matches!(seam(&bar(2, 16, 0)), Err(MetricError::TooFew { .. })));
}

#[test]
fn activity_counts_what_changes() {
    let clip = Clip { width: 2, height: 1, frames: 2, rgb: vec![10, 10, 10, 50, 50, 50, 11, 10, 10, 53, 50, 50] };
    let found = activity(&clip).unwrap();
    assert!((found.mean_difference - 4.0 / 6.0).abs() < 1e-12);
    assert!((found.moving - 0.5).abs() < 1e-12, "one level is not motion");
}

/// Noise whose strength changes over time as `strength` says.
fn bursts(strength: impl Fn(usize) -> usize, seed: usize) -> Clip {
    let (width, height, frames) = (16, 16, 48);
    let noise =
        |t: usize, i: usize| (i * 7919 + t * 104_729 + seed * 1_299_709).wrapping_mul(2_654_435_761) >> 7 & 0xff;
    let pixel = |t: usize, i: usize| (100 + noise(t, i) * strength(t) / 255) as u8;
    let rgb =
        (0..frames).flat_map(|t| (0..width * height * 3).map(move |i| (t, i))).map(|(t, i)| pixel(t, i)).collect();
    Clip { width, height, frames, rgb }
}

#[test]
fn synchronous_views_are_told_from_late_and_unrelated_ones() {
    let burst = |t: usize| [5, 80, 20, 10, 60, 5, 5, 90, 40, 15, 5, 30, 70][t * t % 13];
    let curves = |clip: Clip| Curves::of(&clip);
    let (first, second) = (curves(bursts(burst, 1)), curves(bursts(burst, 2)));
    let late = curves(bursts(|t| burst(t + 13 * 9 - 3), 3));
    let same = synchrony(&[first.clone(), second]).unwrap();
    assert!(same.motion.unwrap() > 0.9 && same.lags == [Some(0)], "{same:?}");
    let off = synchrony(&[first.clone(), late]).unwrap();
    assert!(off.motion.unwrap() < 0.6, "{off:?}");
    assert_ne!(off.lags, [Some(0)]);
    assert!(matches!(synchrony(&[first.clone(), curves(bar(9, 16, 0))]), Err(MetricError::Shape { .. })));
    assert!(matches!(synchrony(&[first]), Err(MetricError::TooFew { .. })));
}

#[test]
fn pose_errors_know_angles_and_ignore_scale_and_world() {
    let rig = RigConfig::default().build().unwrap();
    let wanted: Vec<DAffine3> = rig.cameras.iter().map(|camera| camera.world_from_camera).collect();
    let world = DAffine3 { matrix3: DMat3::from_rotation_y(0.7), translation: DVec3::new(3.0, -2.0, 9.0) };
    let moved: Vec<DAffine3> =
        wanted.iter().map(|pose| world * DAffine3 { translation: 0.4 * pose.translation, ..*pose }).collect();
    let same = pose_errors(&moved, &wanted).unwrap();
    assert!(same.rotation < 1e-7 && same.translation < 1e-9 && (same.scale - 2.5).abs() < 1e-9, "{same:?}");
    let mut turned = wanted.clone();
    turned[2].matrix3 *= DMat3::from_rotation_x(0.08);
    let expected = 0.08 / (wanted.len() - 1) as f64;
    let found = pose_errors(&turned, &wanted).unwrap();
    assert!((found.rotation - expected).abs() < 1e-9 && found.translation < 1e-9, "{found:?}");
    let mut permuted = wanted.clone();
    permuted.swap(1, 2);
    assert!(pose_errors(&permuted, &wanted).unwrap().translation > 0.01);
}

#[test]
fn matches_fit_their_cameras_and_no_others() {
    let cameras = RigConfig::default().build().unwrap().pinholes((832, 480));
    let point = |i: usize| DVec3::new(0.1 * (i % 5) as f64, 0.1 * (i % 7) as f64 - 0.3, 0.05 * (i % 11) as f64 - 0.2);
    let matched = |camera: &loop3d_scene::Camera| -> Vec<Match> {
        let pixels = (0..77).map(|i| (cameras[0].project(point(i)), camera.project(point(i))));
        pixels.map(|(a, b)| Match { first: a.unwrap(), second: b.unwrap() }).collect()
    };
    let right = epipolar_residual(&cameras[0], &cameras[2], &matched(&cameras[2])).unwrap();
    assert!(right < 1e-9, "{right:e}");
    let other = epipolar_residual(&cameras[0], &cameras[3], &matched(&cameras[2])).unwrap();
    assert!(other > 2.0, "{other}");
    let shifted =
        matched(&cameras[2]).into_iter().map(|m| Match { second: m.second + DVec2::Y, ..m }).collect::<Vec<_>>();
    assert!((epipolar_residual(&cameras[0], &cameras[2], &shifted).unwrap() - 1.0).abs() < 0.1);
}

#[test]
fn psnr_is_that_of_the_mean_squared_difference() {
    let clip = |value: u8| Clip { width: 2, height: 1, frames: 2, rgb: vec![value; 12] };
    assert_eq!(psnr_db(&clip(7), &clip(7)).unwrap(), f64::INFINITY);
    // 20·log₁₀(255 / 5)
    assert!((psnr_db(&clip(100), &clip(105)).unwrap() - 34.151_403_5).abs() < 1e-6);
    let longer = Clip { frames: 3, rgb: vec![7; 18], ..clip(7) };
    assert!(matches!(psnr_db(&clip(7), &longer), Err(MetricError::Shape { .. })));
}

#[test]
fn a_clip_has_all_measures_that_its_length_allows() {
    let metrics = ClipMetrics::of(&bar(16, 16, 0)).unwrap();
    assert_eq!((metrics.size, metrics.frames), ([32, 8], 16));
    assert!((metrics.seam.unwrap().ratio.unwrap() - 1.0).abs() < 1e-12);
    let still = ClipMetrics::of(&bar(1, 16, 0)).unwrap();
    assert_eq!((still.seam, still.activity, still.cuts), (None, None, vec![]));
}
