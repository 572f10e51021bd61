//! What the model does on unseen scenes: whether it follows the cameras, how near its views come to the truth, and pictures.

use super::TrainError;
use super::pictures::{psnr, sheet, tensor};
use super::pool::{Rendered, SIDE, Scenes, render};
use super::vae::UNSEEN;
use crate::tiny::{Asked, Dit, LATENT_CHANNELS, Lift, Steps, Vae, hints, rays, sample, words};
use std::convert::Infallible;
use std::path::Path;
use tch::{Kind, Tensor};

/// Candidates among which the nearest is looked for.
const CANDIDATES: usize = 5;

/// What novel views of stills came to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Novel {
    /// Share of views that are nearest to the truth of their own camera, of five.
    pub(super) score: f64,
    /// The same for the truth, after the autoencoder: what the measure itself reaches.
    pub(super) probe: f64,
    /// The same where each view was asked for with another one's camera.
    pub(super) wrong: f64,
    /// Against the truth, in dB: the views, the first view unchanged, and the hints.
    pub(super) psnr: f64,
    pub(super) copy: f64,
    pub(super) hint: f64,
}

/// Measures novel views of `count` unseen scenes, from a first view to five others within ±`spread_deg`. Rows of a picture are
/// added to `rows`: first view, truth, hint, result.
pub(super) fn novel(
    (dit, vae, lift): (&Dit, &Vae, &Lift),
    hinted: bool,
    spread_deg: f64,
    (count, seed): (u64, u64),
    rows: &mut [Vec<Tensor>; 4],
) -> Novel {
    let how = Scenes { views: CANDIDATES + 1, whole: false, depth: false, spread_deg, moves: false };
    let mut sum = Novel::default();
    for (number, scene) in (0..).zip(render(UNSEEN + 2, 0..count, &how)) {
        let side = i64::from(SIDE);
        let clips: Vec<Tensor> = scene.clips.iter().map(|clip| tensor(clip, side)).collect();
        let truth = &clips[1..];
        let known = vae.encode(&Tensor::stack(&clips[..1], 0));
        let steps = Steps { seed: seed.wrapping_mul(1000) + number, ..Steps::of_views() };
        let seen = |cameras: &[loop3d_scene::Camera]| {
            let hint = hints(vae, lift, &clips[0], cameras);
            let latents = if hinted { hint.latents } else { hint.latents.zeros_like() };
            let asked = Asked {
                words: &words::numbers([Some(&scene.caption)]),
                cameras: &rays::poses(cameras).unsqueeze(0),
                rays: &rays::rays(cameras).unsqueeze(0),
                places: &rays::places(cameras).unsqueeze(0),
                hints: &latents.unsqueeze(0),
                known: Some(&known),
                tracks: None,
            };
            let made = vae.decode(&whole(dit, &asked, &steps).squeeze_dim(0), true);
            (split(&made), split(&hint.pixels))
        };
        let (made, hint) = seen(&scene.cameras);
        let mut turned = scene.cameras.clone();
        turned[1..].rotate_left(1);
        let (wrong, _) = seen(&turned);
        let nearest = |view: usize, picture: &Tensor| {
            let off = |other: &Tensor| (picture - other).square().mean(Kind::Double).double_value(&[]);
            let mine = off(&truth[view]);
            let others = (0..CANDIDATES).filter(|other| *other != view);
            others.clone().all(|other| off(&truth[other]) > mine)
        };
        let share = 1.0 / (count as f64 * CANDIDATES as f64);
        for view in 0..CANDIDATES {
            let passed = vae.decode(&vae.encode(&truth[view].unsqueeze(0)), true).squeeze_dim(0);
            sum.score += share * f64::from(u8::from(nearest(view, &made[view + 1])));
            sum.wrong += share * f64::from(u8::from(nearest(view, &wrong[view + 1])));
            sum.probe += share * f64::from(u8::from(nearest(view, &passed)));
            sum.psnr += share * psnr(&made[view + 1], &truth[view]);
            sum.copy += share * psnr(&clips[0], &truth[view]);
            sum.hint += share * psnr(&hint[view + 1], &truth[view]);
        }
        let shown =
            [clips[0].shallow_clone(), truth[0].shallow_clone(), hint[1].shallow_clone(), made[1].shallow_clone()];
        rows.iter_mut().zip(shown).for_each(|(row, picture)| row.push(picture));
    }
    sum
}

/// `[v, t, 3, h, w]` → the first frames `[1, 3, h, w]`.
fn split(clips: &Tensor) -> Vec<Tensor> {
    (0..clips.size()[0]).map(|view| clips.get(view).narrow(0, 0, 1)).collect()
}

/// The measures of a model in training, and a sheet of pictures.
pub(super) fn measure(
    (dit, vae, lift): (&Dit, &Vae, &Lift),
    hinted: bool,
    clips: bool,
    count: u64,
    picture: &Path,
) -> Result<Vec<(&'static str, f64)>, TrainError> {
    let mut rows = [0, 1, 2, 3].map(|_| Vec::new());
    let near = novel((dit, vae, lift), hinted, 6.0, (count, 1), &mut rows);
    let mut shown = [0, 1, 2, 3].map(|_| Vec::new());
    let far = novel((dit, vae, lift), hinted, 12.0, (count, 1), &mut shown);
    let mut pictures: Vec<Tensor> = shown.iter().map(|row| Tensor::cat(row, 0)).collect();
    // Below: what captions give, beside scenes of theirs.
    let how = Scenes { views: 1, whole: false, depth: false, spread_deg: 0.0, moves: false };
    let scenes = render(UNSEEN + 3, 0..count, &how);
    let made = drawn(dit, vae, &scenes, if clips { 8 } else { 1 });
    let truth: Vec<Tensor> = scenes.iter().map(|scene| tensor(&scene.clips[0], i64::from(SIDE))).collect();
    pictures.push(Tensor::cat(&truth, 0));
    pictures.push(made.select(1, 0));
    if clips {
        for frame in [4, 8, 12] {
            pictures.push(made.select(1, frame));
        }
    }
    sheet(&pictures, picture)?;
    Ok(vec![
        ("score_6", near.score),
        ("score_12", far.score),
        ("probe_6", near.probe),
        ("probe_12", far.probe),
        ("wrong_12", far.wrong),
        ("psnr_12", far.psnr),
        ("copy_12", far.copy),
        ("hint_12", far.hint),
    ])
}

/// Clips of one view from captions alone, `[b, t, 3, h, w]`, seen from the scenes' cameras.
fn drawn(dit: &Dit, vae: &Vae, scenes: &[Rendered], frames: i64) -> Tensor {
    let each = |of: &dyn Fn(&Rendered) -> Tensor| Tensor::stack(&scenes.iter().map(of).collect::<Vec<_>>(), 0);
    let side = i64::from(SIDE) / crate::tiny::SPACE;
    let shape = [scenes.len() as i64, 1, frames, LATENT_CHANNELS + 1, side, side];
    let asked = Asked {
        words: &words::numbers(scenes.iter().map(|scene| Some(&scene.caption))),
        cameras: &each(&|scene| rays::poses(&scene.cameras)),
        rays: &each(&|scene| rays::rays(&scene.cameras)),
        places: &each(&|scene| rays::places(&scene.cameras)),
        hints: &Tensor::zeros(shape, (Kind::Float, tch::Device::Cpu)),
        known: None,
        tracks: None,
    };
    vae.decode(&whole(dit, &asked, &Steps::default()).squeeze_dim(1), frames == 1)
}

/// A run that nobody watches.
fn whole(dit: &Dit, asked: &Asked<'_>, how: &Steps) -> Tensor {
    let Ok(latents) = sample(dit, asked, how, &mut |_| Ok::<(), Infallible>(()));
    latents
}
