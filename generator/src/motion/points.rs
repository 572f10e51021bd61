//! Points that stand for a mask: k-means of some of its pixels (generate-motion §1).

use glam::DVec2;

/// Pixels that are drawn for each point.
const DRAWN: usize = 3;
/// Lloyd's rounds.
const ROUNDS: usize = 10;

/// Up to `count` points spread over the pixels of a mask, fewer if it has under three pixels for each. The same seed gives the same
/// points.
#[must_use]
pub fn centres(pixels: &[[u32; 2]], count: usize, seed: u64) -> Vec<DVec2> {
    let mut random = fastrand::Rng::with_seed(seed);
    let count = count.min(pixels.len().div_ceil(DRAWN));
    let mut drawn = pixels.to_vec();
    random.shuffle(&mut drawn);
    drawn.truncate(DRAWN * count);
    let drawn: Vec<DVec2> = drawn.iter().map(|[x, y]| DVec2::new(f64::from(*x) + 0.5, f64::from(*y) + 0.5)).collect();
    let mut centres = spread(&drawn, count, &mut random);
    for _ in 0..ROUNDS {
        let mut sums = vec![(DVec2::ZERO, 0.0); centres.len()];
        for point in &drawn {
            let sum = &mut sums[nearest(&centres, *point).0];
            *sum = (sum.0 + *point, sum.1 + 1.0);
        }
        centres.iter_mut().zip(sums).filter(|(_, sum)| sum.1 > 0.0).for_each(|(c, sum)| *c = sum.0 / sum.1);
    }
    centres
}

/// The first centres: each is drawn with a chance that grows with the square of its distance from those before it (k-means++).
fn spread(drawn: &[DVec2], count: usize, random: &mut fastrand::Rng) -> Vec<DVec2> {
    let mut centres: Vec<DVec2> = drawn.first().into_iter().copied().collect();
    while centres.len() < count {
        let weights: Vec<f64> = drawn.iter().map(|point| nearest(&centres, *point).1).collect();
        let mut left = random.f64() * weights.iter().sum::<f64>();
        let chosen = weights.iter().position(|weight| {
            left -= weight;
            left < 0.0 && *weight > 0.0
        });
        match chosen {
            Some(index) => centres.push(drawn[index]),
            None => break,
        }
    }
    centres
}

/// The nearest centre and the square of its distance.
fn nearest(centres: &[DVec2], point: DVec2) -> (usize, f64) {
    let distances = centres.iter().map(|centre| centre.distance_squared(point)).enumerate();
    distances.min_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((0, 0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disc, a bar and an L.
    fn shapes() -> [Vec<[u32; 2]>; 3] {
        let all = || (0..60u32).flat_map(|y| (0..60u32).map(move |x| [x, y]));
        let squared = |x: u32, y: u32| (x as i32 - 30).pow(2) + (y as i32 - 25).pow(2);
        [
            all().filter(|[x, y]| squared(*x, *y) < 300).collect(),
            all().filter(|[_, y]| (10..14).contains(y)).collect(),
            all().filter(|[x, y]| *x < 8 || *y > 50).collect(),
        ]
    }

    /// Mean distance of pixels from their nearest centre.
    fn spread_of(pixels: &[[u32; 2]], centres: &[DVec2]) -> f64 {
        let middle = |[x, y]: &[u32; 2]| DVec2::new(f64::from(*x) + 0.5, f64::from(*y) + 0.5);
        pixels.iter().map(|pixel| nearest(centres, middle(pixel)).1.sqrt()).sum::<f64>() / pixels.len() as f64
    }

    #[test]
    fn points_are_spread_over_the_mask() {
        for pixels in shapes() {
            let runs: Vec<f64> = (0..20).map(|seed| spread_of(&pixels, &centres(&pixels, 16, seed))).collect();
            let best = runs.iter().copied().fold(f64::INFINITY, f64::min);
            let mean = runs.iter().sum::<f64>() / runs.len() as f64;
            assert!(mean < 1.1 * best, "mean {mean}, best {best}");
            let found = centres(&pixels, 16, 3);
            assert_eq!((found.len(), &found), (16, &centres(&pixels, 16, 3)));
            assert_ne!(found, centres(&pixels, 16, 4));
            for (i, a) in found.iter().enumerate() {
                assert!(found[..i].iter().all(|b| a.distance(*b) > 1.0), "{a} twice");
                // In the hull: no direction leads past all pixels.
                for angle in 0..16 {
                    let direction = DVec2::from_angle(f64::from(angle) * std::f64::consts::TAU / 16.0);
                    let far =
                        pixels.iter().map(|[x, y]| direction.dot(DVec2::new(f64::from(*x) + 0.5, f64::from(*y) + 0.5)));
                    assert!(direction.dot(*a) <= far.fold(f64::NEG_INFINITY, f64::max) + 1e-9);
                }
            }
        }
        // Small masks have few points, and one pixel has one.
        assert_eq!(centres(&[[3, 4]], 16, 1), [DVec2::new(3.5, 4.5)]);
        assert_eq!(centres(&shapes()[0][..20], 16, 1).len(), 7);
        assert_eq!(centres(&[], 16, 1), []);
    }
}
