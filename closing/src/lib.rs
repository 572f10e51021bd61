//! Closes one clip into a seamless loop of its own size.
//!
//! 1. [`footage`]: the clip is read once, steadied where a hand held it, and kept on disk ([`kept`]); a small copy stays in memory.
//! 2. [`gains`]: light that drifts is brought back, told from what stands still.
//! 3. [`mod@moving`]: the loopable mask (METHOD §1.5) says which pixels move; the others become one image, and stay exactly still.
//! 4. [`length`]: the longest loop that closes nearly as well as any.
//! 5. [`surface`]: each pixel plays a stretch of the clip and jumps back where nobody sees it: a minimum cut ([`mod@maxflow`]) through the clip.
//! 6. [`mod@compose`]: the frames, some rows at a time.
//!
//! ```no_run
//! use loop3d_closing::{Options, close};
//! use loop3d_media::Source;
//! use loop3d_scene::job::Unwatched;
//! use std::path::Path;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let source = Source::at(Path::new("waterfall.mp4"))?;
//! let mut closed = close(&source, &Options::default(), Path::new("."), &mut Unwatched)?;
//! println!("{} frames at {} a second", closed.report.frames, closed.fps);
//! let first: Vec<u8> = closed.frame(0)?;
//! # Ok(())
//! # }
//! ```

pub mod compose;
pub mod cuts;
mod error;
pub mod footage;
pub mod gains;
pub mod kept;
pub mod length;
pub mod maxflow;
pub mod missing;
pub mod moving;
mod plain;
pub mod surface;

pub use error::ClosingError;
pub use moving::{Masks, cut};
pub use plain::Plain;

use compose::{Plan, Shot, compose, shot};
use footage::Footage;
pub use footage::Look;
use kept::Kept;
use length::Length;
use loop3d_media::{Clip, Size, Source, Timing};
use loop3d_scene::job::{Event, Observer, Part, check};
use moving::Moving;
use serde::Serialize;
use std::ops::RangeInclusive;
use std::path::Path;
use surface::{FADE, Level};

/// Narrowest level of the pyramid in which starts are searched.
const COARSEST: usize = 64;
/// Fewest frames of a clip in which it can be told what moves.
const LEAST: usize = 3 * FADE;
/// Seconds of a loop in which nothing moves.
const STILL_SECONDS: f64 = 1.0;
/// Longest way there and back again, in seconds.
const BOOMERANG_SECONDS: f64 = 10.0;
/// How much worse than many jumps it is where the file begins that the picture changes more than usual there.
const SEAM: f64 = 6.0;
/// Part of the picture from which on all of it counts as moving.
const ALL: f64 = 0.995;

/// How to close a clip.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Where the stretch to work on begins, in seconds.
    pub start: Option<f64>,
    /// Where it ends, in seconds.
    pub end: Option<f64>,
    /// Length of the loop; `None`: the longest that closes nearly as well as any.
    pub seconds: Option<f64>,
    /// The longest that is chosen; `None`: ten seconds.
    pub longest: Option<f64>,
    /// Plays there and back again instead.
    pub boomerang: bool,
    /// How the clip is looked at.
    pub look: Look,
    /// What overrules which pixels move.
    pub masks: Masks,
}

/// What was done.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Frames of the loop.
    pub frames: usize,
    /// Frames of the clip.
    pub of: usize,
    /// The change at the pixels' best jumps over the change from a frame to the next; `None` where nothing jumps.
    pub jump: Option<f64>,
    /// Part of the picture that moves, 0–1.
    pub moving: f64,
    /// The largest part by which light was brought back; 0: it was steady.
    pub light: f64,
    /// Mean change from the last frame to the first over the mean of all other changes; `None` where nothing moves.
    pub seam: Option<f64>,
    /// The largest change from a frame to the next over the mean of all.
    pub worst: Option<f64>,
    /// What else is worth knowing.
    pub notes: Vec<String>,
}

/// A loop.
pub struct Closed {
    /// Width and height.
    pub size: Size,
    /// Frames per second.
    pub fps: f64,
    /// What was done.
    pub report: Report,
    made: Kept,
    /// The slot that is shown first.
    first: usize,
    footage: Footage,
    moving: Vec<bool>,
}

impl Closed {
    /// A frame of the loop: RGB bytes `[height, width, 3]`.
    ///
    /// # Errors
    /// The disk fails.
    pub fn frame(&mut self, index: usize) -> Result<Vec<u8>, ClosingError> {
        self.made.frame((self.first + index) % self.report.frames)
    }

    /// Width and height of the clip's frames before it was steadied.
    pub fn of(&self) -> (usize, usize) {
        let ((width, height), _) = self.footage.of;
        (width as usize, height as usize)
    }

    /// Column and row of these at which the loop's frames begin.
    pub fn corner(&self) -> (usize, usize) {
        let (_, (x, y)) = self.footage.of;
        (x as usize, y as usize)
    }

    /// The best hard cut and the best cross-fade of the same length.
    pub fn plain(&self) -> Plain {
        Plain::new(&self.footage.small, &self.moving, self.report.frames)
    }

    /// The clip that was closed, steadied.
    pub fn clip(&mut self) -> &mut Kept {
        &mut self.footage.kept
    }
}

/// Closes a clip. Frames are kept in `folder` meanwhile, in files that end with what is returned: three bytes a pixel, for the clip and
/// for the loop.
///
/// # Errors
/// See [`ClosingError`].
pub fn close(
    source: &Source,
    options: &Options,
    folder: &Path,
    observer: &mut dyn Observer,
) -> Result<Closed, ClosingError> {
    let timing = Timing { start: options.start, end: options.end, fps: None, at_most: None };
    let mut footage = Footage::read(source, timing, options.look, folder, &mut Part::new(observer, 0.0, 0.4))?;
    let frames = footage.kept.frames();
    let mut notes = std::mem::take(&mut footage.notes);

    let still = gains::of_still(&footage.small);
    let mut small = footage.small.clone();
    still.apply(&mut small, |_| true);
    let Moving { moves: moving, part: shown, frozen } = moving::moving(&footage, &small, &options.masks)?;
    let drift = gains::of_moving(&small, &moving);
    drift.apply(&mut small, |pixel| moving[pixel]);
    let part = moving.iter().filter(|&&moving| moving).count() as f64 / moving.len() as f64;
    let asked = options.seconds.map(|seconds| ((seconds * footage.fps).round() as usize).max(1));
    let way = Way { source, frames, fps: footage.fps, asked, longest: options.longest };
    if part == 0.0 && frames < LEAST {
        return Err(way.too_short(LEAST, ""));
    }
    if part == 0.0 && frozen.contains(&true) {
        notes.push("the masks leave nothing that may move: the loop is one image".to_owned());
    } else if part == 0.0 {
        notes.push("nothing in it moves: the loop is one image".to_owned());
    } else if part >= ALL {
        notes.push("all of it moves: nothing in the picture stays exactly still".to_owned());
    }

    let (width, height) = (small.width, small.height);
    let mut starts = vec![0; moving.len()];
    let (count, period, shots, jump, jumps) = if part == 0.0 {
        let count = asked.unwrap_or((STILL_SECONDS * footage.fps).round() as usize).max(1);
        (count, 0, vec![vec![Shot { frame: 0, weight: 1.0 }; count]], None, vec![0; count])
    } else if options.boomerang {
        let shots = way.there_and_back()?;
        let count = shots.len();
        (count, 0, vec![shots], None, vec![0; count])
    } else {
        check(observer.event(Event::step("finding the length", 0.42)), ClosingError::Stopped)?;
        let Length { frames: period, jump } = way.length(&small, &moving)?;
        let possible = surface::possible(frames, period)
            .ok_or_else(|| way.too_short(period + FADE, " for a loop of that length"))?;
        starts = self::starts(small, &moving, period, &possible, &mut Part::new(observer, 0.45, 0.7))?;
        let shots = (0..frames - period)
            .map(|start| (0..period).map(|slot| shot(slot, start.max(FADE / 2), period)).collect())
            .collect();
        let jumps = jumps(&starts, &moving, period);
        (period, period, shots, Some(jump), jumps)
    };
    let plan = Plan {
        frames: count,
        period,
        width,
        height,
        starts,
        shots,
        moves: moving,
        part: shown,
        frozen,
        moving: still.with(&drift),
        still,
    };

    let (made, changes) = compose(&mut footage.kept, &plan, folder, &mut Part::new(observer, 0.7, 1.0))?;
    let first = beginning(&jumps, &changes);
    let (seam, worst) = ratios(&changes, first);
    let report = Report {
        frames: plan.frames,
        of: frames,
        jump,
        moving: part,
        light: f64::from(plan.moving.largest()),
        seam,
        worst,
        notes,
    };
    Ok(Closed { size: footage.kept.size(), fps: footage.fps, report, made, first, footage, moving: plan.moves })
}

/// What is known before a length is chosen.
struct Way<'a> {
    source: &'a Source,
    frames: usize,
    fps: f64,
    asked: Option<usize>,
    longest: Option<f64>,
}

impl Way<'_> {
    fn too_short(&self, needed: usize, because: &str) -> ClosingError {
        let file = self.source.path().to_owned();
        ClosingError::TooShort { file, frames: self.frames, needed, because: because.to_owned() }
    }

    /// The length that was asked for, or the best.
    fn length(&self, clip: &Clip, moving: &[bool]) -> Result<Length, ClosingError> {
        let longest = clip.width.max(clip.height);
        let scale = longest.div_ceil(length::SIDE).max(1);
        let (width, height) = ((clip.width / scale).max(1), (clip.height / scale).max(1));
        let small = clip.shrunk(width as u32, height as u32);
        let moving = coarser(moving, (clip.width, clip.height), (width, height));
        match self.asked {
            Some(frames) => {
                let frames = frames.max(FADE + 1);
                let because = format!(", for a loop of {frames} and something to choose its jumps from");
                length::judge(&small, &moving, frames).ok_or_else(|| self.too_short(frames + FADE, &because))
            }
            None => length::candidates(self.frames, self.fps, self.longest)
                .and_then(|candidates| length::best(&small, &moving, candidates))
                .ok_or_else(|| self.too_short(LEAST, " for a loop and something to choose its jumps from")),
        }
    }

    /// The shots of a way through the middle of the clip and back again.
    fn there_and_back(&self) -> Result<Vec<Shot>, ClosingError> {
        let wanted = self.asked.unwrap_or((BOOMERANG_SECONDS * self.fps) as usize).max(2);
        if self.asked.is_some() && wanted / 2 + 1 > self.frames {
            return Err(self.too_short(wanted / 2 + 1, &format!(", for a way there and back of {wanted}")));
        }
        let there = (wanted / 2 + 1).min(self.frames).max(1);
        let start = (self.frames - there) / 2;
        let there_and_back = (0..there).chain((1..there.saturating_sub(1)).rev());
        Ok(there_and_back.map(|step| Shot { frame: start + step, weight: 1.0 }).collect())
    }
}

/// The start of each pixel of the small clip.
fn starts(
    small: Clip,
    moving: &[bool],
    period: usize,
    possible: &RangeInclusive<usize>,
    observer: &mut dyn Observer,
) -> Result<Vec<u16>, ClosingError> {
    let (width, height) = (small.width, small.height);
    let mut levels = vec![Level { clip: small, moving: moving.to_vec() }];
    for halving in 1.. {
        let (w, h) = (width >> halving, height >> halving);
        if w.max(h) < COARSEST || w.min(h) == 0 {
            break;
        }
        let clip = levels[0].clip.shrunk(w as u32, h as u32);
        levels.push(Level { clip, moving: coarser(moving, (width, height), (w, h)) });
    }
    let finest = levels.remove(0);
    levels.reverse();
    levels.push(finest);
    let mut tell = |done| observer.event(Event::step("finding where to jump", done)).is_continue();
    surface::starts(&levels, period, possible, &mut tell).ok_or(ClosingError::Stopped)
}

/// A mask at a smaller size: a pixel moves where any part of it does.
fn coarser(moving: &[bool], (width, height): (usize, usize), (w, h): (usize, usize)) -> Vec<bool> {
    let mut small = vec![false; w * h];
    for (at, _) in moving.iter().enumerate().filter(|(_, moving)| **moving) {
        let (x, y) = (at % width, at / width);
        small[(y * h / height) * w + x * w / width] = true;
    }
    small
}

/// How many pixels jump in each slot.
fn jumps(starts: &[u16], moving: &[bool], period: usize) -> Vec<u64> {
    let mut jumps = vec![0; period];
    for (start, _) in starts.iter().zip(moving).filter(|(_, moving)| **moving) {
        let start = usize::from(*start);
        (start - FADE / 2..start + FADE / 2).for_each(|k| jumps[k % period] += 1);
    }
    jumps
}

/// Where the file begins: where few pixels jump, and the picture changes little. A loop has no beginning, but players pause where a file
/// has one.
fn beginning(jumps: &[u64], changes: &[u64]) -> usize {
    let count = changes.len();
    let part = |value: u64, all: &[u64]| value as f64 * count as f64 / (all.iter().sum::<u64>() as f64).max(1.0);
    let cost = |slot: usize| {
        let before = (slot + count - 1) % count;
        part(jumps[slot] + jumps[before], jumps) + SEAM * (part(changes[before], changes) - 1.0).max(0.0)
    };
    (0..count).min_by(|a, b| cost(*a).total_cmp(&cost(*b))).unwrap_or(0)
}

/// The change before slot `first` over the mean of the others, and the largest over the mean of all.
fn ratios(changes: &[u64], first: usize) -> (Option<f64>, Option<f64>) {
    let count = changes.len();
    let total: u64 = changes.iter().sum();
    if count < 2 || total == 0 {
        return (None, None);
    }
    let at = changes[(first + count - 1) % count];
    let others = (total - at) as f64 / (count - 1) as f64;
    let most = changes.iter().max().map_or(0.0, |&most| most as f64);
    ((others > 0.0).then(|| at as f64 / others), Some(most * count as f64 / total as f64))
}
