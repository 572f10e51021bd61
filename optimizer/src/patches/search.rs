//! Walks the grid and builds each location's table of patch distances.

use super::kernel::{self, LANES, TILE_ROWS};
use super::{Grid, PatchError, Sample, TimeRows};
use rayon::prelude::*;
use std::ops::Range;

/// Bytes of running sums that one block of locations may hold: about the second-level cache of one core.
const BLOCK_BYTES: usize = 1 << 20;

/// Extent of a patch in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Frames of a patch.
    pub frames: usize,
    /// Whether queries go on at the first frame after the last one: a clip of `T` frames then has `T` queries,
    /// otherwise `T − frames + 1`. Keys never wrap.
    pub circular: bool,
}

/// Distances at one location: sum of squared differences, in units of 0–255, over all values of the two patches.
#[derive(Clone, Copy, Debug)]
pub struct Table<'a> {
    /// Row of the location on the grid.
    pub row: usize,
    /// Column of the location on the grid.
    pub column: usize,
    /// Number of queries: rows of the table.
    pub queries: usize,
    /// Number of keys: valid columns of the table.
    pub keys: usize,
    /// Values from one row of the table to the next, a multiple of 8; those after the keys are +∞.
    pub width: usize,
    /// `queries · width` values.
    pub values: &'a [f32],
}

impl Table<'_> {
    /// Distance of a query to a key.
    pub fn at(&self, query: usize, key: usize) -> f32 {
        self.values[query * self.width + key]
    }
}

/// Computes the distances of every query to every key at each location of the grid, calls `visit` with the finished
/// table and `outputs` values to fill, and returns these as `[grid rows, grid columns, outputs]`.
///
/// Locations are visited in no particular order and in parallel; the results depend neither on that nor on the number
/// of threads. Memory: a few MB for each thread, and the outputs.
///
/// # Errors
/// Sizes of queries, keys and grid that differ; a clip shorter than a patch or longer than 65,536 frames; a patch of no frame.
pub fn search<X: Sample, Y: Sample, O: Copy + Default + Send>(
    queries: &TimeRows<'_, X>,
    keys: &TimeRows<'_, Y>,
    grid: &Grid,
    span: Span,
    outputs: usize,
    visit: impl Fn(&Table<'_>, &mut [O]) + Sync,
) -> Result<Vec<O>, PatchError> {
    let shape = Shape::new(queries, keys, grid, span)?;
    let blocks = shape.blocks(grid);
    let done: Vec<Vec<O>> = blocks
        .par_iter()
        .map(|block| {
            let mut out = vec![O::default(); block.rows.len() * block.columns.len() * outputs];
            Walk::new(queries, keys, grid, &shape, block).run(|table, row, column| {
                let start = (row * block.columns.len() + column) * outputs;
                visit(table, &mut out[start..start + outputs]);
            });
            out
        })
        .collect();
    let mut all = vec![O::default(); grid.len() * outputs];
    for (block, done) in blocks.iter().zip(&done) {
        let line = block.columns.len() * outputs;
        for (row, done) in block.rows.clone().zip(done.chunks_exact(line.max(1))) {
            let start = (row * grid.columns.len() + block.columns.start) * outputs;
            all[start..start + line].copy_from_slice(done);
        }
    }
    Ok(all)
}

/// Sizes of tables.
struct Shape {
    /// Frames of the queries' clip, and padded to the register tile.
    frames: usize,
    height: usize,
    /// Frames of the keys' clip, padded to vectors.
    width: usize,
    queries: usize,
    keys: usize,
    span: usize,
}

/// A rectangle of locations, the unit of parallel work.
struct Block {
    rows: Range<usize>,
    columns: Range<usize>,
}

impl Shape {
    fn new<X, Y>(x: &TimeRows<'_, X>, y: &TimeRows<'_, Y>, grid: &Grid, span: Span) -> Result<Self, PatchError> {
        for (height, width) in [(y.height, y.width), grid.size()] {
            if (x.height, x.width) != (height, width) {
                return Err(PatchError::Sizes {
                    queries_width: x.width,
                    queries_height: x.height,
                    keys_width: width,
                    keys_height: height,
                });
            }
        }
        if span.frames == 0 {
            return Err(PatchError::Setting { name: "patch_frames", found: "0".into(), expected: "at least 1 frame" });
        }
        let most = usize::from(u16::MAX) + 1;
        for (what, frames, wraps) in [("queries' clip", x.frames, span.circular), ("keys' clip", y.frames, false)] {
            if frames < span.frames && !wraps {
                return Err(PatchError::TooShort { what, frames, needed: span.frames });
            }
            if frames > most {
                return Err(PatchError::TooLong { what, frames, most });
            }
        }
        Ok(Self {
            frames: x.frames,
            height: x.frames.next_multiple_of(TILE_ROWS),
            width: y.frames.next_multiple_of(LANES),
            queries: if span.circular { x.frames } else { x.frames + 1 - span.frames },
            keys: y.frames + 1 - span.frames,
            span: span.frames,
        })
    }

    fn table(&self) -> usize {
        self.height * self.width
    }

    /// Blocks wide enough to waste little on their borders, narrow enough for the cache, and enough of them to keep
    /// all threads busy. How the grid is cut changes no result: a patch is always the same sum in the same order.
    fn blocks(&self, grid: &Grid) -> Vec<Block> {
        let (_, open_rows) = grid.rows.depths();
        let columns = (BLOCK_BYTES / (open_rows * self.table() * size_of::<f32>())).clamp(4, 64);
        let columns = split(grid.columns.len(), grid.columns.len().div_ceil(columns));
        let wanted = (4 * rayon::current_num_threads()).div_ceil(columns.len());
        let rows = split(grid.rows.len(), wanted.min(grid.rows.len().div_ceil(16)));
        rows.iter()
            .flat_map(|rows| columns.iter().map(|columns| Block { rows: rows.clone(), columns: columns.clone() }))
            .collect()
    }
}

/// Cuts `0..len` in `parts` ranges of nearly equal lengths.
fn split(len: usize, parts: usize) -> Vec<Range<usize>> {
    let parts = parts.clamp(1, len.max(1));
    (0..parts).map(|part| part * len / parts..(part + 1) * len / parts).collect()
}

/// Walks one block from top to bottom, a row of segments at a time.
struct Walk<'a, X, Y> {
    queries: &'a TimeRows<'a, X>,
    keys: &'a TimeRows<'a, Y>,
    grid: &'a Grid,
    shape: &'a Shape,
    block: &'a Block,
    /// Columns of pixels that the block covers.
    pixels: Range<usize>,
    /// The current row of segments as floats: `[segment height, pixels, 3, padded frames]`.
    query_lines: Vec<f32>,
    key_lines: Vec<f32>,
    /// Tables of the last segments of that row, a ring as deep as a patch is wide in segments.
    segments: Vec<f32>,
    ring: usize,
    /// Tables of the patches that are not complete: a ring of grid rows, `[open rows, block columns]`.
    patches: Vec<f32>,
    open_rows: usize,
}

impl<'a, X: Sample, Y: Sample> Walk<'a, X, Y> {
    fn new(
        queries: &'a TimeRows<'a, X>,
        keys: &'a TimeRows<'a, Y>,
        grid: &'a Grid,
        shape: &'a Shape,
        block: &'a Block,
    ) -> Self {
        let (columns, table) = (&grid.columns, shape.table());
        let pixels = columns.starts[block.columns.start]..columns.starts[block.columns.end - 1] + columns.patch;
        let tallest = (0..grid.rows.segment_count()).map(|k| grid.rows.pixels_of(k).len()).max().unwrap_or(1);
        let lines = tallest * pixels.len() * 3;
        let (ring, _) = columns.depths();
        let (_, open_rows) = grid.rows.depths();
        Self {
            queries,
            keys,
            grid,
            shape,
            block,
            query_lines: vec![0.0; lines * shape.height],
            key_lines: vec![0.0; lines * shape.width],
            segments: vec![0.0; ring * table],
            ring,
            patches: vec![0.0; open_rows * block.columns.len() * table],
            open_rows,
            pixels,
        }
    }

    /// Calls `visit` with each finished table and its row and column inside the block.
    fn run(mut self, mut visit: impl FnMut(&Table<'_>, usize, usize)) {
        let (grid, block, table) = (self.grid, self.block, self.shape.table());
        let mut row_sum = vec![0.0; table];
        let mut finished = vec![0.0; table];
        let segments = grid.rows.segments_of(block.rows.start).start..grid.rows.segments_of(block.rows.end - 1).end;
        for segment in segments {
            let height = self.load(segment);
            let open = grid.rows.locations_of(segment);
            let open = open.start.max(block.rows.start)..open.end.min(block.rows.end);
            let mut next = grid.columns.segments_of(block.columns.start).start;
            for column in block.columns.clone() {
                let parts = grid.columns.segments_of(column);
                for part in next.max(parts.start)..parts.end {
                    self.segment_table(part, height);
                }
                next = parts.end;
                self.sum_row(parts, &mut row_sum);
                for row in open.clone() {
                    let rows = grid.rows.segments_of(row);
                    let patch = self.patch_index(row, column);
                    let patch = &mut self.patches[patch * table..(patch + 1) * table];
                    if segment == rows.start {
                        patch.copy_from_slice(&row_sum);
                    } else {
                        kernel::add_table(&row_sum, patch);
                    }
                    if segment + 1 == rows.end {
                        self.finish(row, column, &mut finished, &mut visit);
                    }
                }
            }
        }
    }

    fn patch_index(&self, row: usize, column: usize) -> usize {
        (row % self.open_rows) * self.block.columns.len() + column - self.block.columns.start
    }

    /// Reads a row of segments as floats; returns its height in pixels.
    fn load(&mut self, segment: usize) -> usize {
        let rows = self.grid.rows.pixels_of(segment);
        let height = rows.len();
        let line = self.pixels.len() * 3;
        for (k, y) in rows.enumerate() {
            let (x, from, to) = (self.pixels.clone(), k * line, (k + 1) * line);
            let queries = &mut self.query_lines[from * self.shape.height..to * self.shape.height];
            widen(self.queries.run(y, x.clone()), self.queries.frames, queries, self.shape.height);
            let keys = &mut self.key_lines[from * self.shape.width..to * self.shape.width];
            widen(self.keys.run(y, x), self.keys.frames, keys, self.shape.width);
        }
        height
    }

    fn segment_table(&mut self, segment: usize, height: usize) {
        let pixels = self.grid.columns.pixels_of(segment);
        let (start, end) = (pixels.start - self.pixels.start, pixels.end - self.pixels.start);
        let stride = self.pixels.len();
        let runs: Vec<Range<usize>> = (0..height).map(|k| (k * stride + start) * 3..(k * stride + end) * 3).collect();
        let table = self.shape.table();
        let slot = segment % self.ring;
        let out = &mut self.segments[slot * table..(slot + 1) * table];
        kernel::segment_table(&self.query_lines, &self.key_lines, &runs, self.shape.height, self.shape.width, out);
    }

    fn sum_row(&self, parts: Range<usize>, out: &mut [f32]) {
        let table = self.shape.table();
        let parts: Vec<&[f32]> =
            parts.map(|part| &self.segments[(part % self.ring) * table..(part % self.ring + 1) * table]).collect();
        kernel::sum_tables(&parts, out);
    }

    fn finish(
        &self,
        row: usize,
        column: usize,
        finished: &mut [f32],
        visit: &mut impl FnMut(&Table<'_>, usize, usize),
    ) {
        let Shape { frames, width, queries, keys, span, .. } = *self.shape;
        let (patch, table) = (self.patch_index(row, column), self.shape.table());
        let patch = &self.patches[patch * table..(patch + 1) * table];
        kernel::diagonal_sums(patch, width, frames, span, queries, keys, finished);
        let table = Table { row, column, queries, keys, width, values: &finished[..queries * width] };
        visit(&table, row - self.block.rows.start, column - self.block.columns.start);
    }
}

/// `[lines, frames]` samples to `[lines, padded]` floats; the padding stays as it is.
fn widen<S: Sample>(samples: &[S], frames: usize, out: &mut [f32], padded: usize) {
    for (samples, out) in samples.chunks_exact(frames).zip(out.chunks_exact_mut(padded)) {
        for (out, sample) in out.iter_mut().zip(samples) {
            *out = sample.level();
        }
    }
}
