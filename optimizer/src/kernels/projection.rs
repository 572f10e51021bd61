//! The nearest premultiplied colour to four numbers: the Euclidean projection onto 0 ≤ colour ≤ α ≤ 1.
//!
//! Given α, each colour is clamped to 0..=α; the squared distance that remains, (α − a)² + Σ max(cᵢ − α, 0)², is convex in
//! α and least where α is the mean of a and of the colours above it. Adding a value to a mean raises the mean exactly
//! if the value is above it, so that α is the largest of the means of a with the k largest colours, k = 0..=3.
//!
//! Clamping colour to α instead is not a projection: where a channel stands at α and the descent wants it brighter, the
//! gradient of α alone points down (what is behind adds light), each step takes α down and the clamp takes the colour
//! along, so that bright texels in front of darker ones dissolve and never come back.

use super::lanes::{F32x8, RgbaLanes};
use crate::grid::Rgba;

/// The least α of the constraint for opacity `a` and colours `r`, `g`, `b`, before it is clamped to 0..=1.
#[inline(always)]
fn opacity([r, g, b, a]: Rgba) -> f32 {
    let (most, least) = (r.max(g).max(b), r.min(g).min(b));
    let middle = r.max(g).min(r.min(g).max(b));
    let one = a + most;
    let two = one + middle;
    let three = two + least;
    a.max(one * 0.5).max((two * (1.0 / 3.0)).max(three * 0.25))
}

/// The nearest valid texel; on the backdrop, whose opacity is fixed at 1, the nearest opaque one.
#[inline(always)]
pub fn project(texel: Rgba, backdrop: bool) -> Rgba {
    let a = if backdrop { 1.0 } else { opacity(texel).clamp(0.0, 1.0) };
    [texel[0].clamp(0.0, a), texel[1].clamp(0.0, a), texel[2].clamp(0.0, a), a]
}

/// [`project`] for eight frames.
#[expect(clippy::manual_clamp, reason = "written as the vector instructions that it becomes")]
#[inline(always)]
pub fn project8(texel: RgbaLanes, backdrop: bool) -> RgbaLanes {
    let [r, g, b, a] = texel;
    let a = if backdrop {
        F32x8::splat(1.0)
    } else {
        let max = |x: F32x8, y: F32x8| x.zip(y, f32::max);
        let min = |x: F32x8, y: F32x8| x.zip(y, f32::min);
        let (high, low) = (max(r, g), min(r, g));
        let (most, least) = (max(high, b), min(low, b));
        let middle = min(high, max(low, b));
        let one = a + most;
        let two = one + middle;
        let three = two + least;
        let mean = max(max(a, one * 0.5), max(two * (1.0 / 3.0), three * 0.25));
        mean.map(|a| a.max(0.0).min(1.0))
    };
    let colour = |c: F32x8| c.zip(a, |c, a| c.max(0.0).min(a));
    [colour(r), colour(g), colour(b), a]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn distance(a: Rgba, b: Rgba) -> f64 {
        (0..4).map(|c| (f64::from(a[c]) - f64::from(b[c])).powi(2)).sum()
    }

    /// The least distance over a fine grid of opacities, each with its best colours.
    fn least_distance(texel: Rgba) -> f64 {
        let of = |alpha: f64| {
            let colour = |c: f32| (f64::from(c) - f64::from(c).clamp(0.0, alpha)).powi(2);
            (f64::from(texel[3]) - alpha).powi(2) + texel[..3].iter().map(|c| colour(*c)).sum::<f64>()
        };
        (0..=20_000).map(|i| of(f64::from(i) / 20_000.0)).fold(f64::INFINITY, f64::min)
    }

    fn texels(count: usize) -> impl Iterator<Item = Rgba> {
        let mut rng = fastrand::Rng::with_seed(7);
        (0..count).map(move |i| {
            let spread = [0.2, 1.0, 4.0][i % 3];
            std::array::from_fn(|_| 0.5 + spread * (rng.f32() - 0.5))
        })
    }

    #[test]
    fn no_valid_texel_is_nearer() {
        for texel in texels(3000) {
            let found = project(texel, false);
            let [r, g, b, a] = found;
            assert!(
                (0.0..=1.0).contains(&a) && [r, g, b].iter().all(|c| (0.0..=a).contains(c)),
                "{texel:?}: {found:?}"
            );
            let least = least_distance(texel);
            // The grid misses the best opacity by up to 1/40,000; the slope there is 0.
            assert!(distance(texel, found) < least + 1e-6, "{texel:?}: {found:?}");
        }
        // The check can fail: clamping colour to α is not the nearest.
        let bright = [0.9, 0.8, 0.2, 0.5];
        let clamped = [0.5, 0.5, 0.2, 0.5];
        assert!(distance(bright, clamped) > least_distance(bright) + 0.1);
        let expected = (0.9 + 0.8 + 0.5) / 3.0;
        assert!((project(bright, false)[3] - expected).abs() < 1e-6);
    }

    #[test]
    fn valid_texels_stay_within_rounding() {
        for texel in [[0.0; 4], [1.0; 4], [0.3; 4], [0.1, 0.2, 0.3, 0.3], [0.0, 0.0, 0.0, 1.0], [0.7, 0.2, 0.1, 0.9]] {
            let found = project(texel, false);
            assert!((0..4).all(|c| (found[c] - texel[c]).abs() < 1e-7), "{texel:?}: {found:?}");
        }
        assert_eq!(project([1.0; 4], false), [1.0; 4]);
        assert_eq!(project([1.5, -0.2, 0.4, 0.1], true), [1.0, 0.0, 0.4, 1.0]);
    }

    #[test]
    fn eight_frames_are_eight_texels() {
        let texels: Vec<Rgba> = texels(800).collect();
        for eight in texels.chunks_exact(8) {
            let lanes: RgbaLanes = std::array::from_fn(|c| F32x8(std::array::from_fn(|lane| eight[lane][c])));
            for backdrop in [false, true] {
                let found = project8(lanes, backdrop);
                for (lane, texel) in eight.iter().enumerate() {
                    assert_eq!(found.map(|c| c.0[lane]), project(*texel, backdrop), "{texel:?}");
                }
            }
        }
    }
}
