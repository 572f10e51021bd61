//! The looping target of the CUDA kernels against the CPU's.

use super::host::{both_ways, kernels};
use crate::common::Setup;
use crate::looping_level::{FRAMES, model, visit};
use fastrand::Rng;
use loop3d_capture::Clip;
use loop3d_optimizer::cuda::{CudaLooping, Kernels, looping_target};
use loop3d_optimizer::engine::LoopingEngine;
use loop3d_optimizer::kernels::lanes::LANES;
use loop3d_optimizer::patches::{self, ClipRef, ClipWindow, TargetSettings};
use loop3d_optimizer::pyramid::LevelView;
use loop3d_scene::Camera;
use std::borrow::Cow;
use tch::{Device, Kind, Tensor};

/// (render frames, clip frames, height, width).
type Shape = (usize, usize, usize, usize);

struct Case {
    shape: Shape,
    clip: Vec<u8>,
    /// `[height, width, 3, frames]`
    render: Vec<f32>,
}

impl Case {
    /// Noise.
    fn new(shape: Shape, seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let (frames, captured, height, width) = shape;
        let values = height * width * 3;
        let clip = (0..captured * values).map(|_| rng.u8(..)).collect();
        let render = (0..values * frames).map(|_| rng.f32()).collect();
        Self { shape, clip, render }
    }

    fn expected(&self, settings: &TargetSettings) -> Vec<u8> {
        let (frames, captured, height, width) = self.shape;
        let clip = ClipRef::new(captured, height, width, &self.clip).unwrap();
        let window = ClipWindow { clip, x0: 0, y0: 0 };
        patches::looping_target::<u8>(&self.render, height, width, frames, &window, settings).unwrap()
    }

    fn found(&self, kernels: &Kernels, settings: &TargetSettings, block: usize) -> Vec<u8> {
        let (frames, captured, height, width) = self.shape;
        let [h, w, t, f] = [height, width, frames, captured].map(|n| n as i64);
        let render = Tensor::from_slice(&self.render).view([h * w, 3, t]);
        let clip = Tensor::from_slice(&self.clip).view([f, h, w, 3]).permute([1, 2, 3, 0]).contiguous();
        let found = looping_target(kernels, &render, &clip, settings, block).unwrap();
        assert_eq!((found.size(), found.kind()), (vec![h * w, 3, t], Kind::Uint8));
        found.flatten(0, -1).try_into().unwrap()
    }

    /// Share of the bytes that differ; the last thread first makes no difference at all.
    fn differing(&self, settings: &TargetSettings, block: usize) -> f64 {
        let expected = self.expected(settings);
        let [found, backwards] = both_ways().each_ref().map(|kernels| self.found(kernels, settings, block));
        assert_eq!(found, backwards);
        assert!(expected.iter().any(|byte| *byte != expected[0]));
        expected.iter().zip(&found).filter(|(a, b)| a != b).count() as f64 / expected.len() as f64
    }
}

#[test]
fn nearest_keys_agree() {
    // With and without a last location off the grid, in blocks of one location, of several, and all at once.
    for (shape, seed) in [((10, 23, 13, 18), 1), ((9, 12, 11, 15), 2), ((13, 3, 7, 7), 3)] {
        let case = Case::new(shape, seed);
        for block in [1, 60_000, 1 << 30] {
            assert_eq!(case.differing(&TargetSettings::OTHER, block), 0.0, "{shape:?}, {block}");
        }
    }
}

#[test]
fn complete_keys_agree() {
    // Noise makes the scores of many keys nearly the same at ρ → 0: all are 1 − ρ/d. A moderate ρ keeps them apart.
    let moderate = TargetSettings { rho: Some(0.01), ..TargetSettings::REFERENCE };
    for (shape, seed) in [((10, 23, 14, 21), 4), ((8, 30, 27, 11), 5), ((12, 15, 6, 9), 6)] {
        let case = Case::new(shape, seed);
        for block in [1, 100_000, 1 << 30] {
            assert_eq!(case.differing(&moderate, block), 0.0, "{shape:?}, {block}");
            let differ = case.differing(&TargetSettings::REFERENCE, block);
            assert!(differ < 0.01, "{shape:?}, {block}: {differ}");
        }
    }
}

#[test]
fn balanced_keys_agree() {
    // The CPU has an exponential of its own, good to 4e-6, so keys of equal scores may change places.
    for (shape, seed) in [((10, 23, 14, 21), 9), ((8, 30, 27, 11), 10), ((12, 15, 6, 9), 11)] {
        let case = Case::new(shape, seed);
        for (block, epsilon) in [(1, 0.15), (100_000, 0.15), (1 << 30, 0.02)] {
            let balanced = TargetSettings { entropic_epsilon: Some(epsilon), ..TargetSettings::REFERENCE };
            let differ = case.differing(&balanced, block);
            assert!(differ < 0.002, "{shape:?}, {block}: {differ}");
        }
    }
}

#[test]
fn short_clips_and_stills_agree() {
    for shape in [(10, 2, 9, 9), (10, 1, 9, 9), (1, 12, 9, 9), (2, 12, 5, 9), (1, 1, 1, 2)] {
        assert_eq!(Case::new(shape, 7).differing(&TargetSettings::OTHER, 1 << 30), 0.0, "{shape:?}");
    }
    let longer = TargetSettings { patch_frames: 5, patch: 4, stride: 3, rho: Some(0.1), entropic_epsilon: None };
    assert_eq!(Case::new((3, 12, 9, 11), 8).differing(&longer, 1 << 30), 0.0);
}

#[test]
fn where_all_is_alike_every_key_is_right() {
    let shape = (5, 9, 6, 8);
    let case = Case { shape, clip: vec![51; 9 * 6 * 8 * 3], render: vec![0.2; 6 * 8 * 3 * 5] };
    let balanced = TargetSettings { entropic_epsilon: Some(0.05), ..TargetSettings::REFERENCE };
    assert_eq!(case.found(&kernels(), &balanced, 1 << 30), vec![51; 6 * 8 * 3 * 5]);
}

#[test]
fn sizes_that_differ_are_refused() {
    let bytes = |shape: [i64; 4]| Tensor::zeros(shape, (Kind::Uint8, Device::Cpu));
    let floats = |shape: [i64; 3]| Tensor::zeros(shape, (Kind::Float, Device::Cpu));
    let target = |render: &Tensor, clip: &Tensor| {
        looping_target(&kernels(), render, clip, &TargetSettings::OTHER, 1 << 20).unwrap_err().to_string()
    };
    let error = target(&floats([48, 3, 4]), &bytes([6, 7, 3, 9]));
    assert!(error.contains("render: 576 values, expected 504"), "{error}");
    let error = target(&floats([42, 3, 0]), &bytes([6, 7, 3, 9]));
    assert!(error.contains("empty"), "{error}");
}

#[test]
fn a_refreshed_target_is_that_of_the_cpu() {
    let mut setup = Setup::new(53, true);
    let cpu = model(&mut setup);
    let hits = setup.hits(0);
    let ours = CudaLooping::new(&cpu, kernels(), 1 << 20);
    let list = || hits.clone();
    let (width, height, frames) = (20, 17, 29);
    let rgb = (0..frames * height * width * 3).map(|_| setup.rng.u8(..)).collect();
    let camera = Camera { width: width as u32, height: height as u32, ..setup.reference };
    let view = LevelView { camera, clip: Cow::Owned(Clip { width, height, frames, rgb }) };
    let expected = LoopingEngine::search_target(&cpu, &visit(0, &list), &view).unwrap();
    let bytes = ours.search_target(&visit(0, &list), &view).unwrap().bytes();
    assert_eq!(bytes.len(), width * height * 3 * FRAMES);
    let mut differ = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let (pixel, c, t) = (at / (3 * FRAMES), at / FRAMES % 3, at % FRAMES);
        differ += usize::from(expected[t / LANES][pixel][c][t % LANES] != *byte);
    }
    // Renders differ in their last bits, so a search may tip over where two keys are as good.
    assert!(differ * 500 < bytes.len(), "{differ} of {} bytes", bytes.len());
    // What was adopted comes back as it was.
    let adopted = ours.upload_target(expected.clone()).bytes();
    let back = |at: usize| expected[at % FRAMES / LANES][at / (3 * FRAMES)][at / FRAMES % 3][at % FRAMES % LANES];
    assert!(adopted.iter().enumerate().all(|(at, byte)| *byte == back(at)));
}
