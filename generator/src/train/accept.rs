//! What a trained model must show (generate-tiny §6), on scenes that no training saw.

use super::TrainError;
use super::pictures::{psnr, tensor};
use super::pool::{FRAMES, Rendered, SIDE, Scenes, render};
use super::score::novel;
use super::vae::UNSEEN;
use crate::metrics::{activity, seam};
use crate::motion::Background;
use crate::tiny::{Steps, TinyModel, TinyRequest};
use loop3d_media::Clip;
use loop3d_scene::job::{Event, Observer, Unwatched};
use loop3d_torch::guarded;
use serde::Serialize;
use tch::no_grad;

/// Cameras of a scene that is made from words: the first and two others.
const VIEWS: usize = 3;
/// The angles that are asked for.
const SPREADS_DEG: [f64; 2] = [6.0, 12.0];

/// The measures, each a mean over scenes and seeds.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Acceptance {
    /// How many scenes and seeds.
    pub scenes: u64,
    /// Seeds of the noise.
    pub seeds: u64,
    /// The autoencoder on clips, in dB.
    pub vae_psnr: f64,
    /// Novel views at ±6° and ±12°.
    pub novel: Vec<NovelViews>,
    /// Seam ratio of clips from words.
    pub seam: f64,
    /// Their mean change from frame to frame over that of rendered clips of the same words.
    pub motion: f64,
    /// The difference between their views over that of rendered ones.
    pub synchrony: f64,
}

/// Stills of a known first view from other cameras.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct NovelViews {
    /// The cameras are within ± this of the rig's middle.
    pub spread_deg: f64,
    /// Share of views nearest to the truth of their own camera, of five.
    pub score: f64,
    /// The same for the truth itself, through the autoencoder.
    pub probe: f64,
    /// The share where cameras were exchanged.
    pub wrong: f64,
    /// PSNR against the truth, in dB.
    pub psnr: f64,
    /// That of the first view, unchanged.
    pub copy: f64,
    /// That of the first view, lifted to planes and seen from there.
    pub hint: f64,
}

/// Measures a model on `scenes` unseen scenes with `seeds` seeds each.
///
/// # Errors
/// libtorch fails; clips that cannot be measured.
pub fn accept(
    model: &TinyModel,
    scenes: u64,
    seeds: u64,
    observer: &mut dyn Observer,
) -> Result<Acceptance, TrainError> {
    let parts = (&model.dit, &model.vae, &model.lift);
    let mut found = Acceptance { scenes, seeds, ..Acceptance::default() };
    let all = seeds as f64;
    for spread_deg in SPREADS_DEG {
        let mut sum = NovelViews { spread_deg, ..NovelViews::default() };
        for seed in 0..seeds {
            let mut rows = [0, 1, 2, 3].map(|_| Vec::new());
            let n = guarded(|| {
                no_grad(|| Ok::<_, TrainError>(novel(parts, model.config.hints, spread_deg, (scenes, seed), &mut rows)))
            })?;
            sum.score += n.score / all;
            sum.probe += n.probe / all;
            sum.wrong += n.wrong / all;
            sum.psnr += n.psnr / all;
            sum.copy += n.copy / all;
            sum.hint += n.hint / all;
            let _ = observer.event(Event::step("novel views", 0.0));
        }
        found.novel.push(sum);
    }
    let how = Scenes { views: VIEWS, whole: true, depth: false, spread_deg: 12.0, moves: false };
    let rendered = render(UNSEEN + 4, 0..scenes, &how);
    let count = scenes as f64 * all;
    for (number, scene) in (0..).zip(&rendered) {
        found.vae_psnr += guarded(|| no_grad(|| Ok::<_, TrainError>(through(model, scene))))? / scenes as f64;
        for seed in 0..seeds {
            let request = TinyRequest {
                caption: scene.caption.clone(),
                cameras: scene.cameras.clone(),
                frames: FRAMES,
                steps: Steps { seed: 1000 * seed + number, ..Steps::default() },
                moves: Vec::new(),
                background: Background::FREE,
            };
            let made = model.make(&request, &mut Unwatched)?;
            let truth: Vec<Clip> = scene.clips.iter().map(|rgb| clip(rgb)).collect();
            found.seam += seam(&made[0])?.ratio.unwrap_or(1.0) / count;
            found.motion += over(change(&made[0])?, change(&truth[0])?) / count;
            found.synchrony += over(between(&made), between(&truth)) / count;
            let _ = observer.event(Event::step("clips from words", 0.0));
        }
    }
    Ok(found)
}

fn clip(rgb: &[u8]) -> Clip {
    Clip { width: SIDE as usize, height: SIDE as usize, frames: FRAMES, rgb: rgb.to_vec() }
}

/// A clip through the autoencoder, in dB.
fn through(model: &TinyModel, scene: &Rendered) -> f64 {
    let clip = tensor(&scene.clips[0], i64::from(SIDE)).unsqueeze(0);
    psnr(&model.vae.decode(&model.vae.encode(&clip), false), &clip)
}

fn change(clip: &Clip) -> Result<f64, TrainError> {
    Ok(activity(clip)?.mean_difference)
}

fn over(a: f64, b: f64) -> f64 {
    a / b.max(1e-3)
}

/// Mean absolute difference between the first frames of the first view and the others, in grey levels.
fn between(clips: &[Clip]) -> f64 {
    let first = clips[0].frame(0);
    let off = |clip: &Clip| {
        let sum: f64 = clip.frame(0).iter().zip(first).map(|(a, b)| f64::from(a.abs_diff(*b))).sum();
        sum / first.len() as f64
    };
    clips[1..].iter().map(off).sum::<f64>() / (clips.len() - 1).max(1) as f64
}
