//! Nearest-neighbour errors over temporal patches at the same place (METHOD §6.2): completeness, coherence, seam.

use super::MetricsError;
use super::error::check_sizes;
use crate::patches::{Grid, Span, TimeClip, nearest_keys, search};
use multiversion::multiversion;

/// Size of the patches that are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PatchConfig {
    /// Pixels along the side of a patch.
    pub patch: usize,
    /// Pixels from one location to the next.
    pub stride: usize,
    /// Frames of a patch.
    pub frames: usize,
}

/// The three configurations that every figure is the mean of.
pub const CONFIGS: [PatchConfig; 3] = [
    PatchConfig { patch: 5, stride: 2, frames: 7 },
    PatchConfig { patch: 11, stride: 4, frames: 5 },
    PatchConfig { patch: 17, stride: 6, frames: 3 },
];

/// Nearest-neighbour error from `a` to `b`: for every location and every temporal patch of `a`, the mean absolute
/// difference (0–255) to the patch of `b` at the same place with the least squared difference; mean over all patches.
///
/// # Errors
/// Sizes that differ; a clip shorter than a patch.
pub fn nn_error(a: &TimeClip, b: &TimeClip, config: PatchConfig) -> Result<f64, MetricsError> {
    check_sizes(a, b)?;
    for (what, clip) in [("first clip", a), ("second clip", b)] {
        check_frames(what, clip, config)?;
    }
    let grid = Grid::new(a.height(), a.width(), config.patch, config.stride)?;
    let span = Span { frames: config.frames, circular: false };
    let sums = search(&a.rows(), &b.rows(), &grid, span, 1, |table, out: &mut [u64]| {
        let mut chosen = vec![0; table.queries];
        nearest_keys(table, None, &mut chosen);
        let corner = (grid.rows.starts[table.row], grid.columns.starts[table.column]);
        out[0] = absolute_differences(a, b, corner, grid.patch(), config.frames, &chosen);
    })?;
    let patches = grid.len() * (a.frames() + 1 - config.frames);
    let values = 3 * config.frames * grid.patch() * grid.patch();
    // Whole numbers until here: the order of locations cannot matter.
    Ok(sums.iter().sum::<u64>() as f64 / (patches * values) as f64)
}

/// Com. (completeness): mean over [`CONFIGS`] of the error from truth to render: is everything that happens in the truth
/// somewhere in the loop.
///
/// # Errors
/// As [`nn_error`].
pub fn com(render: &TimeClip, truth: &TimeClip) -> Result<f64, MetricsError> {
    mean_of_configs(|config| {
        check_frames("render", render, config)?;
        check_frames("truth", truth, config)?;
        nn_error(truth, render, config)
    })
}

/// Coh. (coherence): mean over [`CONFIGS`] of the error from render to truth: does nothing happen in the loop that does
/// not in the truth.
///
/// # Errors
/// As [`nn_error`].
pub fn coh(render: &TimeClip, truth: &TimeClip) -> Result<f64, MetricsError> {
    mean_of_configs(|config| {
        check_frames("render", render, config)?;
        check_frames("truth", truth, config)?;
        nn_error(render, truth, config)
    })
}

/// LoopQ: mean over [`CONFIGS`] of the error from the seam to the truth; the seam is the last `frames − 1` frames of the
/// render followed by its first, so that all its patches cross the cut.
///
/// # Errors
/// As [`nn_error`].
pub fn loop_q(render: &TimeClip, truth: &TimeClip) -> Result<f64, MetricsError> {
    mean_of_configs(|config| {
        check_frames("render", render, config)?;
        check_frames("truth", truth, config)?;
        let half = config.frames - 1;
        let seam = render.map_time(2 * half, |line, out| {
            out[..half].copy_from_slice(&line[line.len() - half..]);
            out[half..].copy_from_slice(&line[..half]);
        })?;
        nn_error(&seam, truth, config)
    })
}

fn mean_of_configs(error: impl Fn(PatchConfig) -> Result<f64, MetricsError>) -> Result<f64, MetricsError> {
    let errors = CONFIGS.map(error).into_iter().collect::<Result<Vec<f64>, MetricsError>>()?;
    Ok(errors.iter().sum::<f64>() / CONFIGS.len() as f64)
}

fn check_frames(what: &'static str, clip: &TimeClip, config: PatchConfig) -> Result<(), MetricsError> {
    if clip.frames() < config.frames {
        return Err(MetricsError::TooShort { what, frames: clip.frames(), needed: config.frames });
    }
    Ok(())
}

/// Sum of absolute differences over all patches of `a` at a location to the patches of `b` that begin at `chosen`.
#[multiversion(targets("x86_64+avx2"))]
fn absolute_differences(
    a: &TimeClip,
    b: &TimeClip,
    (y, x): (usize, usize),
    patch: usize,
    span: usize,
    chosen: &[u16],
) -> u64 {
    const LANES: usize = TimeClip::SPARE;
    let mut total = 0;
    for (query, &key) in chosen.iter().enumerate() {
        for shift in (0..span).step_by(LANES) {
            // Frames side by side: one vector holds a pixel's whole run. Lanes past the patch are read and left out.
            let mut sums = [0u32; LANES];
            for row in y..y + patch {
                let a_line = a.bytes_from(row, x, query + shift);
                let b_line = b.bytes_from(row, x, usize::from(key) + shift);
                for line in 0..patch * 3 {
                    let a_run = &a_line[line * a.frames()..][..LANES];
                    let b_run = &b_line[line * b.frames()..][..LANES];
                    for lane in 0..LANES {
                        sums[lane] += u32::from(a_run[lane].abs_diff(b_run[lane]));
                    }
                }
            }
            total += sums[..LANES.min(span - shift)].iter().map(|&sum| u64::from(sum)).sum::<u64>();
        }
    }
    total
}
