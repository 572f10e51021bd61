//! Whole runs of the published pipeline, from encoded texts to frames.

use crate::dit::{syncam, tensors};
use crate::golden::{Golden, difference, json, same};
use crate::vae::vae;
use loop3d_generator::cameras::Cameras;
use loop3d_generator::samplers::{
    Backbone, BackboneError, Cond, Given, Job, Sampler, Settings, Texts, ViewsHow, noise,
};
use loop3d_generator::vae::{Latents, Pixels};
use std::cell::RefCell;
use std::ops::ControlFlow;
use tch::{Device, Kind, Tensor};

const F32: &str = "syncam_pipeline/f32_2steps.safetensors";

/// A model that keeps what it predicted.
struct Recorded<'a> {
    backbone: &'a dyn Backbone,
    predicted: RefCell<Vec<Tensor>>,
}

impl<'a> Recorded<'a> {
    fn new(backbone: &'a dyn Backbone) -> Self {
        Self { backbone, predicted: RefCell::default() }
    }

    fn predicted(&self, index: usize) -> Tensor {
        self.predicted.borrow()[index].shallow_clone()
    }
}

impl Backbone for Recorded<'_> {
    fn velocity(&self, z: &Tensor, sigma: f64, text: &Tensor, cond: &Cond) -> Result<Tensor, BackboneError> {
        let v = self.backbone.velocity(z, sigma, text, cond)?;
        self.predicted.borrow_mut().push(v.copy());
        Ok(v)
    }
}

/// A text's rows, with zeros up to the length that the transformer sees.
fn padded(run: &Golden, name: &str) -> Tensor {
    let length = Golden::open(F32).get("ids").size()[1];
    let rows = run.get(name);
    rows.pad([0, 0, 0, length - rows.size()[1]], "constant", None)
}

/// The seed of a file's noise.
fn seed_of(expected: &Tensor) -> i64 {
    let found = |seed: &i64| difference(&noise(*seed, &expected.size()).to_kind(expected.kind()), expected) == 0.0;
    (0..200).find(found).expect("the noise of a seed below 200")
}

/// The job of the configuration, with the noise of one file and the rest of another.
fn job(start: &Golden, run: &Golden, settings: Settings) -> Job {
    let noise = if start.has("noise") { start.get("noise") } else { run.get("noise") };
    Job {
        settings: Settings { seed: seed_of(&noise), ..settings },
        shape: noise.size().try_into().unwrap(),
        kind: noise.kind(),
        device: Device::Cpu,
        texts: Texts { positive: padded(run, "context_pos"), negative: Some(padded(run, "context_neg")) },
        cond: Cond { cameras: Some(Cameras::new(run.get("cam")).unwrap()) },
        given: Given::Nothing,
        model: "test".to_owned(),
    }
}

fn configured() -> Settings {
    let config = json("syncam_pipeline/config.json");
    Settings {
        steps: config["steps"].as_u64().unwrap() as usize,
        shift: config["shift"].as_f64().unwrap(),
        guidance: config["cfg_scale"].as_f64().unwrap(),
        ..Settings::default()
    }
}

/// Runs a job; the latents after each step come before the result.
fn run(job: &Job, backbone: &dyn Backbone) -> (Vec<Tensor>, Tensor) {
    let mut steps = Vec::new();
    let result = Sampler::new(job, backbone).unwrap().run(None, &mut |progress| {
        steps.push(progress.latents.copy());
        ControlFlow::Continue(())
    });
    (steps, result.unwrap())
}

/// The shift that the second of some noise levels was made with.
fn shift_of(sigmas: &Tensor) -> f64 {
    let (n, sigma) = (sigmas.size()[0] as f64, sigmas.double_value(&[1]));
    let s = (n - 1.0) / n;
    (sigma * (1.0 - s) / (s * (1.0 - sigma)) * 1e4).round() / 1e4
}

#[test]
fn two_steps_to_frames() {
    let (dit, expected) = (syncam(), Golden::open(F32));
    let recorded = Recorded::new(&dit);
    let job = job(&expected, &expected, configured());
    let (steps, latents) = run(&job, &recorded);
    for (k, z) in steps.iter().enumerate() {
        same("v_pos", &recorded.predicted(2 * k), &expected.get(&format!("step{k}.v_pos")));
        same("v_neg", &recorded.predicted(2 * k + 1), &expected.get(&format!("step{k}.v_neg")));
        same("latents", z, &expected.get(&format!("step{k}.latents")));
    }
    same("result", &latents, steps.last().unwrap());
    let latents = Latents::new(latents).unwrap();
    for view in 0..latents.batch() {
        let frames = vae().decode(&latents.clip(view).unwrap(), None).to_u8();
        same("frames", &frames.squeeze_dim(0), &expected.get("frames_u8").get(view));
    }

    // Texts that end where their rows end: the zeros take part.
    let mut wrong = self::job(&expected, &expected, configured());
    wrong.texts.positive = expected.get("context_pos");
    assert!(difference(&run(&wrong, &dit).1, steps.last().unwrap()) > 1e-4);
}

#[test]
fn two_views_are_the_same_in_pairs_and_beside_each_other() {
    let (dit, expected) = (syncam(), Golden::open(F32));
    let last = expected.get(&format!("step{}.latents", configured().steps - 1));
    for views in [ViewsHow::Pairs, ViewsHow::Reference, ViewsHow::Joint] {
        let job = job(&expected, &expected, Settings { views, ..configured() });
        same(&format!("{views:?}"), &run(&job, &dit).1, &last);
    }
}

#[test]
fn without_guidance() {
    let (dit, texts) = (syncam(), Golden::open(F32));
    let expected = Golden::open("syncam_pipeline/f32_4steps_nocfg.safetensors");
    let sigmas = expected.get("sigmas");
    let settings = Settings { steps: sigmas.numel(), shift: shift_of(&sigmas), guidance: 1.0, ..Settings::default() };
    let job = job(&expected, &texts, settings);
    let recorded = Recorded::new(&dit);
    same("latents", &run(&job, &recorded).1, &expected.get("latents"));
    assert_eq!(recorded.predicted.borrow().len(), sigmas.numel(), "one pass a step");
}

#[test]
fn half_precision() {
    let expected = Golden::open("syncam_pipeline/bf16_2steps.safetensors");
    let weights = tensors("syncam_dit/weights.safetensors");
    let dit = crate::dit::model("syncam_dit", weights, Some(Kind::BFloat16));
    let recorded = Recorded::new(&dit);
    let (steps, latents) = run(&job(&expected, &expected, configured()), &recorded);
    for (k, z) in steps.iter().enumerate() {
        same("v_pos", &recorded.predicted(2 * k), &expected.get(&format!("step{k}.v_pos")));
        same("latents", z, &expected.get(&format!("step{k}.latents")));
    }
    assert_eq!(latents.kind(), Kind::BFloat16);
    // The same run in f32 differs.
    let exact = Golden::open(F32).get("step0.latents");
    assert!(difference(&steps[0], &exact) > 1e-4);
}

#[test]
fn a_given_clip() {
    let (dit, texts) = (syncam(), Golden::open(F32));
    let expected = Golden::open("syncam_pipeline/f32_v2v.safetensors");
    let clip = vae().encode(&Pixels::from_u8(&expected.get("input_u8").unsqueeze(0)).unwrap()).unwrap();
    let sigmas = expected.get("sigmas");
    let (sigma, shift) = (sigmas.double_value(&[0]), configured().shift);
    let strength = (sigma / (shift - (shift - 1.0) * sigma) * 1e4).round() / 1e4;
    let mut job = job(&expected, &texts, Settings { steps: sigmas.numel(), strength, ..configured() });
    job.given = Given::Clip(clip.into_tensor());
    let latents = run(&job, &dit).1;
    same("latents", &latents, &expected.get("latents"));

    job.settings.seed += 1;
    assert!(difference(&run(&job, &dit).1, &latents) > 1e-2);
}

#[test]
fn a_view_beside_a_given_one() {
    let (dit, texts) = (syncam(), Golden::open(F32));
    let expected = Golden::open("syncam_pipeline/f32_reference_2steps.safetensors");
    let mut job = job(&expected, &texts, configured());
    job.given = Given::Reference(expected.get("z_ref"));
    let recorded = Recorded::new(&dit);
    let (steps, latents) = run(&job, &recorded);
    for (k, z) in steps.iter().enumerate() {
        let made = |pass: usize| recorded.predicted(3 * k + pass).narrow(0, 1, 1);
        same("v00", &made(0), &expected.get(&format!("step{k}.v00")));
        same("vVT", &made(2), &expected.get(&format!("step{k}.vVT")));
        same("view2", z, &expected.get(&format!("step{k}.view2")));
    }
    same("first view", &latents.narrow(0, 0, 1), &expected.get("z_ref"));
    same("second view", &latents.narrow(0, 1, 1), steps.last().unwrap());

    // The scales of text and clip exchanged.
    (job.settings.guide_text, job.settings.guide_video) = (job.settings.guide_video, job.settings.guide_text);
    assert!(difference(&run(&job, &dit).1, &latents) > 1e-2);
}
