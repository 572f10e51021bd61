//! The depth network's training: stills with exact depth; cross-entropy of the planes.

use super::TrainError;
use super::pictures::{psnr, sheet, tensor};
use super::pool::{Rendered, SIDE, Scenes, render};
use super::stage::{Loss, Nets, Stage};
use super::vae::UNSEEN;
use crate::sizes::LiftConfig;
use crate::tiny::Lift;
use crate::tiny::planes::{Warp, disparities, places, shared};
use loop3d_sample::scenes::SCENE_FOCAL;
use std::path::Path;
use tch::{Kind, Tensor};

/// Angles between the cameras that measure.
const SPREAD_DEG: f64 = 12.0;
/// Cameras of a training scene.
const VIEWS: usize = 4;

pub(super) struct LiftStage {
    pub(super) config: LiftConfig,
}

/// Pictures and their depths.
pub(super) struct Shard {
    pictures: Vec<u8>,
    depths: Vec<f32>,
}

impl Stage for LiftStage {
    type Shard = Shard;

    fn sizes(&self) -> serde_json::Value {
        serde_json::json!(self.config)
    }

    fn build(&self, nets: &Nets) -> Result<(), TrainError> {
        Lift::new(&nets.trained, &self.config)?;
        Ok(())
    }

    fn scenes(&self, _: f64) -> Scenes {
        Scenes { views: VIEWS, whole: false, depth: true, spread_deg: 2.0 * SPREAD_DEG, moves: false }
    }

    fn shard(&self, samples: &[&Rendered], first: u64, _: f64) -> Shard {
        let view = |number: u64| (number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 62) as usize % VIEWS;
        let chosen = || (first..).zip(samples).map(|(number, sample)| (view(number), sample));
        Shard {
            pictures: chosen().flat_map(|(view, sample)| sample.clips[view].iter().copied()).collect(),
            depths: chosen().flat_map(|(view, sample)| sample.depths[view].iter().copied()).collect(),
        }
    }

    fn loss(&self, nets: &Nets, shard: &Shard) -> Result<Loss, TrainError> {
        let lift = Lift::new(&nets.trained, &self.config)?;
        let side = i64::from(SIDE);
        let depths = Tensor::from_slice(&shard.depths).reshape([-1, side, side]);
        let truth = places(&depths, self.config.planes);
        let logits = lift.logits(&tensor(&shard.pictures, side), SCENE_FOCAL);
        let likely = logits.log_softmax(1, Kind::Float);
        let total =
            -(shared(&truth, self.config.planes) * likely).sum_dim_intlist(1, false, Kind::Float).mean(Kind::Float);
        Ok(Loss { total, parts: Vec::new() })
    }

    fn measure(&self, nets: &Nets, scenes: u64, picture: &Path) -> Result<Vec<(&'static str, f64)>, TrainError> {
        let lift = Lift::new(&nets.trained, &self.config)?;
        let side = i64::from(SIDE);
        let count = self.config.planes;
        let how = Scenes { views: 2, spread_deg: SPREAD_DEG, ..self.scenes(1.0) };
        let numbers: Vec<f32> = disparities(count).iter().map(|d| *d as f32).collect();
        let numbers = Tensor::from_slice(&numbers).reshape([1, count, 1, 1]);
        let (mut off, mut copied, mut seen, mut ceiling) = (0.0, 0.0, 0.0, 0.0);
        let mut rows = [0, 1, 2, 3, 4].map(|_| Vec::new());
        for scene in render(UNSEEN, 0..scenes, &how) {
            let [from, to] = [0, 1].map(|view| tensor(&scene.clips[view], side));
            let planes = lift.planes(&from, SCENE_FOCAL);
            let depth = Tensor::from_slice(&scene.depths[0]).reshape([1, side, side]);
            let exact = shared(&places(&depth, count), count);
            let disparity = |planes: &Tensor| (planes * &numbers).sum_dim_intlist(1, true, Kind::Float);
            off += (disparity(&planes) - disparity(&exact)).abs().mean(Kind::Float).double_value(&[]);
            let warp = Warp::new(&scene.cameras[0], &scene.cameras[1]);
            let [guess, best] = [&planes, &exact].map(|planes| warp.see(&from, planes));
            copied += psnr(&from, &to);
            seen += psnr(&guess.pixels, &to);
            ceiling += psnr(&best.pixels, &to);
            let grey = |x: &Tensor| (x * 2.0 - 1.0).expand([1, 3, side, side], false);
            let shown = [from.shallow_clone(), grey(&disparity(&planes)), guess.pixels, to, grey(&guess.coverage)];
            rows.iter_mut().zip(shown).for_each(|(row, shown)| row.push(shown));
        }
        sheet(&rows.map(|row| Tensor::cat(&row, 0)), picture)?;
        let mean = |sum: f64| sum / scenes as f64;
        Ok(vec![
            ("disparity_error", mean(off)),
            ("copy_psnr", mean(copied)),
            ("warp_psnr", mean(seen)),
            ("true_depth_psnr", mean(ceiling)),
        ])
    }
}
