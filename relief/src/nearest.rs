//! Which marked cell of a grid is nearest to each of its cells.

use crate::grid::squared;

/// Where none is marked.
pub const NONE: u32 = u32::MAX;

/// For each cell the nearest one that is marked, by two sweeps that hand on what they know (Danielsson 1980); [`NONE`] where none is.
pub fn nearest(marked: &[bool], width: usize) -> Vec<u32> {
    let height = marked.len() / width;
    let mut found: Vec<u32> = (0..marked.len() as u32).map(|i| if marked[i as usize] { i } else { NONE }).collect();
    let better = |found: &[u32], at: usize, x: i64, y: i64| {
        if !(0..width as i64).contains(&x) || !(0..height as i64).contains(&y) {
            return found[at];
        }
        let other = found[y as usize * width + x as usize];
        match (found[at], other) {
            (own, NONE) => own,
            (NONE, other) => other,
            (own, other) if squared(at, other as usize, width) < squared(at, own as usize, width) => other,
            (own, _) => own,
        }
    };
    for backwards in [false, true] {
        let sign = if backwards { 1 } else { -1 };
        for row in 0..height {
            let y = if backwards { height - 1 - row } else { row };
            for column in 0..width {
                let x = if backwards { width - 1 - column } else { column };
                let at = y * width + x;
                for (dx, dy) in [(sign, 0), (0, sign), (sign, sign), (-sign, sign)] {
                    found[at] = better(&found, at, x as i64 + dx, y as i64 + dy);
                }
            }
            // The other way along the row, which the sweep itself did not go.
            for column in 0..width {
                let x = if backwards { column } else { width - 1 - column };
                let at = y * width + x;
                found[at] = better(&found, at, x as i64 - sign, y as i64);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_marked_cell_is_found() {
        let width = 23;
        let mut random = 9u32;
        let marked: Vec<bool> = (0..width * 17)
            .map(|_| {
                random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                random >> 27 == 0
            })
            .collect();
        let all: Vec<usize> = (0..marked.len()).filter(|i| marked[*i]).collect();
        for (at, found) in nearest(&marked, width).into_iter().enumerate() {
            let least = all.iter().map(|&other| squared(at, other, width)).min().unwrap();
            // The sweeps are off by less than a pixel in rare corners.
            assert!((squared(at, found as usize, width) as f64).sqrt() - (least as f64).sqrt() < 0.5, "{at}");
        }
        assert!(nearest(&[false; 6], 3).iter().all(|found| *found == NONE));
    }
}
