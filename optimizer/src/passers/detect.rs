//! Which moments of which cells are like no other.
//!
//! A moment is *unusual* at its place if it is far from most moments of the same place. That holds for the tip of a flame as well as
//! for a person who walks by, so it is not enough: it is *single* if it does not come back at its place either, and *foreign* if, on
//! top of that, nothing that is known around its place looks like it. Known are usual moments, and unusual ones that come back.

use super::cells::Cells;
use rayon::prelude::*;

/// Part of a place's moments that a usual moment resembles.
const USUAL_PART: f64 = 0.35;
/// Distance, in levels², from which on a moment may be unusual.
const LEAST_DISTANCE: f32 = 150.0;
/// The same as a multiple of what is typical of the place.
const LEAST_RATIO: f32 = 4.0;
/// An unusual moment comes back if another one, at another time, is nearer than this part of its distance to the usual ones.
const COMES_BACK: f32 = 0.4;
/// Moments between two stretches of unusual ones that make them different occasions.
const APART: usize = 3;
/// Cells to each side in which a look is searched for.
const REACH: usize = 8;
/// Looks that are kept of each cell's usual moments, and of those that come back.
const LOOKS: usize = 16;
/// Distance of looks, in levels² over three channels, that makes one foreign.
const FOREIGN_LOOK: f32 = 200.0;

/// What a moment of a cell is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Moment {
    /// Like most moments of the cell.
    #[default]
    Usual,
    /// Unlike most, but it comes back.
    Unusual,
    /// Unlike most, and it does not come back, but it looks like what is known nearby.
    Single,
    /// Unlike anything.
    Foreign,
}

/// All moments of all cells: `[cell][moment]`.
pub fn moments(cells: &Cells) -> Vec<Moment> {
    let count = cells.division.cells();
    let found: Vec<Vec<Moment>> = (0..count).into_par_iter().map(|cell| of_cell(cells, cell)).collect();
    let looks: Vec<Vec<[f32; 6]>> =
        found.iter().enumerate().map(|(cell, moments)| known(cells, cell, moments)).collect();
    let judged = |(cell, moments): (usize, Vec<Moment>)| {
        let judge = |(t, moment)| match moment {
            Moment::Single if is_foreign(&cells.look(cell, t), cells.division.around(cell, REACH), &looks) => {
                Moment::Foreign
            }
            moment => moment,
        };
        moments.into_iter().enumerate().map(judge).collect::<Vec<_>>()
    };
    found.into_par_iter().enumerate().flat_map_iter(judged).collect()
}

/// Looks of a cell's usual moments, and of those that come back.
fn known(cells: &Cells, cell: usize, moments: &[Moment]) -> Vec<[f32; 6]> {
    let of = |kind: Moment| {
        let list: Vec<usize> = (0..moments.len()).filter(|&t| moments[t] == kind).collect();
        let every = list.len().div_ceil(LOOKS).max(1);
        list.into_iter().step_by(every).map(|t| cells.look(cell, t))
    };
    of(Moment::Usual).chain(of(Moment::Unusual)).collect()
}

/// The moments of a cell by themselves: none is foreign yet.
fn of_cell(cells: &Cells, cell: usize) -> Vec<Moment> {
    let n = cells.division.moments;
    let mut distances = vec![0.0f32; n * n];
    for a in 0..n {
        for b in 0..a {
            let d = cells.distance(cell, a, b);
            (distances[a * n + b], distances[b * n + a]) = (d, d);
        }
    }
    let rank = ((n as f64 * USUAL_PART) as usize).min(n - 1);
    let mut sorted = vec![0.0; n];
    let far: Vec<f32> = (0..n)
        .map(|t| {
            sorted.copy_from_slice(&distances[t * n..(t + 1) * n]);
            *sorted.select_nth_unstable_by(rank, f32::total_cmp).1
        })
        .collect();
    sorted.copy_from_slice(&far);
    let typical = *sorted.select_nth_unstable_by(n / 2, f32::total_cmp).1;
    let least = LEAST_DISTANCE.max(LEAST_RATIO * typical);
    let unusual: Vec<bool> = far.iter().map(|&d| d > least).collect();
    let occasion = occasions(&unusual);
    (0..n)
        .map(|t| {
            let comes_back = (0..n)
                .filter(|&s| unusual[s] && occasion[s] != occasion[t])
                .any(|s| distances[t * n + s] < COMES_BACK * far[t]);
            match (unusual[t], comes_back) {
                (false, _) => Moment::Usual,
                (true, true) => Moment::Unusual,
                (true, false) => Moment::Single,
            }
        })
        .collect()
}

/// Numbers of the occasions that unusual moments belong to: stretches of them with fewer than [`APART`] others between.
fn occasions(unusual: &[bool]) -> Vec<usize> {
    let (mut number, mut since) = (0, 0);
    unusual
        .iter()
        .map(|&unusual| {
            since = if unusual { 0 } else { since + 1 };
            if since == APART {
                number += 1;
            }
            number
        })
        .collect()
}

/// Whether nothing that is known of the cells around has this look.
fn is_foreign(look: &[f32; 6], around: impl Iterator<Item = usize>, looks: &[Vec<[f32; 6]>]) -> bool {
    let near =
        |other: &[f32; 6]| look.iter().zip(other).map(|(a, b)| (a - b) * (a - b)).sum::<f32>() / 3.0 < FOREIGN_LOOK;
    !around.flat_map(|cell| &looks[cell]).any(near)
}
