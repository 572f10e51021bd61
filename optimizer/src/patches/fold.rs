//! Folding by gathering (METHOD §5.2, D24): each pixel asks its patches which frames they chose, and averages these, a frame
//! that many patches agree on more than one that few want.

use super::{LoopMatches, PatchError, TimeRows};
use rayon::prelude::*;
use std::ops::Range;

/// A value of a folded clip.
pub trait Folded: Copy + Default + Send {
    /// The mean of bytes whose weighted sum is `sum`, of weights whose sum is `weights`.
    fn mean(sum: u64, weights: u64) -> Self;
}

/// 0–1. Where all votes agree it is `byte / 255` to the last bit.
impl Folded for f32 {
    fn mean(sum: u64, weights: u64) -> Self {
        (sum as f64 / (weights * 255) as f64) as Self
    }
}

/// 0–255, the nearest byte: a quarter of the memory, for targets that are kept between steps.
impl Folded for u8 {
    fn mean(sum: u64, weights: u64) -> Self {
        // A mean of bytes is at most 255.
        ((sum + weights / 2) / weights) as Self
    }
}

/// Averages the chosen keys into a clip: at pixel `(t, x)`, each `τ` and location `ℓ` that covers `x` votes for the frame
/// `chosen_ℓ((t − τ) mod T) + τ`, and the pixel is the mean of `keys(frame, x)` over the frames with a vote, weighted by the
/// **square** of their votes. `[height, width, 3, frames]`. Sums are of whole numbers and exact.
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
                    for (out, tally) in out.iter_mut().zip(&votes.tallies) {
                        let frames = &votes.weighted[tally.frames.clone()];
                        let weighted = |&(frame, weight)| u64::from(samples[usize::from(frame)]) * u64::from(weight);
                        *out = T::mean(frames.iter().map(weighted).sum(), tally.weights);
                    }
                }
            }
        }
    });
    Ok(out)
}

/// The votes of one segment's pixels, counted.
#[derive(Default)]
struct Votes {
    /// As they are cast: `[loop frames, count]` frames of the clip.
    cast: Vec<u16>,
    /// Frames of the clip with a vote, and their weights, of all loop frames one after the other.
    weighted: Vec<(u16, u32)>,
    /// One for each loop frame.
    tallies: Vec<Tally>,
}

/// The outcome for one frame of the loop.
struct Tally {
    /// Where its frames are in `weighted`.
    frames: Range<usize>,
    /// Sum of their weights.
    weights: u64,
}

impl Votes {
    fn collect(&mut self, matches: &LoopMatches, row_segment: usize, column_segment: usize) {
        let (grid, frames) = (&matches.grid, matches.frames);
        let rows = grid.rows.locations_of(row_segment);
        let columns = grid.columns.locations_of(column_segment);
        let count = rows.len() * columns.len() * matches.patch_frames;
        self.cast.resize(frames * count, 0);
        let mut vote = 0;
        for row in rows {
            for column in columns.clone() {
                let location = row * grid.columns.len() + column;
                let chosen = &matches.chosen[location * frames..(location + 1) * frames];
                for shift in 0..matches.patch_frames {
                    for (query, &key) in chosen.iter().enumerate() {
                        // Key frames are fewer than 65,536, checked by the search.
                        self.cast[(query + shift) % frames * count + vote] = key + shift as u16;
                    }
                    vote += 1;
                }
            }
        }
        self.weighted.clear();
        self.tallies.clear();
        for cast in self.cast.chunks_exact_mut(count) {
            cast.sort_unstable();
            let first = self.weighted.len();
            // Fewer than 65,536 votes would be needed for a square beyond u32; a patch of 64 pixels has at most 12,288 a frame.
            self.weighted.extend(cast.chunk_by(|a, b| a == b).map(|votes| (votes[0], (votes.len() as u32).pow(2))));
            let weights = self.weighted[first..].iter().map(|&(_, weight)| u64::from(weight)).sum();
            self.tallies.push(Tally { frames: first..self.weighted.len(), weights });
        }
    }
}
