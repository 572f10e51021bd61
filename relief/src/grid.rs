//! Cells of a grid, numbered row by row.

/// The cells up to `reach` rows and columns around one, and itself.
pub fn window(at: usize, reach: i64, width: usize, height: usize) -> impl Iterator<Item = usize> {
    let (x, y) = ((at % width) as i64, (at / width) as i64);
    let (x0, x1) = ((x - reach).max(0), (x + reach).min(width as i64 - 1));
    let (y0, y1) = ((y - reach).max(0), (y + reach).min(height as i64 - 1));
    (y0..=y1).flat_map(move |y| (x0..=x1).map(move |x| y as usize * width + x as usize))
}

/// Squared distance between two cells.
pub fn squared(a: usize, b: usize, width: usize) -> usize {
    (a % width).abs_diff(b % width).pow(2) + (a / width).abs_diff(b / width).pow(2)
}
