//! The looping target (METHOD §4.5): a retargeted clip, built from the stretches of the captured clip that the render should
//! become. It is the E-step of the looping stage.

use super::sinkhorn::{Scratch, balanced_keys};
use super::{ClipWindow, Folded, Grid, PatchError, Span, Table, TimeClip, TimeRows, fold, kernel, search};
use std::cell::RefCell;

/// Least ρ of the normalised score, in squared units of 0–1: the square of a quarter of a grey level. Below it the score
/// of a perfect match would be 0/0, and the scores of all keys that have a close query would differ by rounding alone.
pub const MIN_RHO: f32 = 1e-6;

/// How queries look for keys.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TargetSettings {
    /// Pixels along the side of a patch.
    pub patch: usize,
    /// Pixels from one location to the next, at most `patch`.
    pub stride: usize,
    /// Frames of a patch.
    pub patch_frames: usize,
    /// ρ of the normalised score `d_ij / (ρ + min_k d_kj)`, in mean squared difference of values 0–1. `None` is ∞: every
    /// query takes its nearest key (coherence). Towards 0, keys that no query is near become cheap, so that all of
    /// the clip gets used (completeness). Values below [`MIN_RHO`] count as that.
    pub rho: Option<f32>,
    /// Chooses keys evenly instead, by Sinkhorn's iteration (`sinkhorn.rs`), with this ε as a fraction of the mean distance.
    /// `rho` is then not used.
    pub entropic_epsilon: Option<f32>,
}

impl TargetSettings {
    /// Published settings of the two reference views: large patches, full completeness.
    pub const REFERENCE: Self = Self { patch: 11, stride: 4, patch_frames: 3, rho: Some(0.0), entropic_epsilon: None };
    /// Published settings of all other views: small patches, plain nearest neighbours.
    pub const OTHER: Self = Self { patch: 3, stride: 2, patch_frames: 3, rho: None, entropic_epsilon: None };
}

/// The key that each query of a loop chose, at each location.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoopMatches {
    pub(super) grid: Grid,
    /// Frames of the loop, which is also the number of queries at a location.
    pub(super) frames: usize,
    /// Number of keys to choose from.
    pub(super) keys: usize,
    pub(super) patch_frames: usize,
    pub(super) chosen: Vec<u16>,
}

impl LoopMatches {
    /// Locations that were matched.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// First frame of the chosen keys: `[grid rows, grid columns, frames of the loop]`.
    pub fn chosen(&self) -> &[u16] {
        &self.chosen
    }

    /// Number of different keys that the queries of one location chose, averaged over the locations: from 1 to
    /// `min(frames, keys)`.
    pub fn distinct_keys(&self) -> f64 {
        let mut last_user = vec![usize::MAX; self.keys];
        let mut distinct = 0usize;
        for (location, chosen) in self.chosen.chunks_exact(self.frames).enumerate() {
            for &key in chosen {
                let user = &mut last_user[usize::from(key)];
                distinct += usize::from(*user != location);
                *user = location;
            }
        }
        distinct as f64 / self.grid.len() as f64
    }
}

/// The looping target of a rendered loop: every query patch of the render is replaced by the key that it chose
/// at the same place in the clip, and overlapping values are averaged.
///
/// `render` is `[height, width, 3, frames]` with values 0–1 and its exposure already matched to the clip; the result
/// has the same layout, as values 0–1 or bytes. The render is taken as the loop that it is: query `i` covers the frames
/// `i, i + 1, … (mod frames)`, so the seam is matched like any other moment and every frame gets equally many votes
/// (the published code appends the first frames instead, which gives the ends fewer).
///
/// A clip of fewer frames than a patch is extended by its last frame, so that there is one key; for a clip of one
/// frame the target is that frame everywhere.
///
/// # Errors
/// Shapes that do not fit, a window outside the clip, settings out of range: see [`PatchError`].
pub fn looping_target<T: Folded>(
    render: &[f32],
    height: usize,
    width: usize,
    frames: usize,
    clip: &ClipWindow<'_>,
    settings: &TargetSettings,
) -> Result<Vec<T>, PatchError> {
    let render = TimeRows::new("render", height, width, frames, render)?;
    let keys = TimeClip::from_window(clip, height, width, settings.patch_frames)?;
    fold(&match_loop(&render, &keys.rows(), settings)?, &keys.rows())
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// Chooses a key for every query of a loop at every location: the first half of [`looping_target`].
///
/// # Errors
/// Sizes that differ, keys shorter than a patch, settings out of range.
pub fn match_loop(
    render: &TimeRows<'_, f32>,
    keys: &TimeRows<'_, u8>,
    settings: &TargetSettings,
) -> Result<LoopMatches, PatchError> {
    if let Some(rho) = settings.rho
        && !(rho >= 0.0 && rho.is_finite())
    {
        let expected = "finite and not negative; none for infinity";
        return Err(PatchError::Setting { name: "rho", found: rho.to_string(), expected });
    }
    let grid = Grid::new(render.height, render.width, settings.patch, settings.stride)?;
    // Tables are sums in units of 0–255, ρ is a mean in units of 0–1.
    let values = (3 * settings.patch_frames * grid.patch() * grid.patch()) as f32;
    let rho = settings.rho.map(|rho| rho.max(MIN_RHO) * values * 255.0 * 255.0);
    let span = Span { frames: settings.patch_frames, circular: true };
    let chosen =
        search(render, keys, &grid, span, render.frames, |table, out: &mut [u16]| match settings.entropic_epsilon {
            Some(epsilon) => SCRATCH.with_borrow_mut(|scratch| balanced_keys(table, epsilon, scratch, out)),
            None => nearest_keys(table, rho, out),
        })?;
    Ok(LoopMatches {
        grid,
        frames: render.frames,
        keys: keys.frames + 1 - settings.patch_frames,
        patch_frames: settings.patch_frames,
        chosen,
    })
}

/// The key of the least score for each query of a table, the first of equals: least distance where `rho` is none, least
/// `d_ij / (rho + min_k d_kj)` otherwise, with `rho` above 0 and in the table's own units.
pub fn nearest_keys(table: &Table<'_>, rho: Option<f32>, out: &mut [u16]) {
    let Some(rho) = rho else {
        return kernel::row_argmins(table.values, table.width, None, out);
    };
    let mut divisors = vec![0.0; table.width];
    kernel::column_minima(table.values, table.width, table.queries, &mut divisors);
    for (key, divisor) in divisors.iter_mut().enumerate() {
        // A padding column holds +∞ throughout, and ∞/∞ is not a score.
        *divisor = if key < table.keys { rho + *divisor } else { 1.0 };
    }
    kernel::row_argmins(table.values, table.width, Some(&divisors), out);
}
