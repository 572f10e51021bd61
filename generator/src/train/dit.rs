//! The transformer's training: stills first, which carry all the parallax at an eighth of the cost, then clips.
//!
//! The shards of a step take turns: novel views of a known first view, single views from noise, several views from noise. All
//! learn to expect clean latents; the loss is that of the velocity, capped (generate-tiny §3).

use super::TrainError;
use super::parallel::{handles, weights};
use super::pictures::tensor;
use super::pool::{FRAMES, Rendered, SIDE, Scenes, render};
use super::score;
use super::stage::{Loss, Nets, Parameters, Stage};
use crate::sizes::{DitConfig, LiftConfig, VaeConfig};
use crate::tiny::{Dit, Input, Lift, Vae, hint_statistics, hints, rays, statistics, words};
use crate::training::StageKind;
use loop3d_sample::scenes::{Caption, Curriculum};
use loop3d_scene::Camera;
use loop3d_torch::weights::{Start, normals};
use std::path::Path;
use tch::{Kind, Tensor};

/// Largest weight of a noise level, that of 1/σ² in the loss of the velocity.
pub(super) const CAP: f64 = 4.0;
/// Share of captions, and of cameras, that are left out, for guidance.
const DROPPED: f32 = 0.1;
/// Scenes whose latents' means and variances are measured, and what makes their seed another one.
const MEASURED: u64 = 64;
const STATISTICS: u64 = 1 << 41;
/// Of these, scenes whose hints are compared with the truth.
const HINTED: usize = 24;
/// Mean and deviation of the noise level's logit. The brightness and colour of a whole picture, which words speak of, only drown
/// in the highest noise.
pub(super) const LOGIT: [f32; 2] = [1.0, 1.6];

/// What a shard learns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Task {
    /// Other views of a first one that is known.
    Novel,
    /// One view from noise.
    Single,
    /// All views from noise.
    Joint,
}

/// The order of the tasks, shard by shard. Single views have most to learn: words, and in clips motion. Novel views follow their
/// hints from the beginning.
const TASKS: [Task; 8] = {
    use Task::{Joint, Novel, Single};
    [Novel, Single, Single, Novel, Single, Single, Single, Joint]
};

pub(super) struct DitStage {
    pub(super) kind: StageKind,
    pub(super) config: DitConfig,
    pub(super) vae: VaeConfig,
    pub(super) lift: LiftConfig,
    pub(super) curriculum: Curriculum,
    /// The digest of the encoder.
    pub(super) latents: String,
}

/// Samples of one task.
pub(super) struct Shard {
    task: Task,
    samples: Vec<Sample>,
    first: u64,
}

struct Sample {
    caption: Caption,
    cameras: Vec<Camera>,
    /// `[v][t, h, w, 3]`.
    clips: Vec<Vec<u8>>,
}

impl DitStage {
    fn clips(&self) -> bool {
        self.kind == StageKind::Clips
    }

    /// The model with its frozen parts.
    pub(super) fn model(&self, nets: &Nets) -> Result<(Dit, Vae, Lift), TrainError> {
        let dit = Dit::new(&nets.trained, &self.config)?;
        Ok((dit, Vae::new(&nets.frozen.at("vae"), &self.vae)?, Lift::new(&nets.frozen.at("lift"), &self.lift)?))
    }
}

impl Stage for DitStage {
    type Shard = Shard;

    fn sizes(&self) -> serde_json::Value {
        serde_json::json!(self.config)
    }

    fn latents(&self) -> Option<String> {
        Some(self.latents.clone())
    }

    fn start(name: &str, shape: &[i64]) -> Start {
        // The way out begins small, so that a new model is nearly its linear guess; not at zero, or nothing below it would learn.
        match name {
            _ if name.starts_with("prior.") => Start::Constant(1.0),
            "last.weight" => Start::Normal(0.01),
            _ if name.ends_with("table") => Start::Normal(0.02),
            _ if name.ends_with("rows.weight") => Start::Normal(0.02),
            "rows.bias" => Start::Constant(0.3),
            "text.words" => Start::Normal(1.0),
            "text.places" => Start::Normal(0.3),
            _ => Start::usual(name, shape),
        }
    }

    /// Means and variances of the latents of some scenes.
    fn begin(&self, parameters: &mut Parameters, frozen: &Parameters, seed: u64) -> Result<(), TrainError> {
        let vae = Vae::new(&weights("frozen", handles(frozen)).at("vae"), &self.vae)?;
        let how = Scenes { views: 2, whole: true, depth: false, spread_deg: self.curriculum.to_deg, moves: false };
        let clip = |rgb: &Vec<u8>| vae.encode(&tensor(rgb, i64::from(SIDE)).unsqueeze(0));
        let scenes = render(seed ^ STATISTICS, 0..MEASURED, &how);
        let clips: Vec<Tensor> = scenes.iter().flat_map(|scene| scene.clips.iter().map(clip)).collect();
        for (name, value) in ["mean", "still", "moving"].iter().zip(statistics(&Tensor::cat(&clips, 0))) {
            parameters.insert(format!("prior.{name}"), value);
        }
        // Hints take longer, and say as much in half of a clip.
        let lift = Lift::new(&weights("frozen", handles(frozen)).at("lift"), &self.lift)?;
        let (mut seen, mut hinted) = (Vec::new(), Vec::new());
        for scene in scenes.iter().take(HINTED) {
            let half = |rgb: &Vec<u8>| tensor(rgb, i64::from(SIDE)).narrow(0, 0, FRAMES as i64 / 2);
            seen.push(vae.encode(&half(&scene.clips[1]).unsqueeze(0)));
            hinted.push(hints(&vae, &lift, &half(&scene.clips[0]), &scene.cameras).latents.narrow(0, 1, 1));
        }
        let found = hint_statistics(&Tensor::cat(&seen, 0), &Tensor::cat(&hinted, 0));
        for (name, value) in ["hint_still", "hint_moving"].iter().zip(found) {
            parameters.insert(format!("prior.{name}"), value);
        }
        Ok(())
    }

    fn build(&self, nets: &Nets) -> Result<(), TrainError> {
        self.model(nets)?;
        Ok(())
    }

    fn scenes(&self, done: f64) -> Scenes {
        let views = if self.clips() { 2 } else { 4 };
        Scenes { views, whole: self.clips(), depth: false, spread_deg: self.curriculum.spread_deg(done), moves: false }
    }

    fn shard(&self, samples: &[&Rendered], first: u64, _: f64) -> Shard {
        let task = TASKS[(first / samples.len().max(1) as u64) as usize % TASKS.len()];
        let sample = |(number, scene): (u64, &&Rendered)| {
            // Any view may be the first.
            let mut order: Vec<usize> = (0..scene.cameras.len()).collect();
            order.rotate_left((number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as usize % scene.cameras.len());
            Sample {
                caption: scene.caption.clone(),
                cameras: order.iter().map(|view| scene.cameras[*view]).collect(),
                clips: order.iter().map(|view| scene.clips[*view].clone()).collect(),
            }
        };
        Shard { task, samples: (first..).zip(samples).map(sample).collect(), first }
    }

    fn loss(&self, nets: &Nets, shard: &Shard) -> Result<Loss, TrainError> {
        let (dit, vae, lift) = self.model(nets)?;
        let mut random = fastrand::Rng::with_seed(shard.first ^ 0x5eed);
        let side = i64::from(SIDE);
        let single = shard.task == Task::Single;
        let (mut latents, mut hinted, mut cameras, mut maps, mut places, mut captions) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
        tch::no_grad(|| {
            for sample in &shard.samples {
                let clips: Vec<Tensor> = sample.clips.iter().map(|clip| tensor(clip, side)).collect();
                let clean = vae.encode(&Tensor::stack(&clips, 0));
                // A single view is one of several samples.
                let size = if single { 1 } else { clips.len() };
                for start in (0..clips.len()).step_by(size) {
                    let rig = &sample.cameras[start..start + size];
                    let part = clean.narrow(0, start as i64, size as i64);
                    let hint = if shard.task == Task::Novel && self.config.hints {
                        hints(&vae, &lift, &clips[0], rig).latents
                    } else {
                        let [v, n, _, h, w] = [0, 1, 2, 3, 4].map(|axis| part.size()[axis]);
                        Tensor::zeros([v, n, crate::tiny::LATENT_CHANNELS + 1, h, w], (Kind::Float, part.device()))
                    };
                    let said = if shard.task == Task::Novel || random.f32() >= DROPPED { 1.0 } else { 0.0 };
                    latents.push(part);
                    hinted.push(hint);
                    cameras.push(rays::poses(rig) * said);
                    maps.push(rays::rays(rig) * said);
                    places.push(rays::places(rig));
                    captions.push((random.f32() >= DROPPED).then_some(&sample.caption));
                }
            }
        });
        let [clean, hinted, cameras, maps, places] =
            [latents, hinted, cameras, maps, places].map(|parts| Tensor::stack(&parts, 0));
        let [b, v] = [0, 1].map(|axis| clean.size()[axis]);
        let sigma = levels(b, v, shard.task == Task::Novel, &mut random);
        let noise = normals(shard.first.wrapping_mul(0x9e37_79b9_7f4a_7c15), clean.numel(), 1.0);
        let noise = Tensor::from_slice(&noise).reshape(clean.size());
        let level = sigma.reshape([b, v, 1, 1, 1, 1]);
        let noisy = &clean * (1.0f64 - &level) + noise * &level;
        let expected = dit.clean(&Input {
            latents: &noisy,
            sigma: &sigma,
            words: &words::numbers(captions),
            cameras: &cameras,
            rays: &maps,
            places: &places,
            hints: &hinted,
            tracks: None,
        });
        // Views that are known have σ = 0 and no loss.
        let weight = sigma.gt(0.0).to_kind(Kind::Float) * sigma.clamp_min(1e-3).square().reciprocal().clamp_max(CAP);
        let error = (expected - &clean).square().mean_dim([2, 3, 4, 5].as_slice(), false, Kind::Float);
        let total = (&error * weight).mean(Kind::Float);
        let part = match shard.task {
            Task::Novel => "novel",
            Task::Single => "single",
            Task::Joint => "joint",
        };
        // The mean over the shards of a step divides by their number.
        let parts =
            ["novel", "single", "joint"].map(|name| (name, if name == part { total.double_value(&[]) } else { 0.0 }));
        Ok(Loss { total, parts: parts.to_vec() })
    }

    fn measure(&self, nets: &Nets, scenes: u64, picture: &Path) -> Result<Vec<(&'static str, f64)>, TrainError> {
        let (dit, vae, lift) = self.model(nets)?;
        score::measure((&dit, &vae, &lift), self.config.hints, self.clips(), scenes, picture)
    }
}

/// A noise level for each sample, the same for its views but a first one that is known: `[b, v]`.
fn levels(b: i64, v: i64, known: bool, random: &mut fastrand::Rng) -> Tensor {
    let logits = normals(random.u64(..), b as usize, LOGIT[1]);
    let sigma = |logit: &f32| 1.0 / (1.0 + (-(logit + LOGIT[0])).exp());
    let numbers: Vec<f32> = logits
        .iter()
        .flat_map(|logit| (0..v).map(move |view| if known && view == 0 { 0.0 } else { sigma(logit) }))
        .collect();
    Tensor::from_slice(&numbers).reshape([b, v])
}
