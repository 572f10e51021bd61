//! The looping target as published (METHOD §4.5), in libtorch: every patch unfolded, distances by batched matrix products,
//! the least score, and a fold that scatters. The slow side of the comparison, and an oracle that shares no idea with ours.
//!
//! Leaner than the published code where that costs nothing: patches are unfolded by `im2col` and not by a one-hot
//! convolution, one pass instead of two, rows of locations instead of macro-blocks. As published, sizes are trimmed to
//! the grid, so the last rows and columns get no patch.

use loop3d_optimizer::patches::{MIN_RHO, TargetSettings};
use tch::{Kind, Tensor};

/// Copies of a batch's patches that are alive at once, about.
const COPIES: i64 = 3;

/// The target of `render` (floats 0–1, `[T, 3, height, width]`) from `clip` (bytes, `[F, 3, height, width]`): floats 0–1,
/// `[T, 3, …]` of the trimmed size. Patches are made in batches of at most `bytes`. `settings.entropic_epsilon` is not used.
pub fn looping_target(render: &Tensor, clip: &Tensor, settings: &TargetSettings, bytes: i64) -> Tensor {
    let [patch, stride, span] = [settings.patch, settings.stride, settings.patch_frames].map(|n| n as i64);
    let (frames, keys) = (render.size()[0], clip.size()[0] - span + 1);
    let trimmed = |dim: usize| render.size()[dim] - (render.size()[dim] - patch) % stride;
    let (height, width) = (trimmed(2), trimmed(3));
    let [rows, columns] = [height, width].map(|size| (size - patch) / stride + 1);
    // The loop continues with its first frames, so that the seam is matched as well.
    let queried = Tensor::cat(&[render.shallow_clone(), render.narrow(0, 0, span - 1)], 0);
    let clip = clip.to_kind(Kind::Float) / 255.0;

    let values = 3 * span * patch * patch;
    let run = (bytes / (columns * values * (frames + keys) * 4 * COPIES)).clamp(1, rows);
    let sides = ([patch, patch], [1, 1], [0, 0], [stride, stride]);
    let scattered = |columns: &Tensor, tall: i64| columns.col2im([tall, width], sides.0, sides.1, sides.2, sides.3);
    let sum = Tensor::zeros([frames + span - 1, 3, height, width], (Kind::Float, clip.device()));
    let votes = Tensor::zeros([1, 1, height, width], (Kind::Float, clip.device()));
    for first in (0..rows).step_by(run as usize) {
        let count = run.min(rows - first);
        let (top, tall) = (first * stride, (count - 1) * stride + patch);
        let cut = |frames: &Tensor| {
            let window = frames.narrow(2, top, tall).narrow(3, 0, width);
            unfolded(&window.im2col(sides.0, sides.1, sides.2, sides.3), span)
        };
        let (queries, keys) = (cut(&queried), cut(&clip));
        let chosen = nearest(&queries, &keys, settings.rho);
        // [locations, T, values] to [T, span, values of a frame, locations].
        let locations = count * columns;
        let patches = picked(&keys, &chosen).view([locations, frames, span, values / span]).permute([1, 2, 3, 0]);
        for shift in 0..span {
            let folded = scattered(&patches.select(1, shift).contiguous(), tall);
            let mut place = sum.narrow(0, shift, frames).narrow(2, top, tall);
            place += folded;
        }
        let ones = Tensor::ones([1, patch * patch, locations], (Kind::Float, clip.device()));
        let mut place = votes.narrow(2, top, tall);
        place += scattered(&ones, tall);
    }
    // What was appended votes for the first frames.
    let mut head = sum.narrow(0, 0, span - 1);
    head += sum.narrow(0, frames, span - 1);
    sum.narrow(0, 0, frames) / (votes * span as f64)
}

/// Temporal patches from the columns of single frames: `[N, values, locations]` to `[locations, N − span + 1, span · values]`.
fn unfolded(columns: &Tensor, span: i64) -> Tensor {
    let by_location = columns.permute([2, 0, 1]).contiguous();
    let starts = by_location.size()[1] - span + 1;
    let shifted: Vec<Tensor> = (0..span).map(|shift| by_location.narrow(1, shift, starts)).collect();
    Tensor::cat(&shifted, 2)
}

/// The key of the least score for each query: `[locations, queries]`.
fn nearest(queries: &Tensor, keys: &Tensor, rho: Option<f32>) -> Tensor {
    let norms = |patches: &Tensor| patches.square().sum_dim_intlist(2, false, Kind::Float);
    let products = queries.bmm(&keys.transpose(1, 2));
    let distances = norms(queries).unsqueeze(2) + norms(keys).unsqueeze(1) - products * 2.0;
    let distances = distances.clamp_min(0.0) / queries.size()[2] as f64;
    let scores = match rho {
        Some(rho) => &distances / (distances.amin([1].as_slice(), true) + f64::from(rho.max(MIN_RHO))),
        None => distances,
    };
    scores.argmin(2, false)
}

/// The chosen keys' patches: `[locations, queries, values]`.
fn picked(keys: &Tensor, chosen: &Tensor) -> Tensor {
    let (locations, count, values) = (keys.size()[0], keys.size()[1], keys.size()[2]);
    let first = Tensor::arange(locations, (Kind::Int64, keys.device())).unsqueeze(1) * count;
    keys.view([-1, values]).index_select(0, &(chosen + first).flatten(0, -1)).view([locations, -1, values])
}

#[cfg(test)]
mod tests {
    use super::*;
    use loop3d_optimizer::patches::{ClipRef, ClipWindow, Grid, TimeClip, TimeRows, match_loop};

    /// The frames that our search chooses, folded as published: every vote weighs the same. `[height, width, 3, frames]`.
    fn averaged(render: &[f32], clip: &ClipRef<'_>, frames: usize, settings: &TargetSettings) -> Vec<f32> {
        let (height, width, span) = (clip.height, clip.width, settings.patch_frames);
        let window = ClipWindow { clip: *clip, x0: 0, y0: 0 };
        let keys = TimeClip::from_window(&window, height, width, span).unwrap();
        let queries = TimeRows::new("render", height, width, frames, render).unwrap();
        let matches = match_loop(&queries, &keys.rows(), settings).unwrap();
        let grid = Grid::new(height, width, settings.patch, settings.stride).unwrap();
        let mut chosen = matches.chosen().chunks(frames);
        let (mut sums, mut votes) = (vec![0.0f64; render.len()], vec![0.0f64; render.len()]);
        for (top, left) in
            grid.rows.starts.iter().flat_map(|top| grid.columns.starts.iter().map(move |left| (top, left)))
        {
            for (query, &key) in chosen.next().unwrap().iter().enumerate() {
                for shift in 0..span {
                    for y in *top..top + settings.patch {
                        for value in left * 3..(left + settings.patch) * 3 {
                            let at = (y * width * 3 + value) * frames + (query + shift) % frames;
                            let frame = usize::from(key) + shift;
                            sums[at] += f64::from(clip.rgb[(frame * height + y) * width * 3 + value]) / 255.0;
                            votes[at] += 1.0;
                        }
                    }
                }
            }
        }
        sums.iter().zip(&votes).map(|(sum, votes)| (sum / votes) as f32).collect()
    }

    /// Share of values that differ from our search folded as published, on a window that the grid fits.
    fn differing(settings: &TargetSettings, (height, width): (usize, usize), bytes: i64) -> f64 {
        let (frames, captured, mut rng) = (7, 19, fastrand::Rng::with_seed(3));
        let clip: Vec<u8> = (0..captured * height * width * 3).map(|_| rng.u8(..)).collect();
        let render: Vec<f32> = (0..height * width * 3 * frames).map(|_| rng.f32()).collect();
        let ours = averaged(&render, &ClipRef::new(captured, height, width, &clip).unwrap(), frames, settings);
        let [h, w, t, f] = [height, width, frames, captured].map(|n| n as i64);
        let render = Tensor::from_slice(&render).view([h, w, 3, t]).permute([3, 2, 0, 1]);
        let clip = Tensor::from_slice(&clip).view([f, h, w, 3]).permute([0, 3, 1, 2]);
        let found = looping_target(&render, &clip, settings, bytes);
        assert_eq!(found.size(), [t, 3, h, w]);
        let found: Vec<f32> = found.permute([2, 3, 1, 0]).contiguous().flatten(0, -1).try_into().unwrap();
        let differ = ours.iter().zip(&found).filter(|(a, b)| (**a - **b).abs() > 1e-5).count();
        differ as f64 / ours.len() as f64
    }

    #[test]
    fn agrees_with_ours() {
        // A moderate ρ: at ρ → 0 every key's nearest query has a score of 1, and the rounding of |q|² + |k|² − 2qk decides.
        let moderate = TargetSettings { rho: Some(0.01), ..TargetSettings::REFERENCE };
        for bytes in [1, 300_000, 1 << 30] {
            assert_eq!(differing(&TargetSettings::OTHER, (13, 21), bytes), 0.0, "{bytes}");
            assert_eq!(differing(&moderate, (19, 23), bytes), 0.0, "{bytes}");
        }
    }
}
