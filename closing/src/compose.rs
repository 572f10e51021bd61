//! The loop's frames from the clip's, some rows at a time: each pixel plays its own stretch, and what stands still is one image.

use crate::error::ClosingError;
use crate::gains::Gains;
use crate::kept::Kept;
use crate::surface::{FADE, nearest};
use loop3d_media::Size;
use loop3d_media::bilinear::{Tap, mix, taps};
use loop3d_scene::job::{Event, Observer, check};
use rayon::prelude::*;
use std::path::Path;

/// Bytes of the clip that are in memory at a time.
const BYTES: usize = 192 << 20;
/// Pixels of the small map to each side over which neighbours that start at other times are mixed.
const FEATHER: usize = 2;
/// A value that stands still and changes by more than this has no noise but changes once, and the median says what it mostly is. A mean
/// would be a ghost.
const ONCE: u8 = 30;

/// Which frames of the clip a slot of the loop shows: one, and how much of it beside the one a period later.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shot {
    /// Frame of the clip.
    pub frame: usize,
    /// Its weight; that of the frame `period` later is what is missing from 1.
    pub weight: f32,
}

/// The shot of slot `slot` of a loop of `period` frames, for a pixel that starts at `start`.
pub fn shot(slot: usize, start: usize, period: usize) -> Shot {
    let first = start - FADE / 2;
    let frame = first + (slot + period - first % period) % period;
    // In the fade, which begins at `first`, the old end goes as the new beginning comes.
    let part = (frame - first) as f32 + 0.5;
    Shot { frame, weight: (part / FADE as f32).min(1.0) }
}

/// How a loop is made.
pub struct Plan {
    /// Frames of the loop.
    pub frames: usize,
    /// By how many frames the second frame of a shot is later.
    pub period: usize,
    /// Width of the maps.
    pub width: usize,
    /// Height of the maps.
    pub height: usize,
    /// For each pixel of the maps which of `shots` it plays.
    pub starts: Vec<u16>,
    /// Shots of each start: `[start][slot]`.
    pub shots: Vec<Vec<Shot>>,
    /// Which pixels of the maps move.
    pub moves: Vec<bool>,
    /// How much of its motion each one shows, 0–1.
    pub part: Vec<f32>,
    /// Which ones would and must not: they show one frame, because the mean of what moves is a smear.
    pub frozen: Vec<bool>,
    /// Light of what stands still.
    pub still: Gains,
    /// Light of what moves.
    pub moving: Gains,
}

/// What is mixed at a pixel of the maps.
struct Mixes {
    /// Where each pixel's parts begin, and the end.
    first: Vec<u32>,
    /// A start and its weight; the weights of a pixel sum to 1.
    parts: Vec<(u16, f32)>,
}

impl Mixes {
    fn new(plan: &Plan) -> Self {
        let (width, height) = (plan.width, plan.height);
        let of = |pixel: usize| {
            let (x, y) = (pixel % width, pixel / width);
            let mut parts: Vec<(u16, f32)> = Vec::new();
            if !plan.moves[pixel] {
                return parts;
            }
            for y in y.saturating_sub(FEATHER)..(y + FEATHER + 1).min(height) {
                for other in y * width + x.saturating_sub(FEATHER)..y * width + (x + FEATHER + 1).min(width) {
                    if !plan.moves[other] {
                        continue;
                    }
                    let start = plan.starts[other];
                    match parts.iter_mut().find(|(known, _)| *known == start) {
                        Some((_, weight)) => *weight += 1.0,
                        None => parts.push((start, 1.0)),
                    }
                }
            }
            let sum: f32 = parts.iter().map(|(_, weight)| weight).sum();
            parts.iter_mut().for_each(|(_, weight)| *weight /= sum);
            parts
        };
        let parts: Vec<Vec<(u16, f32)>> = (0..width * height).into_par_iter().map(of).collect();
        let ends = parts.iter().scan(0, |end, parts| {
            *end += parts.len() as u32;
            Some(*end)
        });
        let first = std::iter::once(0).chain(ends).collect();
        Self { first, parts: parts.concat() }
    }

    fn of(&self, pixel: usize) -> &[(u16, f32)] {
        &self.parts[self.first[pixel] as usize..self.first[pixel + 1] as usize]
    }
}

/// Some rows of the whole clip: `[frame][row][pixel][channel]`.
struct Rows<'a> {
    clip: &'a [u8],
    bytes: usize,
    still: &'a [[[u8; 256]; 3]],
    moving: &'a [[[u8; 256]; 3]],
}

impl Rows<'_> {
    /// The image of what stands still, at one value.
    fn still(&self, at: usize) -> f32 {
        let channel = at % 3;
        let values = || {
            self.still.iter().zip(self.clip[at..].iter().step_by(self.bytes)).map(|(t, v)| t[channel][usize::from(*v)])
        };
        let (mut sum, mut least, mut most) = (0u32, u8::MAX, 0u8);
        for value in values() {
            sum += u32::from(value);
            least = least.min(value);
            most = most.max(value);
        }
        let count = self.still.len();
        if most - least <= ONCE {
            return sum as f32 / count as f32;
        }
        let mut sorted: Vec<u8> = values().collect();
        f32::from(*sorted.select_nth_unstable(count / 2).1)
    }

    /// The frame in the middle, at one value.
    fn one(&self, at: usize) -> f32 {
        let frame = self.still.len() / 2;
        f32::from(self.still[frame][at % 3][usize::from(self.clip[frame * self.bytes + at])])
    }

    fn moving(&self, frame: usize, at: usize) -> f32 {
        f32::from(self.moving[frame][at % 3][usize::from(self.clip[frame * self.bytes + at])])
    }
}

/// Makes all frames of the loop. Also gives the sum of the changes from each slot to the next, the last one to the first.
///
/// # Errors
/// A full disk, a stop.
pub fn compose(
    clip: &mut Kept,
    plan: &Plan,
    folder: &Path,
    observer: &mut dyn Observer,
) -> Result<(Kept, Vec<u64>), ClosingError> {
    let size = clip.size();
    let (width, height) = (size.0 as usize, size.1 as usize);
    let mut out = Kept::with_frames(folder, size, plan.frames)?;
    let mut changes = vec![0; plan.frames];
    let mixes = Mixes::new(plan);
    let [still, moving] =
        [&plan.still, &plan.moving].map(|gains| (0..clip.frames()).map(|t| gains.table(t)).collect::<Vec<_>>());
    let columns: Vec<usize> = (0..width).map(|x| nearest(x, plan.width, width)).collect();
    let outline = Outline::new(plan, size);
    let line = width * 3;
    let strip = (BYTES / (clip.frames() * line)).clamp(1, height);
    let mut buffer = vec![0; clip.frames() * strip * line];
    for first in (0..height).step_by(strip) {
        check(observer.event(Event::step("composing", first as f64 / height as f64)), ClosingError::Stopped)?;
        let rows = first..(first + strip).min(height);
        let bytes = rows.len() * line;
        for t in 0..clip.frames() {
            clip.read_rows(t, rows.clone(), &mut buffer[t * bytes..(t + 1) * bytes])?;
        }
        let source = Rows { clip: &buffer[..clip.frames() * bytes], bytes, still: &still, moving: &moving };
        let map = |row: usize| nearest(first + row, plan.height, height) * plan.width;
        let still = |at: usize| match (at % line / 3, at / line) {
            (x, row) if plan.frozen[map(row) + columns[x]] => source.one(at),
            _ => source.still(at),
        };
        let stills: Vec<f32> = (0..bytes).into_par_iter().map(still).collect();
        let shown: Vec<f32> = (0..rows.len() * width)
            .into_par_iter()
            .map(|at| match (at % width, at / width) {
                (x, row) if plan.moves[map(row) + columns[x]] => outline.at(plan, x, first + row),
                _ => 0.0,
            })
            .collect();
        let mut made = vec![0u8; plan.frames * bytes];
        made.par_chunks_mut(bytes).enumerate().for_each(|(slot, frame)| {
            for (row, frame) in frame.chunks_exact_mut(line).enumerate() {
                for (x, rgb) in frame.as_chunks_mut::<3>().0.iter_mut().enumerate() {
                    let pixel = map(row) + columns[x];
                    let at = row * line + 3 * x;
                    let still = [stills[at], stills[at + 1], stills[at + 2]];
                    *rgb = colour(&source, plan, mixes.of(pixel), shown[row * width + x], slot, at, still);
                }
            }
        });
        for (slot, change) in changes.iter_mut().enumerate() {
            let next = (slot + 1) % plan.frames;
            let (a, b) = (&made[slot * bytes..][..bytes], &made[next * bytes..][..bytes]);
            *change += a.iter().zip(b).map(|(a, b)| u64::from(a.abs_diff(*b))).sum::<u64>();
        }
        for (slot, rows) in made.chunks_exact(bytes).enumerate() {
            out.write_rows(slot, first, rows)?;
        }
    }
    Ok((out, changes))
}

/// How much of the moving image is seen at each pixel of the clip: what the maps say where they have its size, and otherwise a smooth
/// outline that stays inside what moves.
struct Outline {
    columns: Vec<Tap>,
    rows: Vec<Tap>,
}

impl Outline {
    fn new(plan: &Plan, (width, height): Size) -> Self {
        Self { columns: taps(plan.width, width as usize), rows: taps(plan.height, height as usize) }
    }

    fn at(&self, plan: &Plan, x: usize, y: usize) -> f32 {
        let (column, row) = (self.columns[x], self.rows[y]);
        let part = |x: usize, y: usize| plan.part[y * plan.width + x];
        let across = |y: usize| mix(part(column.first, y), part(column.second, y), column.weight);
        let mixed = mix(across(row.first), across(row.second), row.weight);
        let own = plan.part
            [nearest(y, plan.height, self.rows.len()) * plan.width + nearest(x, plan.width, self.columns.len())];
        // All or nothing: halfway between the centres it begins. The soft edge of a mask is smooth as it is.
        if own == 0.0 || own == 1.0 { (2.0 * mixed - 1.0).max(0.0) } else { mixed }
    }
}

fn colour(
    source: &Rows<'_>,
    plan: &Plan,
    mix: &[(u16, f32)],
    shown: f32,
    slot: usize,
    at: usize,
    still: [f32; 3],
) -> [u8; 3] {
    let mut sum = still.map(|value| value * (1.0 - shown));
    for &(start, part) in mix {
        let Shot { frame, weight } = plan.shots[usize::from(start)][slot];
        let part = part * shown;
        for (c, sum) in sum.iter_mut().enumerate() {
            *sum += part * weight * source.moving(frame, at + c);
            if weight < 1.0 {
                *sum += part * (1.0 - weight) * source.moving(frame + plan.period, at + c);
            }
        }
    }
    sum.map(|value| (value + 0.5) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use loop3d_scene::job::Unwatched;

    #[test]
    fn every_slot_has_its_own_frame_and_the_fade_is_at_the_start() {
        let (start, period) = (7, 10);
        let shots: Vec<Shot> = (0..period).map(|slot| shot(slot, start, period)).collect();
        assert!(shots.iter().enumerate().all(|(slot, shot)| shot.frame % period == slot));
        let expected = [(4, 14, 1.0), (5, 5, 0.125), (8, 8, 0.875), (9, 9, 1.0)];
        for (slot, frame, weight) in expected {
            assert_eq!(shots[slot], Shot { frame, weight });
        }
    }

    #[test]
    fn outlines_are_hard_in_the_maps_size_and_smooth_in_a_larger_one() {
        let plan = |width: usize, moves: Vec<bool>| Plan {
            frames: 1,
            period: 0,
            width,
            height: 1,
            starts: vec![0; width],
            shots: Vec::new(),
            frozen: vec![false; width],
            part: moves.iter().map(|moves| f32::from(u8::from(*moves))).collect(),
            moves,
            still: Gains::none(1),
            moving: Gains::none(1),
        };
        let parts = |plan: &Plan, width: u32| -> Vec<f32> {
            let outline = Outline::new(plan, (width, 1));
            (0..width as usize).map(|x| outline.at(plan, x, 0)).collect()
        };
        let plan = plan(3, vec![false, true, true]);
        assert_eq!(parts(&plan, 3), [0.0, 1.0, 1.0]);
        // Halfway between the centres it begins, at the centre of what moves it is whole.
        assert_eq!(parts(&plan, 12), [0.0, 0.0, 0.0, 0.0, 0.25, 0.75, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]);
    }

    #[test]
    fn pixels_play_their_stretch_and_what_stands_still_is_one_value() {
        // Three pixels of one row: still, moving from 2, moving from 4; far enough apart not to be mixed.
        let (width, frames, period) = (16, 14, 6);
        let folder = tempfile::tempdir().unwrap();
        let mut clip = Kept::new(folder.path(), (width as u32, 1)).unwrap();
        let value = |t: usize, x: usize| if x == 0 { 100 + (t % 2) as u8 } else { (10 * t + x) as u8 };
        for t in 0..frames {
            clip.push(&(0..width * 3).map(|i| value(t, i / 3)).collect::<Vec<_>>()).unwrap();
        }
        let plan = Plan {
            frames: period,
            period,
            width,
            height: 1,
            starts: (0..width).map(|x| if x < 8 { 2 } else { 4 }).collect(),
            shots: (0..5)
                .map(|start: usize| (0..period).map(|slot| shot(slot, start.max(2), period)).collect())
                .collect(),
            moves: (0..width).map(|x| x > 0).collect(),
            part: (0..width).map(|x| if x > 0 { 1.0 } else { 0.0 }).collect(),
            frozen: vec![false; width],
            still: Gains::none(frames),
            moving: Gains::none(frames),
        };
        let (mut out, changes) = compose(&mut clip, &plan, folder.path(), &mut Unwatched).unwrap();
        let made: Vec<Vec<u8>> = (0..period).map(|slot| out.frame(slot).unwrap()).collect();
        assert!(made.iter().all(|frame| frame[0] == 101), "the mean of 100 and 101, rounded");
        // Behind the fades: the clip's own values.
        assert_eq!((made[4][3 * 3], made[5][3 * 3]), (value(4, 3), value(5, 3)));
        assert_eq!((made[0][3 * 12], made[1][3 * 12]), (value(6, 12), value(7, 12)));
        // In the fade from frame 6 + 0 to 0.
        assert_eq!(made[0][3 * 3], (0.125 * f32::from(value(0, 3)) + 0.875 * f32::from(value(6, 3))).round() as u8);
        // Between both, their mix.
        let (left, right) = (f32::from(value(5, 8)), f32::from(value(5, 8)) * 0.875 + 0.125 * f32::from(value(11, 8)));
        assert!((f32::from(made[5][3 * 8]) - (0.4 * left + 0.6 * right)).abs() <= 1.0);
        let change =
            |a: usize, b: usize| made[a].iter().zip(&made[b]).map(|(a, b)| u64::from(a.abs_diff(*b))).sum::<u64>();
        assert_eq!(changes, (0..period).map(|slot| change(slot, (slot + 1) % period)).collect::<Vec<_>>());
    }
}
