//! The looping target on our kernels: what `target.cu` computes, a block of patch locations at a time.

use super::calls;
use super::error::CudaError;
use super::launch::Kernels;
use crate::error::FitError;
use crate::patches::sinkhorn::ITERATIONS;
use crate::patches::{Axis, Grid, MIN_RHO, PatchError, TargetSettings};
use std::ops::Range;
use tch::{Kind, Tensor};

/// The looping target of a rendered loop, as [`crate::patches::looping_target`] computes it, up to ties between keys.
///
/// `render` is floats 0–1, `[pixels, 3, frames]`, exposed; `clip` is bytes `[height, width, 3, F]`; the result is bytes
/// `[pixels, 3, frames]`. `working_set`: bytes that the tables of one block of locations may take; at least one location is
/// always computed.
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
    // A clip shorter than a patch repeats its last frame.
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

/// One nearest-neighbour search: queries are the frames of `render`, keys the stretches of `span` frames of `clip`.
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

/// First pixels of all locations, on the device.
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
        let (at_once, across) = block_size(self.grid, self.stride, self.frames * self.captured, working_set);
        for first_row in (0..rows.len()).step_by(at_once) {
            for first_column in (0..columns.len()).step_by(across) {
                let block = Block {
                    rows: first_row..(first_row + at_once).min(rows.len()),
                    columns: first_column..(first_column + across).min(columns.len()),
                };
                let distances = self.distances(&starts, &block)?;
                match self.settings.entropic_epsilon {
                    Some(epsilon) => self.choose_evenly(&block, &distances, epsilon, &chosen)?,
                    None => self.choose_nearest(&block, &distances, &chosen)?,
                }
            }
        }
        self.fold(&chosen)
    }

    /// Patch distances of a block: `[locations, queries, keys]`.
    fn distances(&self, starts: &Starts, block: &Block) -> Result<Tensor, CudaError> {
        let Self { frames, captured, span, .. } = *self;
        let patch = self.grid.patch();
        let (rows, columns, locations) = (block.rows.len(), block.columns.len(), block.locations());
        let left = self.grid.columns.starts[block.columns.start];
        let across = self.grid.columns.starts[block.columns.end - 1] + patch - left;
        let (_, width) = self.grid.size();
        let pairs = frames * captured;

        let sums = self.empty(Kind::Float, rows * across * pairs);
        let call = calls::ColumnDistances {
            queries: self.render,
            clip: self.clip,
            row_start: &starts.rows,
            first_row: block.rows.start,
            rows,
            left,
            across,
            width,
            patch,
            frames,
            captured,
            sums: &sums,
        };
        self.kernels.run(rows * across * frames.div_ceil(TILE) * captured.div_ceil(TILE), &call)?;

        let patches = self.empty(Kind::Float, locations * pairs);
        let call = calls::PatchDistances {
            sums: &sums,
            column_start: &starts.columns,
            first_column: block.columns.start,
            rows,
            columns,
            left,
            across,
            patch,
            frames,
            captured,
            patches: &patches,
        };
        self.kernels.run(locations * pairs, &call)?;

        let entries = locations * frames * self.keys();
        let distances = self.empty(Kind::Float, entries);
        let call = calls::TimeDistances { patches: &patches, locations, frames, captured, span, distances: &distances };
        self.kernels.run(entries, &call)?;
        Ok(distances)
    }

    /// Keys that use the clip evenly, by Sinkhorn's iteration; overwrites `distances` on the way. `entropic_epsilon`: ε as
    /// a fraction of the mean distance.
    fn choose_evenly(
        &self,
        block: &Block,
        distances: &Tensor,
        entropic_epsilon: f32,
        chosen: &Tensor,
    ) -> Result<(), CudaError> {
        let (locations, frames, keys) = (block.locations(), self.frames, self.keys());
        let row = &self.empty(Kind::Float, locations * frames * 2);
        self.kernels.run(locations * frames, &calls::RowStatistics { distances, locations, frames, keys, row })?;
        let epsilon = &self.empty(Kind::Float, locations);
        self.kernels
            .run(locations, &calls::EntropicEpsilons { row, locations, frames, keys, entropic_epsilon, epsilon })?;
        let table = distances;
        self.kernels
            .run(locations * frames * keys, &calls::Nearness { row, epsilon, locations, frames, keys, table })?;
        let key_scaling = &self.empty(Kind::Float, locations * keys).fill_(1.0);
        let query_scaling = &self.empty(Kind::Float, locations * frames);
        for _ in 0..ITERATIONS {
            let queries = calls::ScaleQueries { table, key_scaling, locations, frames, keys, query_scaling };
            self.kernels.run(locations * frames, &queries)?;
            let by_key = calls::ScaleKeys { table, query_scaling, locations, frames, keys, key_scaling };
            self.kernels.run(locations * keys, &by_key)?;
        }
        let call = calls::ChooseGreatest {
            table,
            key_scaling,
            locations,
            frames,
            keys,
            first_row: block.rows.start,
            first_column: block.columns.start,
            columns: block.columns.len(),
            grid_columns: self.grid.columns.len(),
            chosen,
        };
        self.kernels.run(locations * frames, &call)
    }

    /// Nearest keys: of the least distance, or of the least normalised score.
    fn choose_nearest(&self, block: &Block, distances: &Tensor, chosen: &Tensor) -> Result<(), CudaError> {
        let (locations, frames, keys) = (block.locations(), self.frames, self.keys());
        let divisor = &self.empty(Kind::Float, locations * keys).fill_(1.0);
        if let Some(rho) = self.settings.rho {
            // Distances are sums in units of 0–255, ρ is a mean in units of 0–1.
            let values = (3 * self.span * self.grid.patch() * self.grid.patch()) as f32;
            let rho = rho.max(MIN_RHO) * values * 255.0 * 255.0;
            self.kernels
                .run(locations * keys, &calls::KeyDivisors { distances, locations, frames, keys, rho, divisor })?;
        }
        let call = calls::ChooseLeast {
            distances,
            divisor,
            locations,
            frames,
            keys,
            first_row: block.rows.start,
            first_column: block.columns.start,
            columns: block.columns.len(),
            grid_columns: self.grid.columns.len(),
            chosen,
        };
        self.kernels.run(locations * frames, &call)
    }

    fn fold(&self, chosen: &Tensor) -> Result<Tensor, CudaError> {
        let Self { frames, captured, span, .. } = *self;
        let (height, width) = self.grid.size();
        let cover = |axis| self.ints(covers(axis).into_iter().flatten());
        let target = self.empty(Kind::Uint8, height * width * 3 * frames);
        let call = calls::Fold {
            chosen,
            clip: self.clip,
            row_cover: &cover(&self.grid.rows),
            column_cover: &cover(&self.grid.columns),
            height,
            width,
            grid_columns: self.grid.columns.len(),
            frames,
            captured,
            span,
            target: &target,
        };
        self.kernels.run(height * width * frames, &call)?;
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
fn block_size(grid: &Grid, stride: usize, pairs: usize, bytes: usize) -> (usize, usize) {
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
        assert_eq!(block_size(&grid, 4, pairs, 1), (1, 1));
        // One location needs 11 columns and two tables.
        assert_eq!(block_size(&grid, 4, pairs, 13 * table), (1, 1));
        assert_eq!(block_size(&grid, 4, pairs, 18 * table), (1, 1));
        assert_eq!(block_size(&grid, 4, pairs, 19 * table), (1, 2));
        // All columns: 14 of them cover 63 pixels at a full stride.
        assert_eq!(block_size(&grid, 4, pairs, 3 * (63 + 28) * table), (3, 14));
        assert_eq!(block_size(&grid, 4, pairs, 1 << 30), (9, 14));
    }
}
