//! Bilinear sampling positions between two sizes with half-pixel centres: pixel i of the target sits at
//! `(i + ½) · source / target − ½` of the source, clamped at the rim.

/// The two source cells of one target cell, and the weight of the second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tap {
    /// The first cell.
    pub first: usize,
    /// The second, equal to the first at the rim.
    pub second: usize,
    /// Weight of the second, 0..=1.
    pub weight: f32,
}

/// One tap for each of `target` cells.
pub fn taps(source: usize, target: usize) -> Vec<Tap> {
    let last = source - 1;
    let tap = |cell: usize| {
        let at = ((cell as f64 + 0.5) * source as f64 / target as f64 - 0.5).clamp(0.0, last as f64);
        let first = at.floor() as usize;
        Tap { first, second: (first + 1).min(last), weight: (at - first as f64) as f32 }
    };
    (0..target).map(tap).collect()
}

/// Linear interpolation from `a` (weight 0) to `b` (weight 1).
pub fn mix(a: f32, b: f32, weight: f32) -> f32 {
    a + (b - a) * weight
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_takes_pairs_and_double_takes_quarters() {
        let tap = |first, second, weight| Tap { first, second, weight };
        assert_eq!(taps(4, 2), [tap(0, 1, 0.5), tap(2, 3, 0.5)]);
        assert_eq!(taps(2, 4), [tap(0, 1, 0.0), tap(0, 1, 0.25), tap(0, 1, 0.75), tap(1, 1, 0.0)]);
        assert_eq!(taps(1, 2), [tap(0, 0, 0.0); 2]);
    }
}
