//! The looping target on our kernels: what `target.cu` computes, a block of patch locations at a time.

use super::launch::arguments;
use super::{CudaError, Kernel, Kernels};
use crate::error::FitError;
use crate::patches::balance::ITERATIONS;
use crate::patches::{Axis, Grid, MIN_ALPHA, PatchError, TargetSettings};
use std::ops::Range;
use tch::{Kind, Tensor};

/// The clip that a rendered loop is pulled to, as [`crate::patches::looping_target_u8`] has it, up to ties between keys.
///
/// `render` is floats 0–1, `[pixels, 3, frames]`, exposed; `clip` is bytes `[height, width, 3, F]`; the result is bytes
/// `[pixels, 3, frames]`. `working_set`: bytes that the tables of one block of locations may take; at least one location is
/// computed in any case.
///
/// # Errors
/// Settings out of range, sizes that differ, or those of the device.
pub fn looping_target(
    kernels: &Kernels,
    render: &Tensor,
    clip: &Tensor,
    settings: &TargetSettings,
    working_set: usize,
) -> Result<Tensor, FitError> {
    let shape = |t: &Tensor| -> Vec<usize> { t.size().into_iter().map(|n| n as usize).collect() };
    let (r, c) = (shape(render), shape(clip));
    let (&[pixels, 3, frames], &[height, width, 3, captured]) = (r.as_slice(), c.as_slice()) else {
        return Err(PatchError::Empty { what: "render or clip", shape: format!("{r:?}, {c:?}") }.into());
    };
    if pixels != height * width {
        let (found, expected) = (pixels * 3 * frames, height * width * 3 * frames);
        let shape = format!("[{height}, {width}, 3, {frames}]");
        return Err(PatchError::Length { what: "render", shape, found, expected }.into());
    }
    let grid = Grid::new(height, width, settings.patch, settings.stride)?;
    let span = settings.patch_frames;
    if frames == 0 || captured == 0 || span == 0 {
        let shape = format!("{r:?}, {c:?}, {span} frames");
        return Err(PatchError::Empty { what: "render, clip or patch", shape }.into());
    }
    // A clip shorter than a patch goes on with its last frame.
    let longer = (captured < span).then(|| {
        let missing = clip.narrow(-1, -1, 1).expand([-1, -1, -1, (span - captured) as i64], false);
        Tensor::cat(&[clip, &missing], -1)
    });
    let search = Search {
        kernels,
        render,
        clip: longer.as_ref().unwrap_or(clip),
        grid: &grid,
        frames,
        captured: captured.max(span),
        span,
        stride: settings.stride.min(grid.patch()),
        settings,
    };
    Ok(search.run(working_set)?)
}

/// One search: queries are the frames of `render`, keys the stretches of `span` frames of `clip`.
struct Search<'a> {
    kernels: &'a Kernels,
    render: &'a Tensor,
    clip: &'a Tensor,
    grid: &'a Grid,
    frames: usize,
    captured: usize,
    span: usize,
    /// Pixels from one location to the next, at most.
    stride: usize,
    settings: &'a TargetSettings,
}

/// What all blocks share on the device.
struct Starts {
    rows: Tensor,
    columns: Tensor,
}

impl Search<'_> {
    fn keys(&self) -> usize {
        self.captured + 1 - self.span
    }

    fn empty(&self, kind: Kind, len: usize) -> Tensor {
        Tensor::empty([len as i64], (kind, self.kernels.device()))
    }

    fn ints(&self, values: impl Iterator<Item = usize>) -> Tensor {
        let values: Vec<i32> = values.map(|value| value as i32).collect();
        Tensor::from_slice(&values).to_device(self.kernels.device())
    }

    fn run(&self, working_set: usize) -> Result<Tensor, CudaError> {
        let Grid { rows, columns } = self.grid;
        let starts =
            Starts { rows: self.ints(rows.starts.iter().copied()), columns: self.ints(columns.starts.iter().copied()) };
        let chosen = self.empty(Kind::Int, self.grid.len() * self.frames);
        let (at_once, across) = block(self.grid, self.stride, self.frames * self.captured, working_set);
        for first_row in (0..rows.len()).step_by(at_once) {
            for first_column in (0..columns.len()).step_by(across) {
                let of = Block {
                    rows: first_row..(first_row + at_once).min(rows.len()),
                    columns: first_column..(first_column + across).min(columns.len()),
                };
                let distances = self.distances(&starts, &of)?;
                match self.settings.balance {
                    Some(blur) => self.choose_evenly(&of, &distances, blur, &chosen)?,
                    None => self.choose_nearest(&of, &distances, &chosen)?,
                }
            }
        }
        self.fold(&chosen)
    }

    /// Patch distances of a block: `[locations, queries, keys]`.
    fn distances(&self, starts: &Starts, of: &Block) -> Result<Tensor, CudaError> {
        let Self { frames, captured, span, .. } = *self;
        let patch = self.grid.patch();
        let (rows, columns, locations) = (of.rows.len(), of.columns.len(), of.locations());
        let left = self.grid.columns.starts[of.columns.start];
        let across = self.grid.columns.starts[of.columns.end - 1] + patch - left;
        let (_, width) = self.grid.size();
        let pairs = frames * captured;

        let sums = self.empty(Kind::Float, rows * across * pairs);
        let arguments = arguments![
            self.render,
            self.clip,
            &starts.rows,
            of.rows.start,
            rows,
            left,
            across,
            width,
            patch,
            frames,
            captured,
            &sums,
        ];
        let threads = rows * across * frames.div_ceil(TILE) * captured.div_ceil(TILE);
        self.kernels.run(Kernel::ColumnDistances, threads, arguments)?;

        let patches = self.empty(Kind::Float, locations * pairs);
        let arguments = arguments![
            &sums,
            &starts.columns,
            of.columns.start,
            rows,
            columns,
            left,
            across,
            patch,
            frames,
            captured,
            &patches,
        ];
        self.kernels.run(Kernel::PatchDistances, locations * pairs, arguments)?;

        let entries = locations * frames * self.keys();
        let distances = self.empty(Kind::Float, entries);
        let arguments = arguments![&patches, locations, frames, captured, span, &distances];
        self.kernels.run(Kernel::TimeDistances, entries, arguments)?;
        Ok(distances)
    }

    /// Keys that use the clip evenly; turns `distances` into something else on the way.
    fn choose_evenly(&self, of: &Block, distances: &Tensor, blur: f32, chosen: &Tensor) -> Result<(), CudaError> {
        let (locations, frames, keys) = (of.locations(), self.frames, self.keys());
        let row = self.empty(Kind::Float, locations * frames * 2);
        let arguments = arguments![distances, locations, frames, keys, &row];
        self.kernels.run(Kernel::RowStatistics, locations * frames, arguments)?;
        let epsilon = self.empty(Kind::Float, locations);
        let arguments = arguments![&row, locations, frames, keys, blur, &epsilon];
        self.kernels.run(Kernel::BlurWidths, locations, arguments)?;
        let table = distances;
        let arguments = arguments![&row, &epsilon, locations, frames, keys, table];
        self.kernels.run(Kernel::Nearness, locations * frames * keys, arguments)?;
        let (price, scale) =
            (self.empty(Kind::Float, locations * keys).fill_(1.0), self.empty(Kind::Float, locations * frames));
        for _ in 0..ITERATIONS {
            let arguments = arguments![table, &price, locations, frames, keys, &scale];
            self.kernels.run(Kernel::ScaleQueries, locations * frames, arguments)?;
            let arguments = arguments![table, &scale, locations, frames, keys, &price];
            self.kernels.run(Kernel::PriceKeys, locations * keys, arguments)?;
        }
        self.choose(Kernel::ChooseGreatest, of, (table, &price), chosen)
    }

    /// Keys of the least distance, or of the least normalised score.
    fn choose_nearest(&self, of: &Block, distances: &Tensor, chosen: &Tensor) -> Result<(), CudaError> {
        let (locations, keys) = (of.locations(), self.keys());
        let divisors = self.empty(Kind::Float, locations * keys).fill_(1.0);
        if let Some(alpha) = self.settings.alpha {
            // Distances are sums in units of 0–255, ρ is a mean in units of 0–1.
            let values = (3 * self.span * self.grid.patch() * self.grid.patch()) as f32;
            let rho = alpha.max(MIN_ALPHA) * values * 255.0 * 255.0;
            let arguments = arguments![distances, locations, self.frames, keys, rho, &divisors];
            self.kernels.run(Kernel::KeyDivisors, locations * keys, arguments)?;
        }
        self.choose(Kernel::ChooseLeast, of, (distances, &divisors), chosen)
    }

    fn choose(
        &self,
        kernel: Kernel,
        of: &Block,
        (table, by_key): (&Tensor, &Tensor),
        chosen: &Tensor,
    ) -> Result<(), CudaError> {
        let (locations, frames) = (of.locations(), self.frames);
        let arguments = arguments![
            table,
            by_key,
            locations,
            frames,
            self.keys(),
            of.rows.start,
            of.columns.start,
            of.columns.len(),
            self.grid.columns.len(),
            chosen,
        ];
        self.kernels.run(kernel, locations * frames, arguments)
    }

    fn fold(&self, chosen: &Tensor) -> Result<Tensor, CudaError> {
        let Self { frames, captured, span, .. } = *self;
        let (height, width) = self.grid.size();
        let cover = |axis| self.ints(covers(axis).into_iter().flatten());
        let (row_cover, column_cover) = (cover(&self.grid.rows), cover(&self.grid.columns));
        let target = self.empty(Kind::Uint8, height * width * 3 * frames);
        let arguments = arguments![
            chosen,
            self.clip,
            &row_cover,
            &column_cover,
            height,
            width,
            self.grid.columns.len(),
            frames,
            captured,
            span,
            &target,
        ];
        self.kernels.run(Kernel::Fold, height * width * frames, arguments)?;
        Ok(target.view([(height * width) as i64, 3, frames as i64]))
    }
}

/// Frames of the render and of the clip that one thread pairs (`TILE` of `target.cu`).
const TILE: usize = 4;

/// Locations that are handled together.
struct Block {
    rows: Range<usize>,
    columns: Range<usize>,
}

impl Block {
    fn locations(&self) -> usize {
        self.rows.len() * self.columns.len()
    }
}

/// Rows and columns of the largest blocks whose tables, of `pairs` floats each, fit in `bytes`; at least one of each.
fn block(grid: &Grid, stride: usize, pairs: usize, bytes: usize) -> (usize, usize) {
    // A row of n locations has a table for each pixel column, and two for each location.
    let (patch, tables) = (grid.patch(), bytes / (pairs * size_of::<f32>()));
    let columns = ((tables + stride).saturating_sub(patch) / (stride + 2)).clamp(1, grid.columns.len());
    let row = (columns - 1) * stride + patch + 2 * columns;
    ((tables / row).clamp(1, grid.rows.len()), columns)
}

/// Locations that cover each pixel along an axis: first, and the one after the last.
fn covers(axis: &Axis) -> Vec<[usize; 2]> {
    let of_segment = |segment: usize| {
        let Range { start, end } = axis.locations_of(segment);
        axis.pixels_of(segment).map(move |_| [start, end])
    };
    (0..axis.segment_count()).flat_map(of_segment).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_fit_their_bytes() {
        let grid = Grid::new(40, 61, 11, 4).unwrap();
        let pairs = 5;
        let table = pairs * size_of::<f32>();
        // Nothing fits: one location nevertheless.
        assert_eq!(block(&grid, 4, pairs, 1), (1, 1));
        // One location needs 11 columns and two tables.
        assert_eq!(block(&grid, 4, pairs, 13 * table), (1, 1));
        assert_eq!(block(&grid, 4, pairs, 18 * table), (1, 1));
        assert_eq!(block(&grid, 4, pairs, 19 * table), (1, 2));
        // All columns: 14 of them cover 63 pixels at a full stride.
        assert_eq!(block(&grid, 4, pairs, 3 * (63 + 28) * table), (3, 14));
        assert_eq!(block(&grid, 4, pairs, 1 << 30), (9, 14));
    }
}
