//! Static stage.

use crate::common::{Setup, assert_interesting, coverage, difference, neighbours, render, seen, share_beyond};
use loop3d_optimizer::cpu::CpuEngine;
use loop3d_optimizer::engine::{Engine, StaticEngine, ViewVisit};
use loop3d_optimizer::hits::Hits;
use loop3d_optimizer::kernels::compositor::static_tiles::{TexelGradient, backward, forward, scatter};
use loop3d_optimizer::static_stage::loss::{SPARSITY, TV_ALPHA, TV_RGB, exposure, squared_error};
use loop3d_optimizer::static_stage::model::{OPACITY_RATE, StaticModel, logit};
use loop3d_optimizer::torch::{TorchEngine, TorchStatic};
use tch::Device;

fn engine() -> TorchEngine {
    TorchEngine::new(Device::Cpu)
}

fn model(setup: &mut Setup) -> StaticModel {
    let texels = setup.texels(setup.grid.static_texel_count());
    let logits = texels.iter().map(|t| [logit(t[0] / t[3]), logit(t[1] / t[3]), logit(t[2] / t[3]), logit(t[3])]);
    StaticModel::new(setup.grid.clone(), logits.collect())
}

/// Error, dL/d(shown) and coverage by the CPU kernels, as a step makes them.
fn cpu_gradient(model: &StaticModel, hits: &Hits, picture: &[[f32; 3]]) -> (f64, TexelGradient) {
    let mut forward = forward(hits, &model.shown);
    let exposure = exposure(&forward.image, picture);
    let mut of_image = Vec::new();
    let error = squared_error(&forward.image, picture, exposure, &mut of_image);
    backward(hits, &mut forward.samples, &of_image, SPARSITY);
    let n = model.grid.static_texel_count();
    let mut gradient = TexelGradient { gradient: vec![[0.0; 4]; n], coverage: vec![0.0; n] };
    scatter(hits, &forward.samples, &model.starts, &mut gradient);
    model.add_total_variation(TV_RGB, TV_ALPHA, &mut gradient);
    (error, gradient)
}

#[test]
fn forward_agrees() {
    for seed in 0..3 {
        let mut setup = Setup::new(seed, false);
        let model = model(&mut setup);
        for view in 0..2 {
            let hits = setup.hits(view);
            assert_interesting(&setup.grid, &hits);
            let (d, most) = difference(
                &forward(&hits, &model.shown).image,
                &TorchStatic::new(model.clone(), Device::Cpu).render(&hits),
            );
            assert!(d < 1e-5 && most > 0.5, "view {view}: {d}");
        }
    }
}

#[test]
fn gradients_agree_with_autograd() {
    for seed in 3..6 {
        let mut setup = Setup::new(seed, false);
        let model = model(&mut setup);
        for view in 0..2 {
            let hits = setup.hits(view);
            let picture = setup.picture(hits.pixels());
            let (error, cpu) = cpu_gradient(&model, &hits, &picture);
            let (torch_error, torch) = TorchStatic::new(model.clone(), Device::Cpu).gradient(&hits, &picture);
            assert!((error - torch_error).abs() < 1e-6 * error, "{error} {torch_error}");
            let (d, most) = difference(&cpu.gradient, &torch.gradient);
            assert!(d < 1e-4 * most && most > 0.1, "{d} of {most}");
            for (a, b) in cpu.coverage.iter().zip(&torch.coverage) {
                assert!((a - b).abs() < 1e-5, "{a} {b}");
            }
        }
    }
}

/// Squared error and sparsity of a window in f64, and the total variation that belongs to one texel.
fn loss64(model: &StaticModel, hits: &Hits, picture: &[[f32; 3]], exposure: f64, texel: (u32, usize, f64)) -> f64 {
    let (id, channel, change) = texel;
    let value = |at: u32| {
        let mut value = model.shown[at as usize].map(f64::from);
        if at == id {
            value[channel] += change;
        }
        value
    };
    let mut loss = 0.0;
    for ((colour, alphas), wanted) in render(hits, &value).iter().zip(picture) {
        loss += (0..3).map(|c| (exposure * colour[c] - f64::from(wanted[c])).powi(2)).sum::<f64>();
        let l2 = alphas.iter().map(|a| a * a).sum::<f64>().sqrt();
        if l2 > 0.0 {
            loss += f64::from(SPARSITY) * alphas.iter().sum::<f64>() / l2;
        }
    }
    let cover = coverage(hits, id).min(1.0);
    for neighbour in neighbours(&model.grid, id) {
        for c in 0..4 {
            let weight = f64::from(if c < 3 { TV_RGB } else { TV_ALPHA });
            loss += cover * weight * (value(id)[c] - f64::from(model.shown[neighbour as usize][c])).abs();
        }
    }
    loss
}

#[test]
fn both_gradients_agree_with_finite_differences() {
    let mut setup = Setup::new(7, false);
    let model = model(&mut setup);
    let hits = setup.hits(0);
    let picture = setup.picture(hits.pixels());
    let exposure = f64::from(exposure(&forward(&hits, &model.shown).image, &picture));
    let (_, cpu) = cpu_gradient(&model, &hits, &picture);
    let (_, torch) = TorchStatic::new(model.clone(), Device::Cpu).gradient(&hits, &picture);
    let ids = seen(&setup.grid, &hits, 61);
    assert!(ids.len() >= 8, "{}", ids.len());
    // Central differences in f64: only the f32 gradients round.
    let step = 1e-5;
    for id in ids {
        for c in 0..4 {
            let at = |change| loss64(&model, &hits, &picture, exposure, (id, c, change));
            let expected = (at(step) - at(-step)) / (2.0 * step);
            for found in [cpu.gradient[id as usize][c], torch.gradient[id as usize][c]] {
                let found = f64::from(found);
                assert!(
                    (found - expected).abs() < 1e-4 * expected.abs() + 1e-5,
                    "texel {id}, channel {c}: {found}, expected {expected}"
                );
            }
        }
    }
}

/// Adam divides by the root of squared gradients: where contributions to a gradient cancel to rounding noise, even its sign
/// is noise, and the two may part by whole steps. That takes a sum within 1e-6 of nothing, so it hits few values; all
/// others follow to a hundredth of a step.
#[test]
fn texels_agree_after_three_steps() {
    const LR: f32 = 0.05;
    let mut setup = Setup::new(11, false);
    let start = model(&mut setup);
    let mut cpu = CpuEngine.static_level(start.clone());
    let mut torch = engine().static_level(start.clone());
    for (step, view) in [0, 1, 0].into_iter().enumerate() {
        let hits = setup.hits(view);
        let picture = setup.picture(hits.pixels());
        let list = || hits.clone();
        let losses = (
            cpu.step(&ViewVisit::new(view, &list), &picture, LR),
            torch.step(&ViewVisit::new(view, &list), &picture, LR),
        );
        assert!((losses.0 - losses.1).abs() < 1e-5 * losses.0, "step {step}: {losses:?}");
    }
    let (cpu, torch) = (cpu.finish(), torch.finish());
    let moved = share_beyond(&start.logits, &cpu.logits, LR);
    assert!(moved > 0.1, "{moved} moved");
    let beyond = share_beyond(&cpu.logits, &torch.logits, 0.01 * LR);
    assert!(beyond < 1e-3, "{beyond} of the logits differ");
}

/// Adam's first step is its learning rate, whatever the gradient, where that is more than ε.
#[test]
fn opacity_moves_at_a_rate_of_its_own() {
    const LR: f32 = 0.01;
    let mut setup = Setup::new(17, false);
    let start = model(&mut setup);
    let hits = setup.hits(0);
    let picture = setup.picture(hits.pixels());
    let list = || hits.clone();
    let (mut cpu, mut torch) = (CpuEngine.static_level(start.clone()), engine().static_level(start.clone()));
    cpu.step(&ViewVisit::new(0, &list), &picture, LR);
    torch.step(&ViewVisit::new(0, &list), &picture, LR);
    for found in [cpu.finish(), torch.finish()] {
        let largest: [f32; 4] = std::array::from_fn(|k| {
            found.logits.iter().zip(&start.logits).map(|(a, b)| (a[k] - b[k]).abs()).fold(0.0, f32::max)
        });
        for (k, rate) in [1.0, 1.0, 1.0, OPACITY_RATE].into_iter().enumerate() {
            assert!((largest[k] - rate * LR).abs() < 0.01 * rate * LR, "channel {k} moved by {}", largest[k]);
        }
    }
}

#[test]
fn what_is_not_seen_does_not_move() {
    let mut setup = Setup::new(13, false);
    let start = model(&mut setup);
    let (hits, nothing) = (setup.hits(0), Hits { start: vec![0; 7], ..Hits::default() });
    let (picture, black) = (setup.picture(hits.pixels()), vec![[0.0; 3]; 6]);
    let (see, see_nothing) = (|| hits.clone(), || nothing.clone());
    let mut idle = engine().static_level(start.clone());
    idle.step(&ViewVisit::new(0, &see_nothing), &black, 0.05);
    idle.step(&ViewVisit::new(1, &see), &picture, 0.05);
    let mut fresh = engine().static_level(start.clone());
    fresh.step(&ViewVisit::new(1, &see), &picture, 0.05);
    let (idle, fresh) = (idle.finish(), fresh.finish());
    // A step that sees nothing leaves values, moments and step counts: the next one is a first one, to the last bit.
    assert_eq!(idle.logits, fresh.logits);
    let mut unseen = 0;
    for (id, (before, after)) in start.logits.iter().zip(&fresh.logits).enumerate() {
        if coverage(&hits, id as u32) == 0.0 {
            assert_eq!(before, after, "texel {id}");
            unseen += 1;
        }
    }
    assert!(unseen > 100 && fresh.logits != start.logits, "{unseen}");
}
