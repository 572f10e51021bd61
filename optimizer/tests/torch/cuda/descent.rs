//! Compositor and descent of the CUDA kernels against the CPU's and libtorch.

use super::host::{both_ways, kernels};
use crate::common::{Rgba, Setup, assert_interesting, coverage, difference, share_beyond};
use crate::looping_level::{EXPOSURES, FRAMES, model, target, visit};
use loop3d_optimizer::cpu::CpuEngine;
use loop3d_optimizer::cuda::{CudaEngine, CudaLooping, Kernels};
use loop3d_optimizer::engine::{Engine, LoopingEngine};
use loop3d_optimizer::grid::LOOPING;
use loop3d_optimizer::hits::Hits;
use loop3d_optimizer::kernels::adam::BETA1;
use loop3d_optimizer::kernels::texel::UNIT;
use loop3d_optimizer::looping_stage::model::{LoopingModel, Target};
use loop3d_optimizer::torch::TorchLooping;
use tch::Device;

const LR: f32 = 0.02;

fn looping(model: &LoopingModel) -> CudaLooping {
    CudaLooping::new(model, kernels(), 1 << 20)
}

fn greatest(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

/// A model of `frames` frames from the first ones of `model`, its texels passed through `change`.
fn changed(model: &LoopingModel, frames: usize, change: impl Fn(Rgba) -> Rgba) -> LoopingModel {
    let texels = |texels: &[Rgba]| -> Vec<Rgba> { texels.iter().map(|texel| change(*texel)).collect() };
    let looping_texels: Vec<_> = model.looping_texels()[..frames].iter().map(|frame| texels(frame)).collect();
    LoopingModel::new(model.grid.clone(), texels(&model.static_texels), &looping_texels, model.exposures.clone())
}

/// Frames of a whole chunk. The CPU's rays end where no frame of a chunk lets light through, ours where this frame does not:
/// the same hit if all frames have the same opacities and none stands for padding.
const WHOLE: usize = 8;

/// Opacities of 0, 0.99 (as 16 bits hold it) and 1, in no order.
fn hard([r, g, b, a]: Rgba) -> Rgba {
    let alpha = [0.0, 64880.0 * UNIT, 1.0][(a * 1000.0) as usize % 3];
    [r.min(alpha), g.min(alpha), b.min(alpha), alpha]
}

/// The gradient of a window as Adam's first step takes it up.
fn gradient(model: &LoopingModel, hits: &Hits, wanted: &Target, view: usize) -> (f64, Vec<Rgba>, Vec<Vec<Rgba>>) {
    let mut ours = looping(model);
    let list = || hits.clone();
    let adopted = ours.upload_target(wanted.clone());
    let loss = ours.step(&visit(view, &list), &adopted, 0.0).unwrap();
    let (static_texels, looping_texels) = ours.first_moments();
    let whole = |texels: Vec<Rgba>| texels.into_iter().map(|g| g.map(|v| v / (1.0 - BETA1))).collect::<Vec<_>>();
    let (static_texels, looping_texels) =
        (whole(static_texels), looping_texels.into_iter().map(whole).collect::<Vec<_>>());
    // `difference` does not see NaN.
    assert!(static_texels.iter().chain(looping_texels.iter().flatten()).flatten().all(|g| g.is_finite()));
    (loss, static_texels, looping_texels)
}

#[test]
fn renders_agree() {
    for seed in 40..43 {
        let mut setup = Setup::new(seed, true);
        let model = model(&mut setup);
        for view in 0..2 {
            let hits = setup.hits(view);
            assert_interesting(&setup.grid, &hits);
            let (cpu, ours) = (model.render(&hits), looping(&model).render(&hits).unwrap());
            assert!(greatest(&cpu, &ours) < 1e-5 && cpu.iter().any(|v| *v > 0.5), "{}", greatest(&cpu, &ours));
        }
    }
}

#[test]
fn rays_end_where_those_of_the_cpu_do() {
    let mut setup = Setup::new(44, true);
    let opaque = changed(&model(&mut setup), WHOLE, |[r, g, b, _]| [r, g, b, 0.99]);
    let hits = setup.hits(0);
    let (cpu, ours) = (opaque.render(&hits), looping(&opaque).render(&hits).unwrap());
    assert!(greatest(&cpu, &ours) < 1e-6);
    // libtorch's never end.
    let torch = TorchLooping::new(&opaque, Device::Cpu, 1 << 30).render(&hits);
    let d = greatest(&ours, &torch);
    assert!(d > 1e-6 && d < 1.0 / 1024.0, "{d}");
}

#[test]
fn gradients_agree() {
    // One frame, a whole chunk, and a chunk and a part.
    for (seed, frames) in [(45, 1), (46, 8), (47, FRAMES)] {
        let mut setup = Setup::new(seed, true);
        let model = changed(&model(&mut setup), frames, |texel| texel);
        for (view, &exposure) in EXPOSURES.iter().enumerate() {
            let hits = setup.hits(view);
            let wanted = target(&mut setup, hits.pixels())[..frames.div_ceil(8)].to_vec();
            let (loss, static_texels, looping_texels) = model.gradients(&hits, &wanted, exposure);
            let (our_loss, our_statics, our_loopings) = gradient(&model, &hits, &wanted, view);
            assert!((loss - our_loss).abs() < 1e-6 * loss, "{loss} {our_loss}");
            let (d, most) = difference(&static_texels, &our_statics);
            assert!(d < 1e-4 * most && most > 1.0, "static: {d} of {most}");
            for (t, (a, b)) in looping_texels.iter().zip(&our_loopings).enumerate() {
                let (d, most) = difference(a, b);
                assert!(d < 1e-4 * most && most > 1.0, "frame {t}: {d} of {most}");
            }
            let torch = TorchLooping::new(&model, Device::Cpu, 1 << 30);
            let torch = torch.gradient(&hits, &torch.upload_target(wanted), exposure);
            let (d, most) = difference(&torch.static_texels, &our_statics);
            assert!(d < 1e-4 * most, "static, libtorch: {d} of {most}");
            let (d, most) = difference(&torch.looping_texels.concat(), &our_loopings.concat());
            assert!(d < 1e-4 * most, "looping, libtorch: {d} of {most}");
        }
    }
}

#[test]
fn gradients_agree_through_holes_and_opaque_texels() {
    let mut setup = Setup::new(48, true);
    // All frames alike but in colour.
    let soft = model(&mut setup);
    let first = soft.frame(0);
    let looping_texels: Vec<Vec<Rgba>> = soft.looping_texels()[..WHOLE]
        .iter()
        .map(|frame| {
            let with_alpha = |(texel, first): (&Rgba, &Rgba)| hard([texel[0], texel[1], texel[2], first[3]]);
            frame.iter().zip(&first).map(with_alpha).collect()
        })
        .collect();
    let static_texels = soft.static_texels.iter().map(|texel| hard(*texel)).collect();
    let model = LoopingModel::new(setup.grid.clone(), static_texels, &looping_texels, EXPOSURES.into());
    for (view, &exposure) in EXPOSURES.iter().enumerate() {
        let hits = setup.hits(view);
        let wanted = target(&mut setup, hits.pixels())[..1].to_vec();
        let (loss, static_texels, looping_texels) = model.gradients(&hits, &wanted, exposure);
        let (our_loss, our_statics, our_loopings) = gradient(&model, &hits, &wanted, view);
        assert!((loss - our_loss).abs() < 1e-6 * loss, "{loss} {our_loss}");
        let (d, most) = difference(&static_texels, &our_statics);
        assert!(d < 1e-4 * most && most > 1.0, "static: {d} of {most}");
        let (d, most) = difference(&looping_texels.concat(), &our_loopings.concat());
        assert!(d < 1e-4 * most && most > 1.0, "looping: {d} of {most}");
    }
}

/// See the test of the same name of the static stage for why a few values may part.
#[test]
fn texels_agree_after_three_steps() {
    // With looping tiles and without; steps as a fit's, and so long that most texels leave what is valid and are brought back.
    for (seed, loops, lr) in [(49, true, LR), (50, false, LR), (53, true, 0.3)] {
        let mut setup = Setup::new(seed, loops);
        let start = model(&mut setup);
        assert_eq!(setup.grid.looping_texel_count() > 0, loops);
        let mut cpu = CpuEngine.looping_level(start.clone());
        let mut ours = CudaEngine::new(kernels()).looping_level(start.clone());
        for (step, view) in [1, 0, 1].into_iter().enumerate() {
            let hits = setup.hits(view);
            let wanted = target(&mut setup, hits.pixels());
            let list = || hits.clone();
            let adopted = ours.upload_target(wanted.clone());
            let losses = (
                LoopingEngine::step(&mut cpu, &visit(view, &list), &wanted, lr).unwrap(),
                ours.step(&visit(view, &list), &adopted, lr).unwrap(),
            );
            assert!((losses.0 - losses.1).abs() < 1e-5 * losses.0, "step {step}: {losses:?}");
        }
        let ours = ours.finish();
        let beyond = share_beyond(&cpu.static_texels, &ours.static_texels, 0.01 * lr);
        assert!(beyond < 1e-3, "{beyond} of the static texels differ");
        assert!(share_beyond(&start.static_texels, &cpu.static_texels, lr) > 0.1);
        for (t, (a, b)) in cpu.looping_texels().iter().zip(ours.looping_texels()).enumerate() {
            let beyond = share_beyond(a, &b, 0.01 * lr);
            assert!(beyond < 1e-3, "frame {t}: {beyond} of the looping texels differ");
        }
        let valid = |t: &Rgba| t[..3].iter().all(|c| (0.0..=t[3]).contains(c)) && t[3] <= 1.0;
        assert!(ours.static_texels.iter().all(valid) && ours.looping_texels().concat().iter().all(valid));
    }
}

/// All that two steps on two views leave behind.
fn after_steps(kernels: &Kernels) -> (Vec<f64>, Vec<Rgba>, Vec<Vec<Rgba>>) {
    let mut setup = Setup::new(51, true);
    let mut ours = CudaEngine::new(kernels.clone()).looping_level(model(&mut setup));
    let step = |view: usize| {
        let hits = setup.hits(view);
        let adopted = ours.upload_target(target(&mut setup, hits.pixels()));
        ours.step(&visit(view, &|| hits.clone()), &adopted, LR).unwrap()
    };
    let losses = [0, 1].map(step).to_vec();
    let model = ours.finish();
    (losses, model.static_texels.clone(), model.looping_texels())
}

#[test]
fn the_order_of_threads_does_not_matter() {
    let [forwards, backwards] = both_ways();
    assert_eq!(after_steps(forwards), after_steps(backwards));
}

#[test]
fn what_is_not_seen_does_not_move() {
    let mut setup = Setup::new(52, true);
    let start = model(&mut setup);
    let (hits, nothing) = (setup.hits(0), Hits { start: vec![0; 7], ..Hits::default() });
    let (wanted, black) = (target(&mut setup, hits.pixels()), target(&mut setup, 6));
    let (see, see_nothing) = (|| hits.clone(), || nothing.clone());
    let (mut idle, mut fresh) = (looping(&start), looping(&start));
    let (wanted, black) = (idle.upload_target(wanted), idle.upload_target(black));
    idle.step(&visit(0, &see_nothing), &black, LR).unwrap();
    idle.step(&visit(1, &see), &wanted, LR).unwrap();
    fresh.step(&visit(1, &see), &wanted, LR).unwrap();
    let (idle, fresh) = (idle.finish(), fresh.finish());
    assert_eq!((&idle.static_texels, idle.looping_texels()), (&fresh.static_texels, fresh.looping_texels()));
    let (before, after) = (start.looping_texels(), fresh.looping_texels());
    let (mut unseen, mut moved) = (0, 0);
    for id in 0..setup.grid.looping_texel_count() {
        let same = (0..FRAMES).all(|t| before[t][id] == after[t][id]);
        if coverage(&hits, id as u32 | LOOPING) == 0.0 {
            assert!(same, "looping texel {id}");
            unseen += 1;
        } else {
            moved += usize::from(!same);
        }
    }
    for id in 0..setup.grid.static_texel_count() {
        if coverage(&hits, id as u32) == 0.0 {
            assert_eq!(start.static_texels[id], fresh.static_texels[id], "static texel {id}");
        }
    }
    assert!(unseen > 100 && moved > 100, "{unseen} {moved}");
}
