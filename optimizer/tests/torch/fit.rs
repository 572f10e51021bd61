//! A whole tiny fit by all engines.

use crate::cuda::host::kernels;
use clap::{Args, Command, FromArgMatches};
use glam::{DAffine3, DVec2, DVec3};
use loop3d_capture::{Capture, Clip, Normalisation, View};
use loop3d_optimizer::config::FitConfig;
use loop3d_optimizer::cpu::CpuEngine;
use loop3d_optimizer::cuda::CudaEngine;
use loop3d_optimizer::engine::Engine;
use loop3d_optimizer::fit::{FitInput, fit_with};
use loop3d_optimizer::torch::TorchEngine;
use loop3d_scene::job::Unwatched;
use loop3d_scene::{Camera, Scene, render};

const FRAMES: usize = 8;
const DEPTH: f64 = 3.0;

/// The truth: a wall at [`DEPTH`] with a pattern, in its middle a disc whose brightness goes round every [`FRAMES`] frames.
fn truth(camera: &Camera, t: usize) -> Vec<u8> {
    let mut rgb = Vec::new();
    for y in 0..camera.height {
        for x in 0..camera.width {
            let ray = camera.ray(DVec2::new(f64::from(x) + 0.5, f64::from(y) + 0.5));
            let p = camera.position() + ray * (DEPTH - camera.position().z) / ray.z;
            let phase = std::f64::consts::TAU * t as f64 / FRAMES as f64;
            let disc = if p.truncate().length() < 0.5 { 0.25 * (phase + 2.0 * p.x).sin() } else { 0.0 };
            let wave = |f: f64, g: f64| 0.5 + 0.2 * (f * p.x).sin() * (g * p.y + 0.5).cos() + disc;
            rgb.extend([wave(3.0, 4.0), wave(5.0, 2.0), wave(2.0, 3.0)].map(|v| (v * 255.0) as u8));
        }
    }
    rgb
}

fn capture() -> Capture {
    let view = |(i, x): (usize, f64)| {
        let (width, height, frames) = (40, 24, 2 * FRAMES + 3);
        let camera = Camera {
            width,
            height,
            focal_px: DVec2::splat(40.0),
            center_px: DVec2::new(20.0, 12.0),
            world_from_camera: DAffine3::from_translation(DVec3::new(x, 0.1 * x, 0.0)),
        };
        // Asynchronous: every view begins at another moment.
        let rgb = (0..frames).flat_map(|t| truth(&camera, t + 3 * i)).collect();
        let clip = Clip { width: width as usize, height: height as usize, frames, rgb };
        View { name: format!("{i}"), camera, clip }
    };
    let views = [-0.3, 0.0, 0.3, 0.15].into_iter().enumerate().map(view).collect();
    Capture { views, fps: 10.0, near: 2.0, far: 4.0, normalisation: Normalisation::default() }
}

fn fitted(engine: &impl Engine, capture: &Capture) -> Scene {
    let arguments = ["fit", "--preset", "draft", "--planes", "4", "--frames", "8"];
    let matches = FitConfig::augment_args(Command::new("fit")).get_matches_from(arguments);
    let config = FitConfig::from_arg_matches(&matches).unwrap();
    fit_with(engine, FitInput { capture, config: &config, held_out: &[3] }, None, &mut Unwatched).unwrap()
}

/// PSNR of the held-out view's loop, at the best shift in time.
fn psnr(scene: &Scene, capture: &Capture) -> f64 {
    let camera = &capture.views[3].camera;
    let frames: Vec<Vec<u8>> = (0..FRAMES).map(|t| render(scene, camera, t as f64).to_rgb8()).collect();
    let error = |shift: usize| {
        let of_frame = |t: usize| -> f64 {
            let pairs = frames[t].iter().zip(truth(camera, t + shift));
            pairs.map(|(a, b)| (f64::from(*a) - f64::from(b)).powi(2)).sum::<f64>() / frames[t].len() as f64
        };
        (0..FRAMES).map(of_frame).sum::<f64>() / FRAMES as f64
    };
    let least = (0..FRAMES).map(error).fold(f64::INFINITY, f64::min);
    10.0 * (255.0f64.powi(2) / least).log10()
}

#[test]
fn all_engines_fit_alike() {
    let capture = capture();
    let cpu = psnr(&fitted(&CpuEngine, &capture), &capture);
    let torch = psnr(&fitted(&TorchEngine::new(tch::Device::Cpu), &capture), &capture);
    let cuda = psnr(&fitted(&CudaEngine::new(kernels()), &capture), &capture);
    println!("CPU kernels {cpu:.2} dB, libtorch {torch:.2} dB, CUDA kernels {cuda:.2} dB");
    // Rounding alone tells them apart, but it decides ties of the search, and steps where gradients vanish.
    assert!(cpu > 25.0 && (cpu - torch).abs() < 0.5, "CPU kernels {cpu:.2} dB, libtorch {torch:.2} dB");
    assert!((cpu - cuda).abs() < 0.5, "CPU kernels {cpu:.2} dB, CUDA kernels {cuda:.2} dB");
}
