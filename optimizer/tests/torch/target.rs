//! The looping target on tensors against the CPU's.

use fastrand::Rng;
use loop3d_optimizer::patches::{self, ClipRef, ClipWindow, TargetSettings};
use loop3d_optimizer::torch::{Block, looping_target};
use tch::{Kind, Tensor};

/// (render frames, clip frames, height, width).
type Shape = (usize, usize, usize, usize);

/// Share of the bytes that differ.
fn differing((frames, captured, height, width): Shape, settings: &TargetSettings, block: usize, seed: u64) -> f64 {
    let mut rng = Rng::with_seed(seed);
    let values = height * width * 3;
    let clip: Vec<u8> = (0..captured * values).map(|_| rng.u8(..)).collect();
    let render: Vec<f32> = (0..values * frames).map(|_| rng.f32()).collect();
    let window = ClipWindow { clip: ClipRef::new(captured, height, width, &clip).unwrap(), x0: 0, y0: 0 };
    let expected = patches::looping_target::<u8>(&render, height, width, frames, &window, settings).unwrap();
    let [h, w, t, f] = [height, width, frames, captured].map(|n| n as i64);
    let render = Tensor::from_slice(&render).view([h, w, 3, t]).permute([3, 0, 1, 2]);
    let clip = Tensor::from_slice(&clip).view([f, h, w, 3]);
    let found = looping_target(&render, &clip, settings, Block { bytes: block }).unwrap();
    assert_eq!((found.size(), found.kind()), (vec![t, h, w, 3], Kind::Uint8));
    let found: Vec<u8> = found.permute([1, 2, 3, 0]).contiguous().flatten(0, -1).try_into().unwrap();
    assert!(expected.iter().any(|b| *b != expected[0]));
    expected.iter().zip(&found).filter(|(a, b)| a != b).count() as f64 / expected.len() as f64
}

#[test]
fn nearest_keys_agree() {
    // With and without a last location off the grid, in blocks of one location, of several, and all at once.
    for (shape, seed) in [((10, 23, 13, 18), 1), ((9, 12, 11, 15), 2), ((13, 3, 7, 7), 3)] {
        for block in [1, 200_000, 1 << 30] {
            assert_eq!(differing(shape, &TargetSettings::OTHER, block, seed), 0.0, "{shape:?}, {block}");
        }
    }
}

#[test]
fn complete_keys_agree() {
    // Noise makes the scores of many keys nearly the same at ρ → 0: all are 1 − ρ/d. A moderate ρ keeps them apart.
    let moderate = TargetSettings { rho: Some(0.01), ..TargetSettings::REFERENCE };
    for (shape, seed) in [((10, 23, 14, 21), 4), ((8, 30, 27, 11), 5), ((12, 15, 6, 9), 6)] {
        for block in [1, 1_000_000, 1 << 30] {
            assert_eq!(differing(shape, &moderate, block, seed), 0.0, "{shape:?}, {block}");
            let differ = differing(shape, &TargetSettings::REFERENCE, block, seed);
            assert!(differ < 0.01, "{shape:?}, {block}: {differ}");
        }
    }
}

#[test]
fn balanced_keys_agree() {
    // The CPU has an exponential of its own, good to 4e-6, so keys of equal scores may change places.
    for (shape, seed) in [((10, 23, 14, 21), 9), ((8, 30, 27, 11), 10), ((12, 15, 6, 9), 11)] {
        for (block, epsilon) in [(1, 0.15), (1_000_000, 0.15), (1 << 30, 0.02)] {
            let balanced = TargetSettings { entropic_epsilon: Some(epsilon), ..TargetSettings::REFERENCE };
            let differ = differing(shape, &balanced, block, seed);
            assert!(differ < 0.002, "{shape:?}, {block}: {differ}");
        }
    }
}

#[test]
fn short_clips_and_stills_agree() {
    for shape in [(10, 2, 9, 9), (10, 1, 9, 9), (1, 12, 9, 9), (2, 12, 5, 9)] {
        assert_eq!(differing(shape, &TargetSettings::OTHER, 1 << 30, 7), 0.0, "{shape:?}");
    }
    let longer = TargetSettings { patch_frames: 5, patch: 4, stride: 3, rho: Some(0.1), entropic_epsilon: None };
    assert_eq!(differing((3, 12, 9, 11), &longer, 1 << 30, 8), 0.0);
}

#[test]
fn sizes_that_differ_are_refused() {
    let render = Tensor::zeros([4, 6, 8, 3], (Kind::Float, tch::Device::Cpu));
    let clip = Tensor::zeros([9, 6, 7, 3], (Kind::Uint8, tch::Device::Cpu));
    let error = looping_target(&render, &clip, &TargetSettings::OTHER, Block { bytes: 1 << 20 }).unwrap_err();
    let message = error.to_string();
    assert!(message.contains('8') && message.contains('7'), "{message}");
}
