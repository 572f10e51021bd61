//! Our kernels alone, from commit to commit: `cargo bench -p loop3d-bench`. Criterion compares with its last run; what libtorch
//! takes, and what the machine can do, is for `cargo xtask bench`.
#![allow(missing_docs, clippy::unwrap_used, reason = "a program of macros; what fails here is the bench")]

use criterion::{Criterion, criterion_group, criterion_main};
use loop3d_bench::input::{ViewWindow, looping_model, static_model};
use loop3d_bench::synthetic;
use loop3d_optimizer::cpu::CpuEngine;
use loop3d_optimizer::engine::{Engine, StaticEngine, ViewVisit};
use loop3d_optimizer::kernels::lanes::LANES;
use loop3d_optimizer::looping_stage::TARGET;
use loop3d_optimizer::looping_stage::model::GradientBuffers;
use loop3d_optimizer::patches::{ClipRef, ClipWindow, TargetSettings, looping_target};

const HEIGHT: usize = 180;
const WIDTH: usize = 320;
const FRAMES: usize = 50;
const CLIP_FRAMES: usize = 100;

fn targets(criterion: &mut Criterion) {
    let mut rng = fastrand::Rng::with_seed(1);
    let rgb: Vec<u8> = (0..CLIP_FRAMES * HEIGHT * WIDTH * 3).map(|_| rng.u8(..)).collect();
    let render: Vec<f32> = (0..HEIGHT * WIDTH * 3 * FRAMES).map(|_| rng.f32()).collect();
    let window = ClipWindow { clip: ClipRef::new(CLIP_FRAMES, HEIGHT, WIDTH, &rgb).unwrap(), x0: 0, y0: 0 };
    let mut group = criterion.benchmark_group("looping target");
    for (name, settings) in
        [("reference", TargetSettings::REFERENCE), ("other", TargetSettings::OTHER), ("balanced", TARGET)]
    {
        let run = || looping_target::<u8>(&render, HEIGHT, WIDTH, FRAMES, &window, &settings).unwrap();
        group.sample_size(20).bench_function(name, |bencher| bencher.iter(run));
    }
}

fn compositors(criterion: &mut Criterion) {
    let scene = synthetic::scene(WIDTH as u32, HEIGHT as u32, FRAMES);
    let (view_window, mut model) = (ViewWindow::new(&scene).unwrap(), looping_model(&scene));
    let hits = view_window.hits(&scene, &model.grid);
    let target = vec![vec![[[128; LANES]; 3]; hits.pixels()]; FRAMES.div_ceil(LANES)];
    let mut group = criterion.benchmark_group("looping");
    group.sample_size(20).bench_function("forward", |bencher| bencher.iter(|| model.render(&hits)));
    let mut buffers = GradientBuffers::default();
    group.bench_function("forward and backward", |bencher| {
        bencher.iter(|| model.compositor(&hits, &target, 1.0, &mut buffers));
    });
    group.bench_function("whole step", |bencher| bencher.iter(|| model.step(&hits, &target, 1.0, 1e-3)));
    group.finish();

    let static_only = static_model(&scene);
    let hits = view_window.hits(&scene, &static_only.grid);
    let (image, list) = (vec![[0.5; 3]; hits.pixels()], || hits.clone());
    let visit = ViewVisit::new(0, &list);
    let mut engine = CpuEngine.static_level(static_only);
    visit.hits();
    criterion.bench_function("static/whole step", |bencher| bencher.iter(|| engine.step(&visit, &image, 1e-3)));
}

criterion_group!(kernels, targets, compositors);
criterion_main!(kernels);
