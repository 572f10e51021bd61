//! Places of an image that can be found again: corners (Shi and Tomasi 1994), spread over all of it.

use super::grey::Grey;
use glam::DVec2;

/// Half a side of the window over which gradients are summed.
const RADIUS: usize = 3;
/// Cells along the longer side; each has its best corners.
const CELLS: usize = 24;
/// Corners of a cell.
const OF_CELL: usize = 2;
/// Least mean square of the gradient in its weakest direction, in images of evened contrast.
const LEAST: f32 = 0.01;
/// Corners keep this far from each other and from the rim, in pixels.
const APART: f64 = 6.0;

/// The corners of an image, in no particular order.
pub(crate) fn corners(grey: &Grey) -> Vec<DVec2> {
    let strength = strength(grey);
    let cell = grey.width.max(grey.height).div_ceil(CELLS).max(APART as usize);
    let mut found = Vec::new();
    for top in (0..grey.height).step_by(cell) {
        for left in (0..grey.width).step_by(cell) {
            let rows = top..(top + cell).min(grey.height);
            let mut best: Vec<(f32, usize, usize)> = rows
                .flat_map(|row| (left..(left + cell).min(grey.width)).map(move |column| (row, column)))
                .map(|(row, column)| (strength[row * grey.width + column], column, row))
                .filter(|corner| corner.0 >= LEAST)
                .collect();
            best.sort_by(|a, b| b.0.total_cmp(&a.0));
            let mut of_cell: Vec<DVec2> = Vec::new();
            for (_, column, row) in best {
                let place = DVec2::new(column as f64 + 0.5, row as f64 + 0.5);
                if of_cell.iter().all(|other| other.distance(place) >= APART) {
                    of_cell.push(place);
                }
                if of_cell.len() == OF_CELL {
                    break;
                }
            }
            found.extend(of_cell);
        }
    }
    let size = DVec2::new(grey.width as f64, grey.height as f64);
    found.retain(|place| place.min_element() >= APART && (size - *place).min_element() >= APART);
    found
}

/// The smaller eigenvalue of the mean gradient matrix around each pixel: `[height, width]`, 0 at the rim.
fn strength(grey: &Grey) -> Vec<f32> {
    let (width, height) = (grey.width, grey.height);
    let mut products = vec![[0f32; 3]; width * height];
    for row in 1..height.saturating_sub(1) {
        for column in 1..width.saturating_sub(1) {
            let at = row * width + column;
            let dx = (grey.values[at + 1] - grey.values[at - 1]) / 2.0;
            let dy = (grey.values[at + width] - grey.values[at - width]) / 2.0;
            products[at] = [dx * dx, dx * dy, dy * dy];
        }
    }
    // Sums along rows, then along columns.
    let sum = |cells: &mut dyn Iterator<Item = [f32; 3]>| {
        cells.fold([0f32; 3], |a, b| [a[0] + b[0], a[1] + b[1], a[2] + b[2]])
    };
    let mut across = vec![[0f32; 3]; width * height];
    for (line, sums) in products.chunks_exact(width).zip(across.chunks_exact_mut(width)) {
        for column in RADIUS..width.saturating_sub(RADIUS) {
            sums[column] = sum(&mut line[column - RADIUS..=column + RADIUS].iter().copied());
        }
    }
    let count = ((2 * RADIUS + 1) * (2 * RADIUS + 1)) as f32;
    let mut strength = vec![0f32; width * height];
    for row in RADIUS..height.saturating_sub(RADIUS) {
        for column in 0..width {
            let [xx, xy, yy] = sum(&mut (row - RADIUS..=row + RADIUS).map(|row| across[row * width + column]));
            let (mean, half) = ((xx + yy) / 2.0, (xx - yy) / 2.0);
            strength[row * width + column] = (mean - (half * half + xy * xy).sqrt()) / count;
        }
    }
    strength
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corners_of_a_square_are_found_and_edges_are_not() {
        let inside = |x: usize, y: usize| (40..80).contains(&x) && (30..60).contains(&y);
        let values = (0..128 * 96).map(|i| if inside(i % 128, i / 128) { 2.0 } else { 0.5 }).collect();
        let found = corners(&Grey { width: 128, height: 96, values });
        let square = [(40., 30.), (80., 30.), (40., 60.), (80., 60.)].map(DVec2::from);
        for corner in square {
            assert!(found.iter().any(|place| place.distance(corner) < 4.0), "none at {corner}: {found:?}");
        }
        for place in &found {
            assert!(square.iter().any(|corner| place.distance(*corner) < 8.0), "{place} is not a corner");
        }
    }
}
