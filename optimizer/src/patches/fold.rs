//! Folding by gathering (METHOD §5.2): each pixel asks its patches which frames they chose, and averages these.

use super::{LoopMatches, PatchError, TimeRows};
use rayon::prelude::*;

/// A value of a folded clip.
pub trait Folded: Copy + Default + Send {
    /// The mean of `votes` bytes whose sum is `sum`.
    fn mean(sum: u32, votes: u32) -> Self;
}

/// 0–1. Where all votes agree it is `byte / 255` to the last bit.
impl Folded for f32 {
    fn mean(sum: u32, votes: u32) -> Self {
        sum as f32 / (votes * 255) as f32
    }
}

/// 0–255, the nearest byte: a quarter of the memory, for targets that are kept between steps.
impl Folded for u8 {
    fn mean(sum: u32, votes: u32) -> Self {
        // A mean of bytes is at most 255.
        ((sum + votes / 2) / votes) as Self
    }
}

/// Averages the chosen keys into a clip: pixel `(t, x)` is the mean over `τ` and the locations `ℓ` that cover `x` of
/// `keys(chosen_ℓ((t − τ) mod T) + τ, x)`. `[height, width, 3, frames]`. Sums are of whole numbers and exact.
///
/// # Errors
/// Keys of another size or number of frames than those that were matched.
pub fn fold<T: Folded>(matches: &LoopMatches, keys: &TimeRows<'_, u8>) -> Result<Vec<T>, PatchError> {
    let (grid, frames) = (&matches.grid, matches.frames);
    let (height, width) = grid.size();
    if (height, width) != (keys.height, keys.width) {
        return Err(PatchError::Sizes {
            queries_width: width,
            queries_height: height,
            keys_width: keys.width,
            keys_height: keys.height,
        });
    }
    let needed = matches.keys + matches.patch_frames - 1;
    if keys.frames != needed {
        let shape = format!("[{height}, {width}, 3, {needed}]");
        let values = height * width * 3;
        return Err(PatchError::Length {
            what: "clip to fold",
            shape,
            found: values * keys.frames,
            expected: values * needed,
        });
    }
    let line = 3 * frames;
    let mut out = vec![T::default(); height * width * line];
    // Rows of segments, so that each task owns whole rows of pixels.
    let mut rows = Vec::with_capacity(grid.rows.segment_count());
    let mut rest = out.as_mut_slice();
    for segment in 0..grid.rows.segment_count() {
        let (row, after) = rest.split_at_mut(grid.rows.pixels_of(segment).len() * width * line);
        rows.push((segment, row));
        rest = after;
    }
    rows.into_par_iter().for_each(|(row_segment, out)| {
        let y0 = grid.rows.cuts[row_segment];
        let mut votes = Votes::default();
        for column_segment in 0..grid.columns.segment_count() {
            // The pixels of a segment are covered by the same patches, so they share the votes.
            votes.collect(matches, row_segment, column_segment);
            let pixels = grid.columns.pixels_of(column_segment);
            for (k, out) in out.chunks_exact_mut(width * line).enumerate() {
                let samples = keys.run(y0 + k, pixels.clone()).chunks_exact(keys.frames);
                let out = out[pixels.start * line..pixels.end * line].chunks_exact_mut(frames);
                for (samples, out) in samples.zip(out) {
                    for (out, chosen) in out.iter_mut().zip(votes.frames.chunks_exact(votes.count)) {
                        let sum = chosen.iter().map(|&frame| u32::from(samples[usize::from(frame)])).sum();
                        *out = T::mean(sum, votes.count as u32);
                    }
                }
            }
        }
    });
    Ok(out)
}

/// Frames of the clip that vote for each frame of the loop: `[loop frames, count]`.
#[derive(Default)]
struct Votes {
    count: usize,
    frames: Vec<u16>,
}

impl Votes {
    fn collect(&mut self, matches: &LoopMatches, row_segment: usize, column_segment: usize) {
        let (grid, frames) = (&matches.grid, matches.frames);
        let rows = grid.rows.locations_of(row_segment);
        let columns = grid.columns.locations_of(column_segment);
        self.count = rows.len() * columns.len() * matches.patch_frames;
        self.frames.resize(frames * self.count, 0);
        let mut vote = 0;
        for row in rows {
            for column in columns.clone() {
                let location = row * grid.columns.len() + column;
                let chosen = &matches.chosen[location * frames..(location + 1) * frames];
                for shift in 0..matches.patch_frames {
                    for (query, &key) in chosen.iter().enumerate() {
                        // Key frames are fewer than 65,536, checked by the search.
                        self.frames[(query + shift) % frames * self.count + vote] = key + shift as u16;
                    }
                    vote += 1;
                }
            }
        }
    }
}
