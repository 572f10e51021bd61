//! Masks and arrows to paths of points.

use super::{Arrow, Mask, centres};
use glam::DVec2;

/// Something that moves, and where to.
#[derive(Clone, Debug)]
pub struct Move {
    /// Which pixels.
    pub mask: Mask,
    /// Where to.
    pub arrow: Arrow,
}

/// The points of one mask in every frame.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// `[points][frames]`, in pixels.
    pub points: Vec<Vec<DVec2>>,
}

/// Paths of up to `count` points of each move, all of a mask with the arrow's way. With `closed`, they go there and back, so that the
/// last frame leads into the first.
#[must_use]
pub fn tracks(moves: &[Move], count: usize, frames: usize, closed: bool, seed: u64) -> Vec<Part> {
    let part = |(number, one): (usize, &Move)| {
        let way = if closed { one.arrow.there_and_back(frames) } else { one.arrow.positions(frames) };
        let start = way.first().copied().unwrap_or_default();
        let path = |point: &DVec2| way.iter().map(|tip| *point + *tip - start).collect();
        let points = centres(&one.mask.pixels(), count, seed.wrapping_add(number as u64));
        Part { points: points.iter().map(path).collect() }
    };
    moves.iter().enumerate().map(part).collect()
}

/// Pairs of moves whose masks overlap; the points of the second one are drawn in front.
#[must_use]
pub fn overlapping(moves: &[Move]) -> Vec<[usize; 2]> {
    let shared = |a: &Mask, b: &Mask| a.inside.iter().zip(&b.inside).any(|(a, b)| *a && *b);
    let pairs = (0..moves.len()).flat_map(|b| (0..b).map(move |a| [a, b]));
    pairs.filter(|[a, b]| shared(&moves[*a].mask, &moves[*b].mask)).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    #[test]
    fn all_points_of_a_mask_go_the_same_way() {
        let moves = |text: &str| Move { mask: Mask::whole([30, 20]), arrow: Arrow::parse(text).unwrap() };
        let both = [moves("5,5;15,5"), moves("5,5;5,-5")];
        let found = tracks(&both, 8, 11, false, 1);
        assert_eq!((found.len(), found[0].points.len()), (2, 8));
        for (part, step) in found.iter().zip([DVec2::X, -DVec2::Y]) {
            for path in &part.points {
                assert!((0..11).all(|t| path[t].distance(path[0] + step * t as f64) < 1e-9));
            }
        }
        assert_eq!(overlapping(&both), [[0, 1]]);
        let mut apart = both.clone();
        apart[1].mask.inside = vec![false; 600];
        assert_eq!(overlapping(&apart), [[0; 2]; 0]);
        // Each mask has points of its own.
        assert_ne!(found[0].points[0][0], found[1].points[0][0]);
        let closed = tracks(&both, 8, 10, true, 1);
        let path = &closed[0].points[0];
        assert!((path[5] - path[0]).distance(DVec2::new(10.0, 0.0)) < 1e-9 && path[9].distance(path[1]) < 1e-9);
    }
}
