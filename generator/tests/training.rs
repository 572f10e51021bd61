//! Training: the same to the bit on any number of threads, and after a stop.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use loop3d_generator::sizes::{DitConfig, LiftConfig, Sizes, TrackConfig, VaeConfig};
use loop3d_generator::tiny::TinyModel;
use loop3d_generator::train::{TrainError, train};
use loop3d_generator::training::{StageKind, TrainConfig};
use loop3d_scene::job::Event;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

/// A model of about 0.1 M parameters.
fn config(stage: StageKind, steps: u64) -> TrainConfig {
    TrainConfig {
        stage,
        steps,
        batch: 4,
        shards: 4,
        rate: 1e-3,
        average: 0.9,
        reuse: 4,
        measured: 1,
        bf16: false,
        without: Vec::new(),
        from: None,
        seed: 5,
        sizes: Sizes {
            vae: VaeConfig { widths: [8, 16, 32] },
            lift: LiftConfig { widths: [8, 16, 32], planes: 8 },
            dit: DitConfig { width: 48, heads: 2, blocks: 2, text: 16, text_heads: 2, ..DitConfig::default() },
            track: TrackConfig { channels: 16 },
        },
    }
}

/// Trains on some threads, and stops after some steps; the losses of the steps.
fn run(config: &TrainConfig, folder: &Path, threads: usize, stop: usize) -> Vec<u64> {
    let mut losses = Vec::new();
    train(config, folder, None, threads, &mut |event: Event<'_>| {
        if let Event::Step { loss: Some(loss), .. } = event {
            losses.push(loss.to_bits());
        }
        if losses.len() == stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .unwrap();
    losses
}

#[test]
fn losses_are_the_same_on_any_number_of_threads() {
    let config = config(StageKind::Lift, 20);
    let trace = |threads| run(&config, tempfile::tempdir().unwrap().path(), threads, 0);
    let one = trace(1);
    assert_eq!(one.len(), 20);
    assert_eq!(one, trace(2));
    assert_eq!(one, trace(4));
    let [first, last] = [one[0], one[19]].map(f64::from_bits);
    assert!(last < 0.9 * first, "{first} {last}");
    // Another seed is another training.
    let other = TrainConfig { seed: 6, ..config.clone() };
    assert_ne!(one, run(&other, tempfile::tempdir().unwrap().path(), 2, 0));
}

#[test]
fn a_stopped_training_ends_with_the_same_weights() {
    let config = config(StageKind::Vae, 6);
    let [whole, stopped] = [(), ()].map(|()| tempfile::tempdir().unwrap());
    let trace = run(&config, whole.path(), 2, 0);
    let mut parts = run(&config, stopped.path(), 1, 4);
    parts.extend(run(&config, stopped.path(), 2, 0));
    assert_eq!(trace, parts);
    let weights = |folder: &Path| fs::read(folder.join("vae.safetensors")).unwrap();
    assert_eq!(weights(whole.path()), weights(stopped.path()));

    // With other settings it is another training, and its checkpoint stays.
    let kept = fs::read(config.checkpoint(whole.path())).unwrap();
    let other = TrainConfig { rate: 2e-3, ..config.clone() };
    let refused = train(&other, whole.path(), None, 1, &mut |_: Event<'_>| ControlFlow::Continue(()));
    assert!(refused.unwrap_err().to_string().contains("settings.rate: 0.001 there, 0.002 here"));
    assert_eq!(fs::read(config.checkpoint(whole.path())).unwrap(), kept);
}

#[test]
fn stages_build_on_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    // Without the parts below, a stage says which file it lacks.
    let stills = config(StageKind::Stills, 2);
    let missing = train(&stills, folder, None, 2, &mut |_: Event<'_>| ControlFlow::Continue(())).unwrap_err();
    assert!(matches!(&missing, TrainError::Unreadable { path, .. } if path.ends_with("vae.safetensors")), "{missing}");
    run(&config(StageKind::Vae, 2), folder, 2, 0);
    run(&config(StageKind::Lift, 2), folder, 2, 0);
    run(&stills, folder, 2, 0);
    let clips = TrainConfig { from: Some(folder.join("stills.safetensors")), ..config(StageKind::Clips, 1) };
    run(&clips, folder, 2, 0);
    let model = TinyModel::open(folder).unwrap();
    assert_eq!((model.config.width, model.seen_deg, model.track.is_none()), (48, 24.0, true));
    // What follows tracks belongs to one transformer.
    run(&config(StageKind::Track, 2), folder, 2, 0);
    assert!(TinyModel::open(folder).unwrap().track.is_some());
    run(
        &TrainConfig { seed: 8, ..config(StageKind::Clips, 1) },
        {
            fs::remove_file(clips.checkpoint(folder)).unwrap();
            folder
        },
        2,
        0,
    );
    let other = TinyModel::open(folder).unwrap_err().to_string();
    assert!(other.contains("track.safetensors: follows tracks with a transformer that has the digest"), "{other}");
    fs::remove_file(folder.join("track.safetensors")).unwrap();

    // An autoencoder of another training does not fit.
    let other = tempfile::tempdir().unwrap();
    run(&TrainConfig { seed: 9, ..config(StageKind::Vae, 1) }, other.path(), 2, 0);
    fs::copy(other.path().join("vae.safetensors"), folder.join("vae.safetensors")).unwrap();
    let mixed = TinyModel::open(folder).unwrap_err().to_string();
    assert!(mixed.contains("knows the latents of an encoder with the digest"), "{mixed}");
}

#[test]
fn bf16_descends_like_f32() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    run(&config(StageKind::Vae, 2), folder, 2, 0);
    run(&config(StageKind::Lift, 2), folder, 2, 0);
    let trace = |bf16: bool, threads: usize| {
        let own = tempfile::tempdir().unwrap();
        for part in ["vae.safetensors", "lift.safetensors"] {
            fs::copy(folder.join(part), own.path().join(part)).unwrap();
        }
        run(&TrainConfig { bf16, ..config(StageKind::Stills, 6) }, own.path(), threads, 0)
    };
    let (full, half) = (trace(false, 2), trace(true, 2));
    assert_eq!(half, trace(true, 1));
    for (full, half) in full.iter().zip(&half) {
        assert_ne!(full, half, "bf16 rounds");
        let [full, half] = [*full, *half].map(f64::from_bits);
        assert!((full - half).abs() < 0.02 * full, "{full} {half}");
    }
}

#[test]
fn what_cannot_work_is_refused() {
    let said = |change: &dyn Fn(&mut TrainConfig)| {
        let mut config = config(StageKind::Lift, 2);
        change(&mut config);
        config.check().unwrap_err().to_string()
    };
    assert_eq!(said(&|c| c.steps = 0), "--steps: found 0, expected at least 1");
    assert_eq!(said(&|c| c.batch = 6), "--batch: found 6, expected a multiple of --shards 4");
    assert!(said(&|c| c.rate = f64::NAN).starts_with("--rate: found NaN"));
    assert!(said(&|c| c.average = 1.0).starts_with("--average: found 1"));
}
