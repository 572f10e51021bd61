//! Schedules, solvers and guidance against the published code.

use crate::golden::{Golden, difference, near, same};
use loop3d_generator::samplers::{
    SamplerError, Schedule, UniPc, euler, noised, three_pass, training_weights, two_pass,
};
use tch::{Kind, Tensor};

fn file() -> Golden {
    Golden::open("scheduler/scheduler.safetensors")
}

/// The names before `.sigmas` that begin with `prefix`, with their steps, shift and strength: `n20_shift5_strength06`.
fn schedules(file: &Golden, prefix: &str) -> Vec<(String, usize, f64, f64)> {
    let names = file.names().into_iter().filter_map(|name| Some(name.strip_suffix(".sigmas")?.to_owned()));
    let parsed = names.filter_map(|name| {
        let mut parts = name.strip_prefix(prefix)?.split('_');
        let steps = parts.next()?.strip_prefix('n')?.parse().ok()?;
        let shift = parts.next()?.strip_prefix("shift")?.parse().ok()?;
        let strength = parts.next().map_or("1", |part| part.strip_prefix("strength").unwrap());
        // 06 is 0.6.
        let strength = if strength == "1" { 1.0 } else { format!("0.{}", &strength[1..]).parse().unwrap() };
        Some((name.clone(), steps, shift, strength))
    });
    parsed.collect()
}

#[test]
fn published_schedules() {
    let file = file();
    let all = schedules(&file, "");
    assert!(all.len() >= 4, "{all:?}");
    for (name, steps, shift, strength) in all {
        let schedule = Schedule::new(steps, shift, strength).unwrap();
        assert_eq!((schedule.steps(), schedule.sigmas()[steps]), (steps, 0.0));
        let times = Tensor::from_slice(&schedule.times());
        same(&name, &Tensor::from_slice(&schedule.sigmas()[..steps]), &file.get(&format!("{name}.sigmas")));
        same(&name, &times, &file.get(&format!("{name}.timesteps")));
        same(&name, &times.to_kind(Kind::BFloat16), &file.get(&format!("{name}.timesteps_bf16")));
    }
    // diffusers shifts the end points twice.
    for (name, steps, shift, _) in schedules(&file, "diffusers_euler_") {
        let ours = Tensor::from_slice(Schedule::new(steps, shift, 1.0).unwrap().sigmas());
        assert!(difference(&ours, &file.get(&format!("{name}.sigmas"))) > 1e-2);
    }
    for (steps, shift, strength, name) in
        [(0, 5.0, 1.0, "steps"), (2, 0.0, 1.0, "shift"), (2, f64::NAN, 1.0, "shift"), (2, 5.0, 1.1, "strength")]
    {
        let error = Schedule::new(steps, shift, strength).unwrap_err();
        assert!(matches!(error, SamplerError::Setting { name: found, .. } if found == name), "{error}");
    }
}

#[test]
fn training() {
    let file = file();
    let times = file.get("train1000_shift5.timesteps");
    let schedule = Schedule::new(times.numel(), 5.0, 1.0).unwrap();
    same("times", &Tensor::from_slice(&schedule.times()), &times);
    let weights = training_weights(&times);
    same("weights", &weights, &file.get("train1000_shift5.weights"));
    assert!((weights.mean(None).double_value(&[]) - 1.0).abs() < 1e-5);
    let evenly = Tensor::from_slice(&Schedule::new(times.numel(), 1.0, 1.0).unwrap().times());
    assert!(difference(&training_weights(&evenly), &weights) > 1e-2);
}

/// The toy field of the data.
fn toy(z: &Tensor, time: f64) -> Tensor {
    // The time's share is computed in f32, as there.
    z.tanh() * f64::from(0.5 + (time as f32) / 1000.0)
}

#[test]
fn euler_on_a_toy_field() {
    let file = file();
    let path = file.get("toy.euler");
    let mut sigmas: Vec<f32> = file.get("toy.sigmas").try_into().unwrap();
    sigmas.push(0.0);
    let mut z = path.get(0);
    let (mut wrong, mut worst) = (path.get(0), 0f64);
    for k in 0..sigmas.len() - 1 {
        let time = file.get("toy.timesteps").double_value(&[k as i64]);
        z = euler(&z, &toy(&z, time), sigmas[k], sigmas[k + 1]);
        same(&format!("step {k}"), &z, &path.get(k as i64 + 1));
        // The step in the other direction.
        wrong = euler(&wrong, &toy(&wrong, time), sigmas[k + 1], sigmas[k]);
        worst = worst.max(difference(&wrong, &path.get(k as i64 + 1)));
    }
    assert!(worst > 1e-2);
}

#[test]
fn unipc_on_a_toy_field() {
    let file = file();
    let all = schedules(&file, "unipc_");
    assert!(!all.is_empty());
    for (name, steps, shift, _) in all {
        let schedule = Schedule::unipc(steps, shift, 1.0).unwrap();
        near(&name, &Tensor::from_slice(schedule.sigmas()), &file.get(&format!("{name}.sigmas")), 1e-7);
        let times = file.get(&format!("{name}.timesteps"));
        let path = file.get(&format!("{name}.traj"));
        let (mut run, mut z) = (UniPc::default(), path.get(0));
        let mut first_order = path.get(0);
        for k in 0..steps {
            let time = times.double_value(&[k as i64]);
            let v = toy(&z, time);
            // Stopped and continued after every step.
            let state = run.state();
            let mut resumed =
                UniPc::restored(|name| state.iter().find(|(found, _)| found == name).map(|(_, t)| t.shallow_clone()));
            let again = resumed.step(k, schedule.sigmas(), &z, &v);
            z = run.step(k, schedule.sigmas(), &z, &v);
            same("resumed", &again, &z);
            near(&format!("{name} step {k}"), &z, &path.get(k as i64 + 1), 1e-6);
            first_order = UniPc::default().step(k, schedule.sigmas(), &first_order, &toy(&first_order, time));
        }
        assert!(difference(&first_order, &path.get(steps as i64)) > 1e-4);
    }
}

#[test]
fn guidance() {
    let file = file();
    let [v00, v_clip, v_both] = ["guid.v00", "guid.vV0", "guid.vVT"].map(|name| file.get(name));
    same("two passes", &two_pass(&v00, &v_both, 5.0), &file.get("guid.cfg5_neg_a_pos_c"));
    same("three passes", &three_pass(&v00, &v_clip, &v_both, 1.8, 7.5), &file.get("guid.dual_sV1.8_sT7.5"));
    same("anchor", &three_pass(&v00, &v_clip, &v_both, 7.5, 7.5), &file.get("guid.anchor_wT7.5_wA7.5"));
    assert!(difference(&two_pass(&v_both, &v00, 5.0), &file.get("guid.cfg5_neg_a_pos_c")) > 1e-2);
    assert!(
        difference(&three_pass(&v00, &v_clip, &v_both, 7.5, 1.8), &file.get("guid.dual_sV1.8_sT7.5")) > 1e-2,
        "scales exchanged"
    );
}

#[test]
fn noising() {
    let file = file();
    let sigma = file.get("addnoise.t").double_value(&[0]) as f32 / 1000.0;
    let (clean, noise) = (file.get("addnoise.x0"), file.get("addnoise.noise"));
    near("addnoise", &noised(&clean, &noise, sigma), &file.get("addnoise.out"), 1e-7);
    assert!(difference(&noised(&noise, &clean, sigma), &file.get("addnoise.out")) > 1e-2);
}
