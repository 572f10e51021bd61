//! The training of what makes the transformer follow tracks (TrackGo, generate-motion §4): the transformer itself stays as it is.
//!
//! The loss is that of the transformer's own training, and the attention loss, which pushes the transformer's own attention along time
//! out of where things move.

use super::TrainError;
use super::dit::{CAP, LOGIT};
use super::parallel::weights;
use super::pictures::{sheet, tensor};
use super::pool::{FRAMES, Rendered, SIDE, Scenes, render};
use super::stage::{Loss, Nets, Parameters, Stage};
use super::vae::UNSEEN;
use crate::metrics::{followed, obj_mc};
use crate::motion::{Background, Part};
use crate::sizes::{DitConfig, Sizes};
use crate::tiny::{
    Asked, Dit, Following, Input, LATENT_CHANNELS, SPACE, Steps, TIME, TrackAdapter, TrackSizes, Vae, bytes, rays,
    sample, track_pictures, words,
};
use glam::DVec2;
use loop3d_sample::scenes::Caption;
use loop3d_scene::Camera;
use loop3d_torch::weights::{Start, normals};
use std::convert::Infallible;
use std::path::Path;
use tch::{Device, Kind, Tensor};

/// Share of clips without tracks, and of captions left out.
const DROPPED: f32 = 0.1;
/// Weight of the attention loss, whose mean over places and frames is about a hundredth of the other's at the start.
const ATTENTION: f64 = 10.0;

pub(super) struct TrackStage {
    /// Those of the transformer are those of its file.
    pub(super) sizes: Sizes,
    /// The digest of the transformer.
    pub(super) base: String,
    /// The digest of the encoder.
    pub(super) latents: String,
}

/// Samples and the number of the first one.
pub(super) struct Shard {
    samples: Vec<Sample>,
    first: u64,
}

struct Sample {
    caption: Caption,
    camera: Camera,
    /// `[t, h, w, 3]`.
    clip: Vec<u8>,
    parts: Vec<Part>,
    /// `[t, h, w]`.
    moving: Vec<f32>,
}

/// What clips, measured, came to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Followed {
    /// Mean distances from the wanted tracks, in pixels: with the tracks, without them.
    pub(super) tracked: f64,
    pub(super) untracked: f64,
    /// Of points that stay, and of the rendered truth after the autoencoder: what the measure reaches.
    pub(super) still: f64,
    pub(super) truth: f64,
    /// Of clips in which everything moves: how many there are, and in how many it moves within 20° of the wanted way.
    pub(super) whole: f64,
    pub(super) turned: f64,
}

impl TrackStage {
    fn model(&self, nets: &Nets) -> Result<(TrackAdapter, Dit, Vae), TrainError> {
        let dit = &self.sizes.dit;
        Ok((
            TrackAdapter::new(&nets.trained, &self.sizes.track, dit)?,
            Dit::new(&nets.frozen.at("dit"), dit)?,
            Vae::new(&nets.frozen.at("vae"), &self.sizes.vae)?,
        ))
    }
}

impl Stage for TrackStage {
    type Shard = Shard;

    fn sizes(&self) -> serde_json::Value {
        serde_json::json!(TrackSizes { track: self.sizes.track.clone(), base: self.base.clone() })
    }

    fn latents(&self) -> Option<String> {
        Some(self.latents.clone())
    }

    fn start(name: &str, shape: &[i64]) -> Start {
        // Nothing is added at the start.
        if name.starts_with("guide.") || name.ends_with(".gate") {
            Start::Constant(0.0)
        } else {
            Start::usual(name, shape)
        }
    }

    /// Queries and keys of tracks begin as those of the transformer.
    fn begin(&self, parameters: &mut Parameters, frozen: &Parameters, _: u64) -> Result<(), TrainError> {
        let dit = weights("frozen", super::parallel::handles(frozen)).at("dit");
        let DitConfig { width, blocks, .. } = self.sizes.dit;
        for block in 0..blocks {
            for (name, shape) in [("weight", vec![width, width]), ("bias", vec![width])] {
                for part in ["q", "k"] {
                    let value = dit.at("blocks").at(block).at("time").at(part).tensor(name, &shape)?;
                    parameters.insert(format!("blocks.{block}.{part}.{name}"), value.to_kind(Kind::Float).copy());
                }
            }
        }
        Ok(())
    }

    fn build(&self, nets: &Nets) -> Result<(), TrainError> {
        self.model(nets)?;
        Ok(())
    }

    fn scenes(&self, _: f64) -> Scenes {
        Scenes { views: 1, whole: true, depth: false, spread_deg: 0.0, moves: true }
    }

    fn shard(&self, samples: &[&Rendered], first: u64, _: f64) -> Shard {
        let sample = |scene: &&Rendered| {
            let moves = scene.moves.clone();
            Sample {
                caption: scene.caption.clone(),
                camera: scene.cameras[0],
                clip: scene.clips[0].clone(),
                parts: moves.as_ref().map_or_else(Vec::new, |moves| moves.parts.clone()),
                moving: moves.map_or_else(Vec::new, |moves| moves.moving),
            }
        };
        Shard { samples: samples.iter().map(sample).collect(), first }
    }

    fn loss(&self, nets: &Nets, shard: &Shard) -> Result<Loss, TrainError> {
        let (adapter, dit, vae) = self.model(nets)?;
        let mut random = fastrand::Rng::with_seed(shard.first ^ 0x7_4ac5);
        let side = i64::from(SIDE);
        let all = |of: &dyn Fn(&Sample) -> Tensor| Tensor::stack(&shard.samples.iter().map(of).collect::<Vec<_>>(), 0);
        let clean = tch::no_grad(|| vae.encode(&all(&|sample| tensor(&sample.clip, side)))).unsqueeze(1);
        let [b, v, n, _, h, w] = [0, 1, 2, 3, 4, 5].map(|axis| clean.size()[axis]);
        let said: Vec<bool> = shard.samples.iter().map(|_| random.f32() >= DROPPED).collect();
        let drawn: Vec<f32> = shard.samples.iter().map(|_| f32::from(u8::from(random.f32() >= DROPPED))).collect();
        let captions = shard.samples.iter().zip(said).map(|(sample, said)| said.then_some(&sample.caption));
        let shown = Tensor::from_slice(&drawn).reshape([b, 1, 1, 1, 1, 1]);
        let pictures = all(&|sample| track_pictures(&sample.parts, FRAMES, [SIDE; 2])).unsqueeze(1) * shown;
        let tracks = adapter.follow(&pictures, Background::FREE);

        let logits = normals(random.u64(..), b as usize, LOGIT[1]);
        let sigma: Vec<f32> = logits.iter().map(|logit| 1.0 / (1.0 + (-(logit + LOGIT[0])).exp())).collect();
        let sigma = Tensor::from_slice(&sigma).reshape([b, v]);
        let noise = normals(shard.first.wrapping_mul(0x9e37_79b9_7f4a_7c15), clean.numel(), 1.0);
        let level = sigma.reshape([b, v, 1, 1, 1, 1]);
        let noisy = &clean * (1.0f64 - &level) + Tensor::from_slice(&noise).reshape(clean.size()) * &level;

        // The moving part of each site and frame, [b · s, n]; nothing where the tracks were left out.
        let moving = all(&|sample| Tensor::from_slice(&sample.moving).reshape([1, FRAMES as i64, side, side]));
        let moving = moving.avg_pool3d([TIME, SPACE, SPACE], [TIME, SPACE, SPACE], [0, 0, 0], false, true, None);
        let moving = moving * Tensor::from_slice(&drawn).reshape([b, 1, 1, 1, 1]);
        let moving = moving.reshape([b, n, h * w]).transpose(1, 2).reshape([b * h * w, n]);
        let mut attention = Vec::new();
        let expected = dit.clean_and_maps(
            &Input {
                latents: &noisy,
                sigma: &sigma,
                words: &words::numbers(captions),
                cameras: &all(&|sample| rays::poses(&[sample.camera])),
                rays: &all(&|sample| rays::rays(&[sample.camera])),
                places: &all(&|sample| rays::places(&[sample.camera])),
                hints: &Tensor::zeros([b, v, n, LATENT_CHANNELS + 1, h, w], (Kind::Float, Device::Cpu)),
                tracks: Some(&tracks),
            },
            &mut |maps| attention.push(maps.loss(&moving)),
        );
        let places = moving.numel().max(1) as f64 * attention.len().max(1) as f64;
        let attention = Tensor::stack(&attention, 0).sum(Kind::Float) / places;
        let weight = sigma.clamp_min(1e-3).square().reciprocal().clamp_max(CAP);
        let error = (expected - &clean).square().mean_dim([2, 3, 4, 5].as_slice(), false, Kind::Float);
        let velocity = (error * weight).mean(Kind::Float);
        let parts = vec![("velocity", velocity.double_value(&[])), ("attention", attention.double_value(&[]))];
        Ok(Loss { total: velocity + attention * ATTENTION, parts })
    }

    fn measure(&self, nets: &Nets, scenes: u64, picture: &Path) -> Result<Vec<(&'static str, f64)>, TrainError> {
        let (adapter, dit, vae) = self.model(nets)?;
        let mut rows = [0, 1, 2, 3].map(|_| Vec::new());
        let found = measure((&adapter, &dit, &vae), scenes, &mut rows)?;
        sheet(&rows.map(|row| Tensor::cat(&row, 0)), picture)?;
        Ok(vec![
            ("obj_mc", found.tracked),
            ("untracked", found.untracked),
            ("still", found.still),
            ("truth", found.truth),
            ("whole", found.whole),
            ("turned", found.turned),
        ])
    }
}

/// ObjMC over unseen scenes. Rows of a picture are added to `rows`, four frames of each: truth, tracks, with them, without.
pub(super) fn measure(
    (adapter, dit, vae): (&TrackAdapter, &Dit, &Vae),
    scenes: u64,
    rows: &mut [Vec<Tensor>; 4],
) -> Result<Followed, TrainError> {
    let how = Scenes { views: 1, whole: true, depth: false, spread_deg: 0.0, moves: true };
    let mut sum = Followed::default();
    let share = 1.0 / scenes as f64;
    for (number, scene) in (0..).zip(render(UNSEEN + 5, 0..scenes, &how)) {
        let Some(moves) = &scene.moves else { continue };
        let truth = tensor(&scene.clips[0], i64::from(SIDE));
        let passed = vae.decode(&vae.encode(&truth.unsqueeze(0)), false).squeeze_dim(0);
        let tracks = adapter.follow_parts(&moves.parts, FRAMES, [SIDE; 2], Background::FREE);
        let steps = Steps { seed: 1 + number, ..Steps::default() };
        let [with, without] = [Some(&tracks), None].map(|tracks| {
            let latents = drawn(dit, &scene.caption, scene.cameras[0], tracks, &steps);
            vae.decode(&latents, false).squeeze_dim(0)
        });
        let wanted: Vec<Vec<DVec2>> = moves.parts.iter().flat_map(|part| part.points.clone()).collect();
        let starts: Vec<DVec2> = wanted.iter().map(|path| path[0]).collect();
        let off = |clip: &Tensor| Ok::<_, TrainError>(obj_mc(&wanted, &followed(&bytes(clip), &starts)?)?);
        let found = followed(&bytes(&with), &starts)?;
        sum.tracked += share * obj_mc(&wanted, &found)?;
        if moves.whole {
            let way = |paths: &[Vec<DVec2>]| paths.iter().map(|path| path[FRAMES / 2] - path[0]).sum::<DVec2>();
            sum.whole += 1.0;
            sum.turned += f64::from(u8::from(way(&found).angle_to(way(&wanted)).to_degrees().abs() <= 20.0));
        }
        sum.untracked += share * off(&without)?;
        sum.truth += share * off(&passed)?;
        let resting: Vec<Vec<DVec2>> = starts.iter().map(|start| vec![*start; FRAMES]).collect();
        sum.still += share * obj_mc(&wanted, &resting)?;
        let pictures = track_pictures(&moves.parts, FRAMES, [SIDE; 2]) * 2.0 - 1.0;
        for (row, shown) in rows.iter_mut().zip([truth, pictures, with, without]) {
            row.extend([0, 4, 8].map(|frame| shown.narrow(0, frame, 1)));
        }
    }
    Ok(sum)
}

/// Latents `[1, n, 16, h, w]` of one view.
fn drawn(dit: &Dit, caption: &Caption, camera: Camera, tracks: Option<&Following<'_>>, how: &Steps) -> Tensor {
    let side = i64::from(SIDE) / SPACE;
    let shape = [1, 1, FRAMES as i64 / TIME, LATENT_CHANNELS + 1, side, side];
    let asked = Asked {
        words: &words::numbers([Some(caption)]),
        cameras: &rays::poses(&[camera]).unsqueeze(0),
        rays: &rays::rays(&[camera]).unsqueeze(0),
        places: &rays::places(&[camera]).unsqueeze(0),
        hints: &Tensor::zeros(shape, (Kind::Float, Device::Cpu)),
        known: None,
        tracks,
    };
    let Ok(latents) = sample(dit, &asked, how, &mut |_| Ok::<(), Infallible>(()));
    latents.squeeze_dim(1)
}
