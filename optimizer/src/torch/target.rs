//! The looping target on tensors (METHOD §4.5, §5.1, §5.2): tables of frame-to-frame distances for every pixel, box
//! sums over space, diagonal sums over time, least scores, and a fold that gathers.

use crate::patches::sinkhorn::{ITERATIONS, LEAST};
use crate::patches::{Axis, Grid, MIN_RHO, PatchError, TargetSettings};
use std::ops::Range;
use tch::{Kind, Tensor};

/// How much is computed at once.
#[derive(Clone, Copy, Debug)]
pub struct Block {
    /// Bytes that the tables of one block of patch locations may take; at least one location is computed in any case.
    pub bytes: usize,
}

/// Copies of a block's tables that are alive at once.
const COPIES: usize = 4;

/// The looping target of a rendered loop, as [`crate::patches::looping_target`] computes it, up to ties between keys.
///
/// `render` is floats 0–1, `[frames, height, width, 3]`, exposed; `clip` is bytes `[F, height, width, 3]`; the result is
/// bytes `[frames, height, width, 3]`.
///
/// # Errors
/// Settings out of range; sizes that differ.
pub fn looping_target(
    render: &Tensor,
    clip: &Tensor,
    settings: &TargetSettings,
    block: Block,
) -> Result<Tensor, PatchError> {
    let shape = |t: &Tensor| -> Vec<usize> { t.size().into_iter().map(|n| n as usize).collect() };
    let (r, c) = (shape(render), shape(clip));
    let (&[frames, height, width, 3], &[captured, clip_height, clip_width, 3]) = (r.as_slice(), c.as_slice()) else {
        return Err(PatchError::Empty { what: "render or clip", shape: format!("{r:?}, {c:?}") });
    };
    if (height, width) != (clip_height, clip_width) {
        return Err(PatchError::Sizes {
            queries_width: width,
            queries_height: height,
            keys_width: clip_width,
            keys_height: clip_height,
        });
    }
    let grid = Grid::new(height, width, settings.patch, settings.stride)?;
    let span = settings.patch_frames;
    if frames == 0 || captured == 0 || span == 0 {
        return Err(PatchError::Empty { what: "render, clip or patch", shape: format!("{r:?}, {c:?}, {span} frames") });
    }
    // A clip shorter than a patch repeats its last frame.
    let missing = span.saturating_sub(captured) as i64;
    let clip = Tensor::cat(&[clip.shallow_clone(), clip.narrow(0, -1, 1).expand([missing, -1, -1, -1], false)], 0);
    let search = Search {
        render,
        clip: &clip,
        grid: &grid,
        span,
        stride: settings.stride.min(grid.patch()) as i64,
        // Tables are sums in units of 0–255, ρ is a mean in units of 0–1.
        rho: settings
            .rho
            .map(|rho| f64::from(rho.max(MIN_RHO)) * (3 * span * grid.patch() * grid.patch()) as f64 * 255.0 * 255.0),
        entropic_epsilon: settings.entropic_epsilon.map(f64::from),
    };
    let chosen = search.run(block);
    Ok(fold(&chosen, &clip, &grid, span))
}

struct Search<'a> {
    render: &'a Tensor,
    clip: &'a Tensor,
    grid: &'a Grid,
    span: usize,
    stride: i64,
    rho: Option<f64>,
    entropic_epsilon: Option<f64>,
}

impl Search<'_> {
    /// The chosen key of each query at each location: `[grid rows, grid columns, frames]`.
    fn run(&self, block: Block) -> Tensor {
        let pair_bytes = self.render.size()[0] * self.clip.size()[0] * size_of::<f32>() as i64 * COPIES as i64;
        let pixels = block.bytes as f64 / pair_bytes as f64;
        // The longest runs of locations whose patches fit in a square of that many pixels.
        let reach = pixels.sqrt() as i64 - self.grid.patch() as i64;
        let run = (reach / self.stride + 1).max(1) as usize;
        let runs = |axis: &Axis| -> Vec<Range<usize>> {
            (0..axis.len()).step_by(run).map(|first| first..(first + run).min(axis.len())).collect()
        };
        let rows = runs(&self.grid.rows).into_iter().map(|rows| {
            let blocks = runs(&self.grid.columns).into_iter().map(|columns| self.choose(&rows, columns));
            Tensor::cat(&blocks.collect::<Vec<_>>(), 1)
        });
        Tensor::cat(&rows.collect::<Vec<_>>(), 0)
    }

    fn choose(&self, rows: &Range<usize>, columns: Range<usize>) -> Tensor {
        let (rows, columns) = (&self.grid.rows.starts[rows.clone()], &self.grid.columns.starts[columns]);
        let patch = self.grid.patch() as i64;
        // [3, frames, height, width] of the block, in units of 0–255.
        let cut = |clip: &Tensor, unit: f64| {
            let along = |clip: &Tensor, dim: i64, starts: &[usize]| {
                let (first, last) = (starts[0] as i64, starts[starts.len() - 1] as i64);
                clip.narrow(dim, first, last + patch - first)
            };
            along(&along(clip, 1, rows), 2, columns).permute([3, 0, 1, 2]).to_kind(Kind::Float) * unit
        };
        let (x, y) = (cut(self.render, 255.0), cut(self.clip, 1.0));
        let channel = |c: i64| (x.get(c).unsqueeze(1) - y.get(c).unsqueeze(0)).square_();
        let pixels = channel(0) + channel(1) + channel(2);
        let patches = self.box_sums(&self.box_sums(&pixels, rows, true), columns, false);
        // Sum over time: queries go round the loop, keys do not.
        let keys = patches.size()[1] + 1 - self.span as i64;
        let mut tables = patches.narrow(1, 0, keys).copy();
        for shift in 1..self.span as i64 {
            tables += patches.roll([-shift], [0]).narrow(1, shift, keys);
        }
        let chosen = match (self.entropic_epsilon, self.rho) {
            (Some(epsilon), _) => balanced(&tables, epsilon),
            (None, Some(rho)) => (&tables / (tables.amin([0].as_slice(), true) + rho)).argmin(1, false),
            (None, None) => tables.argmin(1, false),
        };
        chosen.permute([1, 2, 0])
    }

    /// Sums over the patches that begin at `starts` along one side of `[frames, keys, height, width]`, whose first row or
    /// column is the first of the starts.
    fn box_sums(&self, table: &Tensor, starts: &[usize], vertical: bool) -> Tensor {
        let (patch, stride) = (self.grid.patch() as i64, self.stride);
        let (dim, one) = if vertical { (2, [1, 0]) } else { (3, [0, 1]) };
        let pair = |n: i64| one.map(|on| if on == 1 { n } else { 1 });
        let pool = |t: &Tensor| t.avg_pool2d(pair(patch), pair(stride), [0, 0], false, true, 1);
        let offset = |k: usize| (starts[k] - starts[0]) as i64;
        // All starts are a stride apart, except perhaps the last, which is clamped to the window.
        let regular = (0..starts.len()).take_while(|k| offset(*k) == *k as i64 * stride).count();
        let sums = pool(&table.narrow(dim, 0, offset(regular - 1) + patch));
        if regular == starts.len() {
            return sums;
        }
        let last = pool(&table.narrow(dim, offset(starts.len() - 1), patch));
        Tensor::cat(&[sums, last], dim)
    }
}

/// Keys chosen so that the clip is used evenly: Sinkhorn's iteration, see [`crate::patches`]. Tables are
/// `[queries, keys, grid rows, grid columns]`, the result `[queries, grid rows, grid columns]`.
fn balanced(tables: &Tensor, entropic_epsilon: f64) -> Tensor {
    let (queries, keys, sum) =
        (tables.size()[0], tables.size()[1], |t: &Tensor, dim: i64| t.sum_dim_intlist(dim, true, Kind::Float));
    let epsilon = tables.mean_dim([0, 1].as_slice(), true, Kind::Float) * entropic_epsilon;
    // Where all patches are alike ε is 0, every kernel then 1, and the first key is chosen.
    let nearness = (tables.amin([1].as_slice(), true) - tables) / epsilon.clamp_min(f64::from(f32::MIN_POSITIVE));
    let kernel = nearness.exp();
    let mut key_scaling = kernel.narrow(0, 0, 1).ones_like();
    for _ in 0..ITERATIONS {
        let query_scaling = sum(&(&kernel * &key_scaling), 1).clamp_min(f64::from(LEAST)).reciprocal();
        key_scaling = sum(&(&kernel * query_scaling), 0).clamp_min(f64::from(LEAST)).reciprocal()
            * (queries as f64 / keys as f64);
    }
    (kernel * key_scaling).argmax(1, false)
}

/// Locations that cover each pixel of an axis: some lists of one location for each pixel, with a 1 where it exists.
fn covering(axis: &Axis) -> Vec<(Vec<i64>, Vec<i32>)> {
    let segments = 0..axis.segment_count();
    let deepest = segments.clone().map(|s| axis.locations_of(s).len()).max().unwrap_or(0);
    let list = |k: usize| {
        let of_segment = |s: usize| {
            let locations = axis.locations_of(s);
            let entry = if k < locations.len() { ((locations.start + k) as i64, 1) } else { (0, 0) };
            axis.pixels_of(s).map(move |_| entry)
        };
        segments.clone().flat_map(of_segment).unzip()
    };
    (0..deepest).map(list).collect()
}

/// Folding by gathering: each `τ` and location that covers `x` votes for the frame `chosen((t − τ) mod frames) + τ` of the clip;
/// pixel `(t, x)` is the mean of these frames, weighted by the square of their votes and rounded to the nearest byte.
fn fold(chosen: &Tensor, clip: &Tensor, grid: &Grid, span: usize) -> Tensor {
    let (device, frames, span) = (clip.device(), chosen.size()[2], span as i64);
    let (height, width) = grid.size();
    let upload = |(locations, exist): &(Vec<i64>, Vec<i32>)| {
        (Tensor::from_slice(locations).to_device(device), Tensor::from_slice(exist).to_device(device))
    };
    let rows: Vec<_> = covering(&grid.rows).iter().map(upload).collect();
    let columns: Vec<_> = covering(&grid.columns).iter().map(upload).collect();
    let of_frame = |t: i64| {
        let mut votes = Vec::new();
        for shift in 0..span {
            let chosen = chosen.select(2, (t - shift).rem_euclid(frames));
            for (rows, row_exists) in &rows {
                for (columns, column_exists) in &columns {
                    let exists = row_exists.unsqueeze(1) * column_exists;
                    let frame = chosen.index_select(0, rows).index_select(1, columns) + shift;
                    // A vote that nobody casts is for frame −1.
                    votes.push((frame + 1) * exists - 1);
                }
            }
        }
        let votes = Tensor::stack(&votes, 0);
        let cast = votes.ge(0).to_kind(Kind::Int64);
        // Each vote counts as often as there are votes for the same frame.
        let agree = votes.unsqueeze(0).eq_tensor(&votes.unsqueeze(1)).sum_dim_intlist(0, false, Kind::Int64) * cast;
        let shape = [votes.size()[0], height as i64, width as i64, 3];
        let bytes = clip.gather(0, &votes.clamp_min(0).unsqueeze(-1).expand(shape, false), false);
        let sum = (bytes.to_kind(Kind::Int64) * agree.unsqueeze(-1)).sum_dim_intlist(0, false, Kind::Int64);
        let weights = agree.sum_dim_intlist(0, false, Kind::Int64).unsqueeze(-1);
        let half = weights.divide_scalar_mode(2, "floor");
        (sum + half).divide_tensor_mode(&weights, "floor").to_kind(Kind::Uint8)
    };
    Tensor::stack(&(0..frames).map(of_frame).collect::<Vec<_>>(), 0)
}
