//! The autoencoder's training: stills and clips, absolute error of pixels, of their gradients and of their motion, and a trace of
//! divergence from the normal distribution.

use super::TrainError;
use super::pictures::{psnr, sheet, tensor};
use super::pool::{FRAMES, Rendered, SIDE, Scenes, render};
use super::stage::{Loss, Nets, Parameters, Stage};
use crate::tiny::{LATENT_CHANNELS, Vae, VaeConfig};
use loop3d_torch::weights::{Start, normals};
use std::path::Path;
use tch::{Kind, Tensor};

/// Weight of the spatial gradients' error.
const GRADIENT: f64 = 0.1;
/// Weight of the motion's error.
const MOTION: f64 = 0.5;
/// Weight of the divergence.
const DIVERGENCE: f64 = 1e-6;
/// Seed of the scenes that measure.
pub(super) const UNSEEN: u64 = 1 << 40;
/// Clips that measure.
const MEASURED: u64 = 12;

#[derive(Default)]
pub(super) struct VaeStage {
    config: VaeConfig,
}

/// Stills and one clip.
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
            "latents.mean" => Start::Constant(0.0),
            "latents.deviation" => Start::Constant(1.0),
            _ => Start::usual(name, shape),
        }
    }

    fn build(&self, nets: &Nets) -> Result<(), TrainError> {
        Vae::new(&nets.trained, &self.config)?;
        Ok(())
    }

    fn scenes(&self, _: f64) -> Scenes {
        Scenes { views: 1, whole: true, depth: false, spread_deg: 0.0 }
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
            return Ok(Loss { total: clip_loss, parts: vec![("clip_error", clip_error)] });
        }
        let stills = tensor(&shard.stills, side).unsqueeze(1);
        let (still_loss, still_error) = one(&vae, &stills, true, shard.first + 1);
        let parts = vec![("clip_error", clip_error), ("still_error", still_error)];
        Ok(Loss { total: (clip_loss + still_loss) * 0.5, parts })
    }

    fn finish(&self, average: &mut Parameters, nets: &Nets) -> Result<(), TrainError> {
        let vae = Vae::new(&nets.trained, &self.config)?;
        let scenes = render(UNSEEN + 1, 0..16, &self.scenes(1.0));
        let latents: Vec<Tensor> =
            scenes.iter().map(|scene| vae.distribution(&clip(scene)).mean.flatten(0, 1)).collect();
        let latents = Tensor::cat(&latents, 0).transpose(0, 1).flatten(1, 3);
        average.insert("latents.mean".to_owned(), latents.mean_dim(1, false, Kind::Float));
        average.insert("latents.deviation".to_owned(), latents.std_dim(1, true, false).clamp_min(1e-3));
        Ok(())
    }

    fn measure(&self, nets: &Nets, picture: &Path) -> Result<Vec<(&'static str, f64)>, TrainError> {
        let vae = Vae::new(&nets.trained, &self.config)?;
        let (mut clips, mut stills, mut rows) = (0.0, 0.0, [Vec::new(), Vec::new()]);
        for scene in render(UNSEEN, 0..MEASURED, &self.scenes(1.0)) {
            let clip = clip(&scene);
            let made = vae.decode(&vae.encode(&clip), false);
            let still = clip.narrow(1, 0, 1);
            clips += psnr(&made, &clip) / MEASURED as f64;
            stills += psnr(&vae.decode(&vae.encode(&still), true), &still) / MEASURED as f64;
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

/// The loss of clips `[b, t, 3, h, w]`, and their mean absolute error.
fn one(vae: &Vae, clips: &Tensor, still: bool, seed: u64) -> (Tensor, f64) {
    let found = vae.distribution(clips);
    let noise = Tensor::from_slice(&normals(seed, found.mean.numel(), 1.0)).reshape(found.mean.size());
    let latents = &found.mean + noise * (&found.log_variance * 0.5).exp();
    let made = vae.pixels(&latents, still);
    let error = |a: &Tensor, b: &Tensor| (a - b).abs().mean(Kind::Float);
    let pixels = error(&made, clips);
    let measured = pixels.double_value(&[]);
    let slope = |x: &Tensor, axis: i64| x.diff(1, axis, None::<&Tensor>, None::<&Tensor>);
    let mut loss = pixels;
    for axis in [3, 4] {
        loss = loss + error(&slope(&made, axis), &slope(clips, axis)) * GRADIENT;
    }
    if !still {
        let motion = |x: &Tensor| x.roll(-1, 1) - x;
        loss = loss + error(&motion(&made), &motion(clips)) * MOTION;
    }
    let divergence = (found.mean.square() + found.log_variance.exp() - 1.0 - &found.log_variance) * 0.5;
    loss = loss + divergence.mean(Kind::Float) * (DIVERGENCE * LATENT_CHANNELS as f64);
    (loss, measured)
}
