//! Joins foreign moments to passages: one thing on its way through the picture.

use super::cells::Division;
use super::detect::Moment;
use std::ops::Range;

/// Foreign moments that a passage has at least.
const LEAST_SIZE: usize = 40;
/// Part of a passage's moments that are foreign at least.
const FOREIGN_PART: f64 = 0.2;
/// Moments from its first to its last, at least.
const LEAST_MOMENTS: usize = 3;
/// Cells to each side, and moments before and after, in which foreign moments belong together.
const LINK: usize = 2;
const GAP: usize = 2;
/// Cells to each side of a passage in which unusual moments are part of it: the grey trousers of a person before a grey wall.
const RIM: usize = 2;

/// Something that passes once.
#[derive(Clone, Debug, PartialEq)]
pub struct Passage {
    /// Frames of the clip from the first to the last in which it is seen.
    pub frames: Range<usize>,
    /// The part of the picture's width that it crosses, 0 (left) to 1.
    pub across: Range<f64>,
    /// The part of the picture's height that it crosses, 0 (top) to 1.
    pub down: Range<f64>,
}

/// The passages of a clip, and of which passage each `[cell][moment]` is part: its number from 1, or 0.
pub fn join(division: Division, moments: &[Moment]) -> (Vec<Passage>, Vec<u32>) {
    let n = division.moments;
    let mut of = vec![0; moments.len()];
    let mut seen = vec![false; moments.len()];
    let mut passages = Vec::new();
    for first in 0..moments.len() {
        if seen[first] || moments[first] != Moment::Foreign {
            continue;
        }
        seen[first] = true;
        let mut foreign = vec![first];
        let mut next = 0;
        while let Some(&at) = foreign.get(next) {
            next += 1;
            for there in near(division, at, LINK, GAP) {
                if !seen[there] && moments[there] == Moment::Foreign {
                    seen[there] = true;
                    foreign.push(there);
                }
            }
        }
        // What the foreign moments stand among decides: the one flame in a hundred is foreign here and there, a person throughout.
        let beside = foreign.iter().flat_map(|&at| near(division, at, RIM, 1));
        let mut members: Vec<usize> = beside.filter(|&at| moments[at] != Moment::Usual).collect();
        members.sort_unstable();
        members.dedup();
        if passes(&foreign, &members, n) {
            let members = grown(division, moments, &foreign);
            passages.push(passage(division, &members));
            widen(division, &members, passages.len() as u32, &mut of);
        }
    }
    (passages, of)
}

/// The foreign moments, all that are connected with them by moments that do not come back, and the unusual ones beside these.
fn grown(division: Division, moments: &[Moment], foreign: &[usize]) -> Vec<usize> {
    let mut taken = vec![false; moments.len()];
    let mut members = foreign.to_vec();
    members.iter().for_each(|&at| taken[at] = true);
    let mut next = 0;
    while let Some(&at) = members.get(next) {
        next += 1;
        for there in near(division, at, 1, 1) {
            if !taken[there] && matches!(moments[there], Moment::Single | Moment::Foreign) {
                taken[there] = true;
                members.push(there);
            }
        }
    }
    for at in members.clone().into_iter().flat_map(|at| near(division, at, RIM, 1)) {
        if !taken[at] && moments[at] == Moment::Unusual {
            taken[at] = true;
            members.push(at);
        }
    }
    members
}

/// Moments of cells at most `cells` rows and columns and `moments` moments away.
fn near(division: Division, at: usize, cells: usize, moments: usize) -> impl Iterator<Item = usize> {
    let n = division.moments;
    let (cell, moment) = (at / n, at % n);
    let times = moment.saturating_sub(moments)..(moment + moments + 1).min(n);
    division.around(cell, cells).flat_map(move |cell| times.clone().map(move |t| cell * n + t))
}

fn span(of: impl Iterator<Item = usize> + Clone) -> Range<usize> {
    of.clone().min().unwrap_or(0)..of.max().map_or(0, |last| last + 1)
}

fn passes(foreign: &[usize], members: &[usize], n: usize) -> bool {
    let long = span(members.iter().map(|at| at % n)).len() >= LEAST_MOMENTS;
    foreign.len() >= LEAST_SIZE && long && foreign.len() as f64 >= FOREIGN_PART * members.len() as f64
}

fn passage(division: Division, members: &[usize]) -> Passage {
    let Division { rows, columns, moments, step } = division;
    let part = |range: Range<usize>, of: usize| range.start as f64 / of as f64..range.end as f64 / of as f64;
    let when = span(members.iter().map(|at| at % moments));
    Passage {
        frames: when.start * step..when.end * step,
        across: part(span(members.iter().map(|at| at / moments % columns)), columns),
        down: part(span(members.iter().map(|at| at / moments / columns)), rows),
    }
}

/// Marks a passage, one cell and one moment wider than it was found: its rims are less foreign than its middle.
fn widen(division: Division, members: &[usize], number: u32, of: &mut [u32]) {
    for at in members.iter().flat_map(|&at| near(division, at, 1, 1)) {
        of[at] = number;
    }
}
