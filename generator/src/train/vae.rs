//! The autoencoder's training: the encoder in one step, the principal components of what scenes look like; the decoder on stills
//! and clips, by the absolute error of pixels, of their gradients and of their motion.

use super::TrainError;
use super::pictures::{psnr, sheet, tensor};
use super::pool::{FRAMES, Rendered, SIDE, Scenes, render};
use super::stage::{Loss, Nets, Parameters, Stage};
use crate::sizes::VaeConfig;
use crate::tiny::{CELL, LATENT_CHANNELS, Vae, cells};
use loop3d_torch::weights::{Start, normals};
use std::path::Path;
use tch::{Kind, Tensor};

/// Weight of the spatial gradients' error.
const GRADIENT: f64 = 0.1;
/// Weight of the motion's error.
const MOTION: f64 = 0.5;
/// Clips whose principal components a new model begins with.
const CODED: u64 = 48;
/// Most noise on the latents that the decoder learns from, each time another amount. A decoder of true latents alone shows the
/// edges of their cells in those that a transformer makes, which are a little wrong everywhere.
const NOISE: f64 = 0.3;
/// Seed of the scenes that measure.
pub(super) const UNSEEN: u64 = 1 << 40;

pub(super) struct VaeStage {
    pub(super) config: VaeConfig,
}

/// Stills and one clip, and the number of the first in the whole training.
pub(super) struct Shard {
    stills: Vec<u8>,
    clip: Vec<u8>,
    first: u64,
}

impl Stage for VaeStage {
    type Shard = Shard;

    fn sizes(&self) -> serde_json::Value {
        serde_json::json!(self.config)
    }

    fn start(name: &str, shape: &[i64]) -> Start {
        match name {
            // A new decoder is its linear code alone.
            "decoder.last.conv.weight" => Start::Constant(0.0),
            _ => Start::usual(name, shape),
        }
    }

    /// The linear code that loses least: the principal components of cells. Their scale is between their own and a common one
    /// (variances become their square roots, 1 on average), so that what is seen best counts most when latents are learned.
    fn begin(&self, parameters: &mut Parameters, _: &Parameters, seed: u64) -> Result<(), TrainError> {
        let scenes = render(seed, 0..CODED, &self.scenes(0.0));
        let cells = scenes.iter().map(|scene| cells(&clip(scene)).transpose(0, 1).flatten(1, 3)).collect::<Vec<_>>();
        let cells = Tensor::cat(&cells, 1).to_kind(Kind::Double);
        let mean = cells.mean_dim(1, true, Kind::Double);
        let centred = &cells - &mean;
        let covariance = centred.matmul(&centred.transpose(0, 1)) / cells.size()[1] as f64;
        let (variances, components) = covariance.linalg_eigh("L");
        let from = CELL - LATENT_CHANNELS;
        let roots = variances.narrow(0, from, LATENT_CHANNELS).clamp_min(1e-9).sqrt();
        // Divided by these, a component of variance λ has the variance √λ over the mean of all √λ.
        let scales = ((&roots) * roots.mean(Kind::Double)).sqrt().unsqueeze(0);
        // [384, 16]
        let components = components.narrow(1, from, LATENT_CHANNELS);
        let code = (&components / &scales).transpose(0, 1);
        let mut set = |name: &str, value: &Tensor, shape: &[i64]| {
            parameters.insert(name.to_owned(), value.to_kind(Kind::Float).reshape(shape).contiguous());
        };
        set("encoder.weight", &code, &[LATENT_CHANNELS, CELL, 1, 1]);
        set("encoder.bias", &-code.matmul(&mean), &[LATENT_CHANNELS]);
        set("decoder.code.weight", &(components * scales), &[CELL, LATENT_CHANNELS, 1, 1]);
        set("decoder.code.bias", &mean, &[CELL]);
        Ok(())
    }

    fn build(&self, nets: &Nets) -> Result<(), TrainError> {
        Vae::new(&nets.trained, &self.config)?;
        Ok(())
    }

    fn scenes(&self, _: f64) -> Scenes {
        Scenes { views: 1, whole: true, depth: false, spread_deg: 0.0, moves: false }
    }

    fn shard(&self, samples: &[&Rendered], first: u64, _: f64) -> Shard {
        let frame = (SIDE * SIDE * 3) as usize;
        let moment = |number: u64| (number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 60) as usize % FRAMES;
        let still = |(number, sample): (u64, &&Rendered)| sample.clips[0][frame * moment(number)..][..frame].to_vec();
        let stills = (first..).zip(samples).skip(1).flat_map(still).collect();
        Shard { stills, clip: samples.first().map_or_else(Vec::new, |sample| sample.clips[0].clone()), first }
    }

    fn loss(&self, nets: &Nets, shard: &Shard) -> Result<Loss, TrainError> {
        let vae = Vae::new(&nets.trained, &self.config)?;
        let side = i64::from(SIDE);
        let clip = tensor(&shard.clip, side).unsqueeze(0);
        let (clip_loss, clip_error) = one(&vae, &clip, false, shard.first);
        if shard.stills.is_empty() {
            return Ok(Loss { total: clip_loss, parts: vec![("clip_error", clip_error), ("still_error", 0.0)] });
        }
        let stills = tensor(&shard.stills, side).unsqueeze(1);
        let (still_loss, still_error) = one(&vae, &stills, true, shard.first + 1);
        let parts = vec![("clip_error", clip_error), ("still_error", still_error)];
        Ok(Loss { total: (clip_loss + still_loss) * 0.5, parts })
    }

    fn measure(&self, nets: &Nets, scenes: u64, picture: &Path) -> Result<Vec<(&'static str, f64)>, TrainError> {
        let vae = Vae::new(&nets.trained, &self.config)?;
        let (mut clips, mut stills, mut rows) = (0.0, 0.0, [Vec::new(), Vec::new()]);
        for scene in render(UNSEEN, 0..scenes, &self.scenes(1.0)) {
            let clip = clip(&scene);
            let made = vae.decode(&vae.encode(&clip), false);
            let still = clip.narrow(1, 0, 1);
            clips += psnr(&made, &clip) / scenes as f64;
            stills += psnr(&vae.decode(&vae.encode(&still), true), &still) / scenes as f64;
            for (row, clip) in rows.iter_mut().zip([&clip, &made]) {
                row.push(clip.get(0).narrow(0, 0, 1));
            }
        }
        let rows = rows.map(|row| Tensor::cat(&row, 0));
        sheet(&rows, picture)?;
        Ok(vec![("clip_psnr", clips), ("still_psnr", stills)])
    }
}

/// `[1, t, 3, h, w]`.
fn clip(scene: &Rendered) -> Tensor {
    tensor(&scene.clips[0], i64::from(SIDE)).unsqueeze(0)
}

/// The loss of clips `[b, t, 3, h, w]` from latents with noise, and their mean absolute error.
fn one(vae: &Vae, clips: &Tensor, still: bool, seed: u64) -> (Tensor, f64) {
    let latents = tch::no_grad(|| noisy(&vae.encode(clips), seed));
    let made = vae.pixels(&latents, still);
    let error = |a: &Tensor, b: &Tensor| (a - b).abs().mean(Kind::Float);
    let pixels = error(&made, clips);
    let measured = pixels.double_value(&[]);
    let slope = |x: &Tensor, axis: i64| x.diff(1, axis, None::<&Tensor>, None::<&Tensor>);
    let mut loss = pixels;
    for axis in [3, 4] {
        loss = &loss + error(&slope(&made, axis), &slope(clips, axis)) * GRADIENT;
    }
    if !still {
        let motion = |x: &Tensor| x.roll(-1, 1) - x;
        loss = &loss + error(&motion(&made), &motion(clips)) * MOTION;
    }
    (loss, measured)
}

/// Latents `[b, n, 16, h, w]` with as much noise in each clip as comes up.
fn noisy(latents: &Tensor, seed: u64) -> Tensor {
    let mut random = fastrand::Rng::with_seed(seed ^ 0x5eed);
    let amounts: Vec<f32> = (0..latents.size()[0]).map(|_| random.f32() * NOISE as f32).collect();
    let amounts = Tensor::from_slice(&amounts).reshape([-1, 1, 1, 1, 1]);
    latents + Tensor::from_slice(&normals(random.u64(..), latents.numel(), 1.0)).reshape(latents.size()) * amounts
}
