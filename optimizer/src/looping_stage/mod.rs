//! Looping stage: looping tiles get T frames each and descend to each view's looping target, coarse to fine
//! (METHOD §4, D5, D6, D9, D14–D18).

mod exposure;
pub mod level;
pub mod model;

pub use exposure::{ExposureView, exposures};

use crate::grid::Rgba;
use crate::hits::Hits;
use crate::kernels::lanes::LANES;
use crate::kernels::texel::unorm;
use crate::patches::{ClipWindow, PatchError, TargetSettings, looping_target};
use crate::pyramid::LevelView;
use crate::static_stage::model::StaticModel;
use loop3d_capture::Clip;
use loop3d_scene::Tile;
use model::{LoopingModel, Target};
use rayon::prelude::*;

/// Standard deviation of the noise that distinguishes the frames of a looping tile at the start (METHOD §4.1), as a
/// premultiplied colour: 0.02 as a logit of a mid grey.
const NOISE: f32 = 0.005;

/// How targets are searched, in all views: the published reference views' patches (METHOD §4.5, D14), with keys chosen evenly.
/// On campfire (256×144, T = 40, draft) the loop's STDerr against the held-out clip is 640 with plain nearest neighbours
/// in the other views, 91 with ρ = 0 in all, and 31 with a balanced choice (ε = 0.1); patches of 5 pixels cost coherence.
/// With ε = 0.05 pixels that hardly move stay calmer (docs/EXPERIMENTS.md).
pub const TARGET: TargetSettings = TargetSettings { entropic_epsilon: Some(0.05), ..TargetSettings::REFERENCE };

/// The static stage's texels; those of looping tiles repeated `frames` times with a little noise.
pub fn initial(
    from: &StaticModel,
    grid: crate::grid::TexelGrid,
    frames: usize,
    exposures: Vec<f32>,
    rng: &mut fastrand::Rng,
) -> LoopingModel {
    let n = grid.tile_texels();
    let (mut static_texels, mut base) = (Vec::new(), Vec::new());
    for (plane, row, column, tile) in grid.places() {
        let first = from.grid.texel(plane, (column * grid.side) as i64, (row * grid.side) as i64) as usize;
        let texels = &from.shown[first..first + n];
        if matches!(tile, Tile::Static(_)) {
            static_texels.extend_from_slice(texels)
        } else {
            base.extend_from_slice(texels)
        }
    }
    let frame = |_| base.iter().map(|texel| with_noise(*texel, rng).map(unorm)).collect();
    LoopingModel::from_frames(grid, static_texels, frames, exposures, frame)
}

fn with_noise(texel: Rgba, rng: &mut fastrand::Rng) -> Rgba {
    let a = texel[3];
    let mut out = texel;
    for c in &mut out[..3] {
        // Irwin–Hall: twelve uniform numbers make a normal one.
        let normal: f32 = (0..12).map(|_| rng.f32()).sum::<f32>() - 6.0;
        *c = (*c + NOISE * normal * a).clamp(0.0, a);
    }
    out
}

/// Searches the target of a whole view for the present render (E-step).
///
/// # Errors
/// [`PatchError`] for shapes that do not fit; the fit's own always do.
pub fn search_target(
    model: &LoopingModel,
    hits: &Hits,
    view: &LevelView<'_>,
    exposure: f32,
) -> Result<Target, PatchError> {
    model.release_scratch();
    let mut render = model.render(hits);
    render.par_iter_mut().for_each(|v| *v *= exposure);
    let (w, h) = (view.clip.width, view.clip.height);
    let window = ClipWindow { clip: (&*view.clip).into(), x0: 0, y0: 0 };
    let target = looping_target(&render, h, w, model.frames, &window, &TARGET)?;
    Ok(pack(&target, model.frames))
}

/// The target that starts everything: a stretch of `frames` frames of the lead view's clip, so that there is real motion
/// from the first step (identical frames would tie in every search).
pub fn opening(view: &LevelView<'_>, frames: usize) -> Target {
    let clip = &view.clip;
    let start = opening_start(clip, frames);
    let values = clip.width * clip.height * 3;
    let mut target = vec![0; values * frames];
    for t in 0..frames {
        let frame = clip.frame((start + t).min(clip.frames - 1));
        for (i, byte) in frame.iter().enumerate() {
            target[i * frames + t] = *byte;
        }
    }
    pack(&target, frames)
}

/// First frame of the stretch that is most like the whole clip, and whose end meets its beginning: the least sum of mean
/// squared differences of the temporal means, of the temporal deviations, and of the frames that meet at the seam.
fn opening_start(clip: &Clip, frames: usize) -> usize {
    let starts = clip.frames.saturating_sub(frames).max(1);
    let values = clip.width * clip.height * 3;
    let count = frames.min(clip.frames);
    let add = |sums: &mut [(f64, f64)], t: usize, sign: f64| {
        for (sum, byte) in sums.iter_mut().zip(clip.frame(t)) {
            let v = f64::from(*byte);
            *sum = (sum.0 + sign * v, sum.1 + sign * v * v);
        }
    };
    let moments = |(a, b): (f64, f64), n: usize| {
        let mean = a / n as f64;
        (mean, (b / n as f64 - mean * mean).max(0.0).sqrt())
    };
    let mut whole = vec![(0.0, 0.0); values];
    (0..clip.frames).for_each(|t| add(&mut whole, t, 1.0));
    let mut part = vec![(0.0, 0.0); values];
    (0..count).for_each(|t| add(&mut part, t, 1.0));
    let mut best = (f64::INFINITY, 0);
    for start in 0..starts {
        let unlike: f64 = whole
            .iter()
            .zip(&part)
            .map(|(w, p)| {
                let (w, p) = (moments(*w, clip.frames), moments(*p, count));
                (w.0 - p.0).powi(2) + (w.1 - p.1).powi(2)
            })
            .sum();
        let (first, after) = (clip.frame(start), clip.frame((start + frames).min(clip.frames - 1)));
        let seam: f64 = first.iter().zip(after).map(|(a, b)| f64::from(a.abs_diff(*b)).powi(2)).sum();
        if unlike + seam < best.0 {
            best = (unlike + seam, start);
        }
        if start + count < clip.frames {
            add(&mut part, start, -1.0);
            add(&mut part, start + count, 1.0);
        }
    }
    best.1
}

/// `[pixel][channel][frame]` to chunk-major.
fn pack(target: &[u8], frames: usize) -> Target {
    (0..frames.div_ceil(LANES))
        .into_par_iter()
        .map(|q| {
            let n = LANES.min(frames - q * LANES);
            target
                .chunks_exact(3 * frames)
                .map(|pixel| {
                    let mut out = [[0; LANES]; 3];
                    for (c, out) in out.iter_mut().enumerate() {
                        let at = c * frames + q * LANES;
                        out[..n].copy_from_slice(&pixel[at..at + n]);
                    }
                    out
                })
                .collect()
        })
        .collect()
}
