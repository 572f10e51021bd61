//! What goes on behind nearer things: each hidden place shows a pixel of the picture, at a delay on the loop's circle, chosen so that its
//! surroundings look like the place's over the whole loop. Water that flows behind a pillar flows on there, and loops.
//!
//! The places' sources are a nearest-neighbour field over patches, found as in PatchMatch (Barnes et al., SIGGRAPH 2009): good sources spread
//! to neighbours, others are drawn at random, ever closer by. Sources are pixels as they are, nothing is averaged: what is filled in is as
//! sharp as what is seen.

use crate::nearest::NONE;
use crate::picture::Picture;
use rayon::prelude::*;

/// Rows and columns of a patch to each side of its middle.
const RADIUS: i32 = 3;
/// Distances between the pixels of a patch, and how often all places are visited: first large structures, then what is between.
const ROUNDS: [(i32, usize); 3] = [(4, 5), (2, 4), (1, 5)];
/// Moments at which patches are compared.
const COMPARED: usize = 4;
/// Fewest known pixels in a patch that say something.
const FEWEST: usize = 10;
/// What a pixel costs that is not there or belongs to something nearer, in squared levels summed over channels.
const MISSING: f32 = 3.0 * 60.0 * 60.0;
/// What it costs to come from another depth, in squared levels for a squared pixel of parallax, and the most.
const DEPTH: (f32, f32) = (6.0, 600.0);
/// What it costs to come from the picture's other end, in squared levels.
const FAR: f32 = 400.0;
/// Least change over time of a pixel that moves, in levels.
const MOVES: i32 = 8;
/// Things that hide each other behind one that is seen: deeper ones keep what lies mirrored at their edge.
const DEEPEST: usize = 3;
/// Places that are worked on together, in order. Fixed, so that the result does not depend on the number of threads.
const TOGETHER: usize = 1024;

/// A place of a plane that something nearer hides.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hole {
    /// Place with the margin.
    pub place: u32,
    /// The plane.
    pub plane: u16,
    /// The pixel of the picture that it shows.
    pub pixel: u32,
    /// How many frames later than the picture.
    pub delay: u16,
    /// Whether it is far behind what hides it: others only keep slopes without cracks.
    pub deep: bool,
}

/// What is seen.
pub struct Known<'a> {
    /// Columns with the margin.
    pub width: usize,
    /// The pixel of the picture at each place with the margin.
    pub at: &'a [u32],
    /// The plane that is seen there.
    pub plane_at: &'a [u16],
    /// The plane of each pixel of the picture.
    pub plane_of: &'a [u16],
    /// Parallax between neighbouring planes, in pixels.
    pub step_px: f32,
}

/// A pixel of the picture and how many moments later.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Source {
    pixel: u32,
    later: u16,
}

/// A place of the layer at hand.
#[derive(Clone, Copy, Debug)]
struct Entry {
    place: u32,
    plane: u16,
    source: Source,
}

/// Gives deep holes a source each. Planes within `surface` of each other are one surface.
pub fn fill(holes: &mut [Hole], known: &Known<'_>, surface: u16, picture: &Picture) {
    let mut order: Vec<usize> = (0..holes.len()).filter(|index| holes[*index].deep).collect();
    order.sort_unstable_by_key(|&index| (holes[index].place, holes[index].plane));
    // The layer of each, nearest first, and whose source it shares: overlaps of one surface show the same.
    let mut layers: Vec<Vec<usize>> = vec![Vec::new(); DEEPEST];
    let mut shares: Vec<(usize, usize)> = Vec::new();
    let mut first: Option<(usize, usize)> = None;
    for &index in &order {
        let hole = holes[index];
        first = match first {
            Some((leader, depth)) if holes[leader].place == hole.place => {
                if hole.plane - holes[leader].plane <= surface {
                    shares.push((index, leader));
                    Some((leader, depth))
                } else {
                    layers.get_mut(depth + 1).into_iter().for_each(|layer| layer.push(index));
                    Some((index, depth + 1))
                }
            }
            _ => {
                layers[0].push(index);
                Some((index, 0))
            }
        };
    }
    for layer in layers.iter().filter(|layer| !layer.is_empty()) {
        let entry = |index: &usize| {
            let Hole { place, plane, pixel, .. } = holes[*index];
            Entry { place, plane, source: Source { pixel, later: 0 } }
        };
        let found = Search::new(layer.iter().map(entry).collect(), known, surface, picture).run();
        for (index, entry) in layer.iter().zip(found) {
            holes[*index].pixel = entry.source.pixel;
            holes[*index].delay = picture.delay(usize::from(entry.source.later));
        }
    }
    for (index, leader) in shares {
        (holes[index].pixel, holes[index].delay) = (holes[leader].pixel, holes[leader].delay);
    }
}

struct Search<'a> {
    entries: Vec<Entry>,
    /// The entry at each place, or [`NONE`].
    entry_at: Vec<u32>,
    known: &'a Known<'a>,
    surface: u16,
    picture: &'a Picture,
    /// The moments at which patches are compared.
    moments: Vec<usize>,
}

/// What is around a place: offsets, and what is shown there.
type Around = Vec<((i32, i32), Source)>;

impl<'a> Search<'a> {
    fn new(entries: Vec<Entry>, known: &'a Known<'a>, surface: u16, picture: &'a Picture) -> Self {
        let mut entry_at = vec![NONE; known.at.len()];
        for (index, entry) in entries.iter().enumerate() {
            entry_at[entry.place as usize] = index as u32;
        }
        let nearest = entries.iter().map(|entry| entry.plane).min().unwrap_or(0).saturating_sub(surface);
        let count = picture.moments.len();
        let changes = |pixel: usize| {
            let [first, ..] = picture.color(pixel as u32, 0);
            (1..count).any(|moment| (picture.color(pixel as u32, moment)[0] - first).abs() > MOVES)
        };
        let moves = (0..known.plane_of.len()).any(|pixel| known.plane_of[pixel] >= nearest && changes(pixel));
        let compared = if moves { count.min(COMPARED) } else { 1 };
        let moments = (0..compared).map(|moment| moment * count / compared).collect();
        Self { entries, entry_at, known, surface, picture, moments }
    }

    fn run(mut self) -> Vec<Entry> {
        for (round, (apart, visits)) in ROUNDS.into_iter().enumerate() {
            for visit in 0..visits {
                let backwards = visit % 2 == 1;
                let seed = (round * 16 + visit) as u32;
                let starts: Vec<usize> = (0..self.entries.len()).step_by(TOGETHER).collect();
                let better = |start: &usize| self.visit(*start, apart, backwards, seed);
                self.entries = starts.par_iter().flat_map_iter(better).collect();
            }
        }
        self.entries
    }

    /// Better sources for the entries from `start` on.
    fn visit(&self, start: usize, apart: i32, backwards: bool, seed: u32) -> Vec<Entry> {
        let end = (start + TOGETHER).min(self.entries.len());
        let mut some: Vec<Entry> = self.entries[start..end].to_vec();
        let order: Vec<usize> = if backwards { (0..some.len()).rev().collect() } else { (0..some.len()).collect() };
        let step: i64 = if backwards { 1 } else { -1 };
        for local in order {
            let entry = some[local];
            let around = self.around(&entry, apart);
            let mut best = (entry.source, self.cost(&entry, entry.source, &around, f32::INFINITY));
            let mut propose = |source: Option<Source>| {
                let Some(source) = source.filter(|source| *source != best.0) else { return };
                let cost = self.cost(&entry, source, &around, best.1);
                if cost < best.1 {
                    best = (source, cost);
                }
            };
            for (dx, dy) in [(step, 0), (0, step), (step, step)] {
                let place = i64::from(entry.place) + dy * self.known.width as i64 + dx;
                let Some(&index) = usize::try_from(place).ok().and_then(|place| self.entry_at.get(place)) else {
                    continue;
                };
                if index == NONE {
                    continue;
                }
                let neighbour = (index as usize)
                    .checked_sub(start)
                    .and_then(|at| some.get(at))
                    .unwrap_or(&self.entries[index as usize]);
                let Source { pixel, later } = neighbour.source;
                propose(self.moved(pixel, (-dx as i32, -dy as i32)).map(|pixel| Source { pixel, later }));
            }
            let mut dice = Dice::new(entry.place, seed);
            let Source { pixel, later } = entry.source;
            let mut reach = self.picture.width.max(self.picture.height) as i32 / 2;
            while reach >= 1 {
                let to = (dice.within(reach), dice.within(reach));
                let later = if self.moments.len() > 1 && dice.below(2) == 1 {
                    dice.below(self.picture.moments.len() as u32) as u16
                } else {
                    later
                };
                propose(self.moved(pixel, to).map(|pixel| Source { pixel, later }));
                reach /= 2;
            }
            if self.moments.len() > 1 {
                propose(Some(Source { pixel, later: dice.below(self.picture.moments.len() as u32) as u16 }));
            }
            some[local].source = best.0;
        }
        some
    }

    /// A pixel of the picture some way from another.
    fn moved(&self, pixel: u32, (dx, dy): (i32, i32)) -> Option<u32> {
        let (width, height) = (self.picture.width as i32, self.picture.height as i32);
        let (x, y) = (pixel as i32 % width + dx, pixel as i32 / width + dy);
        ((0..width).contains(&x) && (0..height).contains(&y)).then(|| (y * width + x) as u32)
    }

    /// What is around a place that is not nearer than it: seen, or filled as it stands.
    fn around(&self, entry: &Entry, apart: i32) -> Around {
        let Known { width, at, plane_at, .. } = *self.known;
        let (x, y) = ((entry.place as usize % width) as i32, (entry.place as usize / width) as i32);
        let height = (at.len() / width) as i32;
        let shown = |(dx, dy): (i32, i32)| {
            let (x, y) = (x + dx, y + dy);
            if (dx, dy) == (0, 0) || !(0..width as i32).contains(&x) || !(0..height).contains(&y) {
                return None;
            }
            let place = y as usize * width + x as usize;
            let source = match self.entry_at[place] {
                NONE if plane_at[place] + self.surface >= entry.plane => Source { pixel: at[place], later: 0 },
                NONE => return None,
                index => {
                    let there = &self.entries[index as usize];
                    (there.plane + self.surface >= entry.plane).then_some(there.source)?
                }
            };
            Some(((dx, dy), source))
        };
        let offsets = (-RADIUS..=RADIUS).flat_map(|dy| (-RADIUS..=RADIUS).map(move |dx| (dx * apart, dy * apart)));
        offsets.filter_map(shown).collect()
    }

    /// How badly a source goes with what is around a place: mean squared difference, and what it costs to come from elsewhere.
    /// Above `most` it need not be exact.
    fn cost(&self, entry: &Entry, source: Source, around: &Around, most: f32) -> f32 {
        let (width, height) = (self.picture.width as i32, self.picture.height as i32);
        let plane = self.known.plane_of[source.pixel as usize];
        if plane + self.surface < entry.plane || around.len() < FEWEST {
            // Where nothing is known, what was there first stays.
            return if source == entry.source { f32::MAX } else { f32::INFINITY };
        }
        let own = self.known.at[entry.place as usize] as i32;
        let (x, y) = (source.pixel as i32 % width, source.pixel as i32 / width);
        let (dx, dy) = ((x - own % width) as f32, (y - own / width) as f32);
        let longer = width.max(height) as f32;
        let parallax = f32::from(plane.abs_diff(entry.plane)) * self.known.step_px;
        let elsewhere = (DEPTH.0 * parallax * parallax).min(DEPTH.1) + FAR * (dx * dx + dy * dy) / (longer * longer);
        let count = (around.len() * self.moments.len()) as f32;
        let enough = (most - elsewhere) * count;
        let mut sum = 0.0;
        for ((ox, oy), shown) in around {
            let (sx, sy) = (x + ox, y + oy);
            let inside = (0..width).contains(&sx) && (0..height).contains(&sy);
            let there = if inside { (sy * width + sx) as u32 } else { NONE };
            if there == NONE || self.known.plane_of[there as usize] + self.surface < entry.plane {
                sum += MISSING * self.moments.len() as f32;
            } else {
                let mut squares = 0;
                for &moment in &self.moments {
                    let a = self.picture.color(shown.pixel, moment + usize::from(shown.later));
                    let b = self.picture.color(there, moment + usize::from(source.later));
                    for channel in 0..3 {
                        squares += (a[channel] - b[channel]).pow(2);
                    }
                }
                sum += squares as f32;
            }
            if sum > enough {
                return f32::INFINITY;
            }
        }
        sum / count + elsewhere
    }
}

/// Random numbers of one place in one visit.
struct Dice(u32);

impl Dice {
    fn new(place: u32, seed: u32) -> Self {
        Self(place.wrapping_mul(0x9E37_79B9) ^ seed.wrapping_mul(0x85EB_CA6B))
    }

    /// A number below `count`, by a PCG output hash of a counter.
    fn below(&mut self, count: u32) -> u32 {
        self.0 = self.0.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
        let word = ((self.0 >> ((self.0 >> 28) + 4)) ^ self.0).wrapping_mul(277_803_737);
        ((u64::from((word >> 22) ^ word) * u64::from(count)) >> 32) as u32
    }

    fn within(&mut self, reach: i32) -> i32 {
        self.below(2 * reach as u32 + 1) as i32 - reach
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDTH: usize = 120;
    const HEIGHT: usize = 80;
    const FRAMES: usize = 16;

    /// Water that falls two pixels a frame and repeats every 32, without what is before it.
    fn water(x: usize, y: usize, t: usize) -> [u8; 3] {
        let row = (y + 32 - 2 * t % 32) % 32;
        let mut dice = Dice::new((x / 2 * 32 + row / 2) as u32, 7);
        let value = 60 + dice.below(150) as u8;
        [value, value / 2 + 60, 200]
    }

    const PILLAR: std::ops::Range<usize> = 50..70;
    const TOP: usize = 40;

    fn is_pillar(i: usize) -> bool {
        PILLAR.contains(&(i % WIDTH)) && i / WIDTH >= TOP
    }

    /// A pillar before the lower half of the water, and its place filled: what is shown there at frame t.
    fn filled() -> impl Fn(usize, usize) -> [u8; 3] {
        let frame = |t: usize| -> Vec<u8> {
            let color = |i: usize| if is_pillar(i) { [240, 220, 40] } else { water(i % WIDTH, i / WIDTH, t) };
            (0..WIDTH * HEIGHT).flat_map(color).collect()
        };
        let moments = Picture::moments(FRAMES);
        let picture = Picture::of(moments.iter().map(|t| frame(*t)).collect(), WIDTH, FRAMES);
        let plane_of: Vec<u16> = (0..WIDTH * HEIGHT).map(|i| if is_pillar(i) { 0 } else { 20 }).collect();
        let at: Vec<u32> = (0..plane_of.len() as u32).collect();
        let mut holes: Vec<Hole> = (0..plane_of.len())
            .filter(|i| is_pillar(*i))
            // The pixel at the pillar's edge, as if it were stretched.
            .map(|i| Hole {
                place: i as u32,
                plane: 20,
                pixel: (i - i % WIDTH + PILLAR.start - 1) as u32,
                delay: 0,
                deep: true,
            })
            .collect();
        let known = Known { width: WIDTH, at: &at, plane_at: &plane_of, plane_of: &plane_of, step_px: 1.0 };
        fill(&mut holes, &known, 3, &picture);
        move |i, t| {
            let hole = holes.iter().find(|hole| hole.place as usize == i).unwrap();
            let (pixel, then) = (hole.pixel as usize, (t + usize::from(hole.delay)) % FRAMES);
            assert!(!is_pillar(pixel));
            water(pixel % WIDTH, pixel / WIDTH, then)
        }
    }

    #[test]
    fn water_flows_on_behind_a_pillar_and_loops() {
        let shown = filled();
        let hidden: Vec<usize> = (0..WIDTH * HEIGHT).filter(|i| is_pillar(*i)).collect();
        let mean = |of: &dyn Fn(usize, usize) -> f64| -> f64 {
            let all = hidden.iter().flat_map(|i| (0..FRAMES).map(move |t| (*i, t)));
            all.clone().map(|(i, t)| of(i, t)).sum::<f64>() / all.count() as f64
        };
        let red = |rgb: [u8; 3]| f64::from(rgb[0]);
        // It goes on downwards: most of a frame is what was two pixels higher in the frame before.
        let flows = mean(&|i, t| {
            if is_pillar(i - 2 * WIDTH) { (red(shown(i, t + 1)) - red(shown(i - 2 * WIDTH, t))).abs() } else { 0.0 }
        });
        let stays = mean(&|i, t| (red(shown(i, t + 1)) - red(shown(i, t))).abs());
        assert!(flows < 0.35 * stays, "{flows} {stays}");
        // As lively as the truth, at the loop point as anywhere.
        let truth = mean(&|i, t| (red(water(i % WIDTH, i / WIDTH, t + 1)) - red(water(i % WIDTH, i / WIDTH, t))).abs());
        assert!((stays / truth - 1.0).abs() < 0.2, "{stays} {truth}");
        let jump = hidden.iter().map(|i| (red(shown(*i, FRAMES)) - red(shown(*i, FRAMES - 1))).abs()).sum::<f64>()
            / hidden.len() as f64;
        assert!(jump < 1.2 * stays, "{jump} {stays}");
        // And it fits what is seen beside it: its texture continues above.
        let edge: Vec<usize> = PILLAR.map(|x| TOP * WIDTH + x).collect();
        let off = edge.iter().map(|i| (red(shown(*i, 3)) - red(water(i % WIDTH, TOP, 3))).abs()).sum::<f64>()
            / edge.len() as f64;
        assert!(off < 15.0, "{off}");
    }
}
