//! Replaces a passage by another time of the same place.
//!
//! All of a passage takes the same shift in time, so that what was side by side stays side by side: water stays water. The shift
//! is the one under which the cells around the passage change least.

use super::cells::{Cells, Division};
use loop3d_capture::Clip;
use rayon::prelude::*;

/// What it costs, in levels², if something passes at the other time, too.
const TAKEN: f32 = 1e5;

/// The moment that stands in for each `[cell][moment]`: itself where nothing passes, or where something passes all the time.
/// `of`: the number of the passage that each is part of, from 1, or 0.
pub fn sources(cells: &Cells, of: &[u32], passages: usize) -> Vec<usize> {
    let moments = cells.division.moments;
    let mut members = vec![Vec::new(); passages];
    for (at, &number) in of.iter().enumerate().filter(|(_, number)| **number > 0) {
        members[number as usize - 1].push(at);
    }
    let mut sources: Vec<usize> = (0..of.len()).map(|at| at % moments).collect();
    for members in members {
        let shell = shell(cells.division, of, &members);
        let costs: Vec<f32> =
            (1..moments).into_par_iter().map(|shift| cost(cells, of, &members, &shell, shift)).collect();
        let Some(best) = (0..costs.len()).min_by(|&a, &b| costs[a].total_cmp(&costs[b])) else { continue };
        for at in members {
            let (cell, moment) = (at / moments, at % moments);
            let later = (0..moments).map(|more| (moment + best + 1 + more) % moments);
            sources[at] = later.into_iter().find(|t| of[cell * moments + t] == 0).unwrap_or(moment);
        }
    }
    sources
}

/// Cells beside a passage, at moments when it is there and nothing passes in them.
fn shell(division: Division, of: &[u32], members: &[usize]) -> Vec<usize> {
    let n = division.moments;
    let mut shell: Vec<usize> = (members.iter())
        .flat_map(|at| division.around(at / n, 1).map(move |cell| cell * n + at % n))
        .filter(|at| of[*at] == 0)
        .collect();
    shell.sort_unstable();
    shell.dedup();
    shell
}

/// Mean change of the shell, and what is taken of the passage's moments.
fn cost(cells: &Cells, of: &[u32], members: &[usize], shell: &[usize], shift: usize) -> f32 {
    let n = cells.division.moments;
    let then = |at: usize| at / n * n + (at % n + shift) % n;
    let taken = |list: &[usize]| list.iter().filter(|at| of[then(**at)] > 0).count() as f32 / list.len().max(1) as f32;
    let change: f32 = shell.iter().map(|&at| cells.distance(at / n, at % n, then(at) % n)).sum();
    change / shell.len().max(1) as f32 + TAKEN * (taken(members) + taken(shell))
}

/// Fills what has another source from there, softly at its rim.
pub fn replace(clip: &mut Clip, division: Division, sources: &[usize]) {
    let Division { rows, columns, moments, step } = division;
    let (width, height) = (clip.width, clip.height);
    let original = clip.clone();
    let across: Vec<Between> = (0..width).map(|x| Between::of(x, width, columns)).collect();
    let down: Vec<Between> = (0..height).map(|y| Between::of(y, height, rows)).collect();
    let line = width * 3;
    clip.rgb.par_chunks_exact_mut(line).enumerate().for_each(|(k, out)| {
        let (frame, y) = (k / height, k % height);
        let moment = (frame / step).min(moments - 1);
        let source = |row: usize, column: usize| sources[(row * columns + column) * moments + moment];
        let down = &down[y];
        let touched = |column| source(down.first, column) != moment || source(down.second, column) != moment;
        if !(0..columns).any(touched) {
            return;
        }
        for (x, across) in across.iter().enumerate() {
            let mut replaced = 0.0;
            let (mut strongest, mut from) = (0.0, moment);
            for (row, w_row) in down.weights() {
                for (column, w_column) in across.weights() {
                    let (source, weight) = (source(row, column), w_row * w_column);
                    if source != moment && weight > 0.0 {
                        replaced += weight;
                        if weight > strongest {
                            (strongest, from) = (weight, source);
                        }
                    }
                }
            }
            if replaced == 0.0 {
                continue;
            }
            let then = (frame + from * step).saturating_sub(moment * step).min(original.frames - 1);
            let other = &original.frame(then)[y * line + x * 3..y * line + x * 3 + 3];
            for (out, &other) in out[x * 3..x * 3 + 3].iter_mut().zip(other) {
                let (own, other) = (f32::from(*out), f32::from(other));
                *out = (own + (other - own) * replaced + 0.5) as u8;
            }
        }
    });
}

/// The two cells between whose centres a pixel lies along an axis.
struct Between {
    first: usize,
    second: usize,
    /// Weight of the second.
    part: f32,
}

impl Between {
    fn of(pixel: usize, pixels: usize, cells: usize) -> Self {
        let at = ((pixel as f32 + 0.5) * cells as f32 / pixels as f32 - 0.5).clamp(0.0, (cells - 1) as f32);
        let first = at as usize;
        Self { first, second: (first + 1).min(cells - 1), part: at - first as f32 }
    }

    fn weights(&self) -> [(usize, f32); 2] {
        [(self.first, 1.0 - self.part), (self.second, self.part)]
    }
}
