//! When each pixel jumps back: a surface through the clip, found by minimum cuts (Kwatra et al., SIGGRAPH 2003; Liao et al., SIGGRAPH
//! 2013, with one period for all pixels).
//!
//! With a loop of T frames, a pixel that starts at `s` plays the clip from `s` to `s + T − 1`, each frame in the slot `k mod T`, and jumps
//! back. Everything that can be seen of this is in the differences D(x, k) = |V(x, k) − V(x, k + T)|: a jump at `s` shows those around
//! `s`, and two neighbours that start at `s < s′` show the clip at times T apart in the slots `s … s′ − 1`. So the surface s(x) costs
//! the D that it passes through, level parts and walls alike, and the cheapest one is a minimum cut: of the whole volume on a coarse
//! level, then of a band around what the coarser level found.

use crate::maxflow::{Graph, UNCUTTABLE};
use crate::missing::missing;
use loop3d_media::Clip;
use rayon::prelude::*;
use std::ops::RangeInclusive;

/// Frames over which a pixel fades from the end of its stretch to the beginning, even.
pub const FADE: usize = 4;
/// Cost of a wall for a pixel's edge and a frame, relative to that of a jump for a pixel.
const WALL: i32 = 3;
/// Cost of what a stretch leaves out, relative to a jump. It only decides between stretches on the coarsest level; from 2 on it hardly
/// matters how much (docs/EXPERIMENTS.md, 2026-11-30).
const MISSING: f32 = 10.0;
/// Costs are whole numbers of levels times this.
const UNIT: i32 = 4;
/// Nodes of the first cut.
const NODES: usize = 600_000;
/// By how many frames a finer level may depart from a coarser one.
const OFFSETS: [i32; 7] = [-4, -2, -1, 0, 1, 2, 4];

/// One level of a clip: its frames, and which pixels move.
pub struct Level {
    /// The frames.
    pub clip: Clip,
    /// `[height, width]`.
    pub moving: Vec<bool>,
}

/// Starts that a loop of `period` frames can have in a clip of `frames`; `None` where it is too short.
pub fn possible(frames: usize, period: usize) -> Option<RangeInclusive<usize>> {
    let last = (frames + 1).checked_sub(period + FADE / 2 + 1)?;
    (last >= FADE / 2).then_some(FADE / 2..=last)
}

/// The start of each pixel of the finest level, `[height, width]`; `levels` from coarse to fine, at least one, each about half as wide as
/// the next. Pixels that do not move have the start of one nearby that does. `None` where `tell`, which hears how much is done, says no.
pub fn starts(
    levels: &[Level],
    period: usize,
    possible: &RangeInclusive<usize>,
    tell: &mut dyn FnMut(f64) -> bool,
) -> Option<Vec<u16>> {
    let mut found: Option<(Vec<u16>, (usize, usize))> = None;
    let finest = levels.last()?.clip.width;
    for (index, level) in levels.iter().enumerate() {
        let size = (level.clip.width, level.clip.height);
        let choice = match &found {
            None => Choice::everything(level, possible),
            Some((coarser, from)) => Choice::around(coarser, *from, level, possible),
        };
        let scale = (finest as f64 / size.0 as f64).round().max(1.0) as i32;
        let mut starts = Volume { level, period }.cut(&choice, scale, found.is_none());
        spread(&mut starts, &level.moving, size.0);
        found = Some((starts, size));
        if !tell((index + 1) as f64 / levels.len() as f64) {
            return None;
        }
    }
    found.map(|(starts, _)| starts)
}

/// The starts that a cut chooses from, ascending and different, for each pixel that moves; at least one.
struct Choice {
    /// The pixels that move.
    pixels: Vec<usize>,
    /// For each pixel of the level its number among those that move.
    number: Vec<u32>,
    starts: Vec<u16>,
    /// Where the starts of each moving pixel begin, and the end.
    first: Vec<usize>,
}

impl Choice {
    fn new(level: &Level, of: impl Fn(usize) -> Vec<u16> + Sync) -> Self {
        let pixels: Vec<usize> = (0..level.moving.len()).filter(|&pixel| level.moving[pixel]).collect();
        let mut number = vec![u32::MAX; level.moving.len()];
        pixels.iter().zip(0..).for_each(|(&pixel, n)| number[pixel] = n);
        let lists: Vec<Vec<u16>> = pixels.par_iter().map(|&pixel| of(pixel)).collect();
        let ends = lists.iter().scan(0, |end, list| {
            *end += list.len();
            Some(*end)
        });
        let first = std::iter::once(0).chain(ends).collect();
        Self { pixels, number, starts: lists.concat(), first }
    }

    /// All starts, as densely as [`NODES`] allows.
    fn everything(level: &Level, possible: &RangeInclusive<usize>) -> Self {
        let moving = level.moving.iter().filter(|&&moving| moving).count();
        let labels = possible.end() - possible.start() + 1;
        let step = (labels * moving).div_ceil(NODES).clamp(1, labels);
        Self::new(level, |_| possible.clone().step_by(step).map(|start| start as u16).collect())
    }

    /// Those near what a coarser level found at the place or beside it.
    fn around(coarser: &[u16], from: (usize, usize), level: &Level, possible: &RangeInclusive<usize>) -> Self {
        let (width, height) = (level.clip.width, level.clip.height);
        let (least, most) = (*possible.start() as i32, *possible.end() as i32);
        Self::new(level, |pixel| {
            let column = nearest(pixel % width, from.0, width);
            let row = nearest(pixel / width, from.1, height);
            let own = i32::from(coarser[row * from.0 + column]);
            let mut starts: Vec<u16> = OFFSETS.iter().map(|offset| (own + offset).clamp(least, most) as u16).collect();
            for y in row.saturating_sub(1)..(row + 2).min(from.1) {
                starts.extend((column.saturating_sub(1)..(column + 2).min(from.0)).map(|x| coarser[y * from.0 + x]));
            }
            starts.sort_unstable();
            starts.dedup();
            starts
        })
    }

    fn of(&self, number: usize) -> &[u16] {
        &self.starts[self.first[number]..self.first[number + 1]]
    }

    /// The node that tells whether a pixel starts after `start`; `None` where that is certain, and then whether it does. Node j of a
    /// pixel tells whether its start is at least its choice j + 1.
    fn starts_after(&self, number: usize, start: u16) -> Result<usize, bool> {
        let list = self.of(number);
        match list.partition_point(|&choice| choice <= start) {
            0 => Err(true),
            index if index == list.len() => Err(false),
            index => Ok(self.first[number] - number + index - 1),
        }
    }

    fn nodes(&self) -> usize {
        self.starts.len() - self.pixels.len()
    }
}

/// A wall between two pixels, or between one and what is certain of the other.
enum Wall {
    Between(usize, usize, i32),
    Beside(usize, i32),
}

/// Differences of a level.
struct Volume<'a> {
    level: &'a Level,
    period: usize,
}

impl Volume<'_> {
    /// D of a pixel: the sum over its channels.
    fn difference(&self, pixel: usize, k: usize) -> i32 {
        let clip = &self.level.clip;
        if k + self.period >= clip.frames {
            return 0;
        }
        let at = 3 * pixel..3 * pixel + 3;
        let (a, b) = (&clip.frame(k)[at.clone()], &clip.frame(k + self.period)[at]);
        a.iter().zip(b).map(|(a, b)| i32::from(a.abs_diff(*b))).sum()
    }

    /// What a jump costs.
    fn jump(&self, pixel: usize, start: u16) -> i32 {
        let start = usize::from(start);
        (start - FADE / 2..start + FADE / 2).map(|k| self.difference(pixel, k)).sum::<i32>() * 2 / FADE as i32
    }

    /// The walls between two pixels.
    fn walls(&self, choice: &Choice, ours: usize, theirs: usize) -> Vec<Wall> {
        let mut steps: Vec<u16> = [choice.of(ours), choice.of(theirs)].concat();
        steps.sort_unstable();
        steps.dedup();
        let [us, them] = [ours, theirs].map(|number| choice.pixels[number]);
        let of_step = |step: &[u16]| {
            let (a, b) = (choice.starts_after(ours, step[0]), choice.starts_after(theirs, step[0]));
            let cost = (usize::from(step[0])..usize::from(step[1]))
                .map(|k| self.difference(us, k) + self.difference(them, k))
                .sum::<i32>()
                * UNIT
                * WALL;
            match (a, b) {
                (Ok(a), Ok(b)) => Some(Wall::Between(a, b, cost)),
                // Certain to start later: a wall if this one does not.
                (Ok(node), Err(later)) | (Err(later), Ok(node)) => {
                    Some(Wall::Beside(node, if later { -cost } else { cost }))
                }
                (Err(_), Err(_)) => None,
            }
        };
        steps.windows(2).filter_map(of_step).collect()
    }

    /// The cheapest surface. `scale`: pixels of the finest level along the side of one of these; `complete`: what is left out counts.
    fn cut(&self, choice: &Choice, scale: i32, complete: bool) -> Vec<u16> {
        let Clip { width, height, .. } = self.level.clip;
        let count = choice.pixels.len();
        let jumps: Vec<Vec<i32>> = (0..count)
            .into_par_iter()
            .map(|number| {
                let (pixel, starts) = (choice.pixels[number], choice.of(number));
                let mut costs: Vec<i32> = starts.iter().map(|&start| self.jump(pixel, start)).collect();
                if complete {
                    let missing = missing(&self.level.clip, pixel, self.period, starts);
                    costs.iter_mut().zip(missing).for_each(|(cost, missing)| *cost += (MISSING * missing) as i32);
                }
                costs
            })
            .collect();
        let walls: Vec<Vec<Wall>> = (0..count)
            .into_par_iter()
            .map(|number| {
                let pixel = choice.pixels[number];
                let right = (pixel % width + 1 < width).then_some(pixel + 1);
                let below = (pixel / width + 1 < height).then_some(pixel + width);
                let moving = [right, below].into_iter().flatten().filter(|&other| self.level.moving[other]);
                moving.flat_map(|other| self.walls(choice, number, choice.number[other] as usize)).collect()
            })
            .collect();
        let mut graph = Graph::new(choice.nodes(), choice.nodes() + walls.iter().map(Vec::len).sum::<usize>());
        for (number, jumps) in jumps.iter().enumerate() {
            let first = choice.first[number] - number;
            for (j, pair) in jumps.windows(2).enumerate() {
                graph.cost_at_source(first + j, UNIT * scale * (pair[1] - pair[0]));
                if j > 0 {
                    graph.edge(first + j, first + j - 1, UNCUTTABLE, 0);
                }
            }
        }
        for wall in walls.iter().flatten() {
            match *wall {
                Wall::Between(a, b, cost) => graph.edge(a, b, cost, cost),
                Wall::Beside(node, cost) => graph.cost_at_source(node, cost),
            }
        }
        let later = graph.cut();
        let mut starts = vec![0; self.level.moving.len()];
        for (number, &pixel) in choice.pixels.iter().enumerate() {
            let nodes = choice.first[number] - number..choice.first[number + 1] - number - 1;
            starts[pixel] = choice.of(number)[later[nodes].iter().filter(|&&later| later).count()];
        }
        starts
    }
}

/// Gives pixels that do not move the start of the nearest one that does.
fn spread(starts: &mut [u16], moving: &[bool], width: usize) {
    let mut known = moving.to_vec();
    let mut front: Vec<usize> = (0..known.len()).filter(|&pixel| known[pixel]).collect();
    let height = known.len() / width;
    while !front.is_empty() {
        let mut next = Vec::new();
        for &pixel in &front {
            let (x, y) = (pixel % width, pixel / width);
            let around = [
                (x > 0).then(|| pixel - 1),
                (x + 1 < width).then_some(pixel + 1),
                (y > 0).then(|| pixel - width),
                (y + 1 < height).then_some(pixel + width),
            ];
            for other in around.into_iter().flatten() {
                if !known[other] {
                    known[other] = true;
                    starts[other] = starts[pixel];
                    next.push(other);
                }
            }
        }
        front = next;
    }
}

/// Which of `from` cells lies at cell `at` of `to`.
pub(crate) fn nearest(at: usize, from: usize, to: usize) -> usize {
    ((2 * at + 1) * from / (2 * to)).min(from - 1)
}
