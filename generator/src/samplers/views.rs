//! More views than the weights know (generate-syncammaster §7): the released weights know pairs.

use super::dice::SplitMix;
use super::{Cond, SamplerError};
use serde::{Deserialize, Serialize};
use tch::Tensor;

/// How several views are sampled together. With two views all three are the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ViewsHow {
    /// Every step runs pairs of views and averages a view's velocities: the first view with each other one on even steps, a
    /// random matching on odd ones.
    #[default]
    Pairs,
    /// The first pair is sampled; then each other view beside the finished first one.
    Reference,
    /// All views in one pass, for weights that know as many.
    Joint,
}

/// The pairs of a step, each with the view that gives the frame of its cameras first. Every view is in one pair at least.
#[must_use]
pub fn pairs(views: i64, step: usize, seed: i64) -> Vec<[i64; 2]> {
    if step.is_multiple_of(2) || views <= 2 {
        return (1..views).map(|view| [0, view]).collect();
    }
    let mut order: Vec<i64> = (0..views).collect();
    let mut random = SplitMix::of_step(seed, step);
    for i in (1..order.len()).rev() {
        order.swap(i, random.below(i as u64 + 1) as usize);
    }
    // The view that is left over goes with the first one, so it must be another.
    let last = order.len() - 1;
    if order.len() % 2 == 1 && order[last] == 0 {
        order.swap(0, last);
    }
    let matched = order.chunks(2).map(|pair| match *pair {
        [a, b] => [a.min(b), a.max(b)],
        _ => [0, pair[0]],
    });
    matched.collect()
}

/// The velocity of all views `[V, C, N, h, w]`: that of each pair, averaged where a view is in several.
///
/// # Errors
/// Those of `velocity`.
pub fn averaged(
    z: &Tensor,
    cond: &Cond,
    pairs: &[[i64; 2]],
    velocity: &mut dyn FnMut(&Tensor, &Cond) -> Result<Tensor, SamplerError>,
) -> Result<Tensor, SamplerError> {
    let mut sums: Vec<Option<(Tensor, f64)>> = (0..z.size()[0]).map(|_| None).collect();
    for pair in pairs {
        let index = Tensor::from_slice(pair).to_device(z.device());
        let v = velocity(&z.index_select(0, &index), &cond.of_views(pair))?;
        for (place, view) in (0..).zip(pair) {
            let part = v.narrow(0, place, 1);
            let slot = &mut sums[*view as usize];
            *slot = Some(match slot.take() {
                None => (part, 1.0),
                Some((sum, count)) => (sum + part, count + 1.0),
            });
        }
    }
    let mean = |slot: Option<(Tensor, f64)>| match slot {
        // A view in one pair keeps its bits.
        Some((sum, 1.0)) => sum,
        Some((sum, count)) => sum / count,
        None => z.narrow(0, 0, 1).zeros_like(),
    };
    Ok(Tensor::cat(&sums.into_iter().map(mean).collect::<Vec<_>>(), 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_view_is_paired() {
        for views in 2..10 {
            for step in 0..20 {
                let pairs = pairs(views, step, 5);
                assert!(pairs.iter().all(|[a, b]| a < b && *b < views), "{pairs:?}");
                assert!((0..views).all(|view| pairs.iter().flatten().any(|other| *other == view)), "{pairs:?}");
                let expected = if step % 2 == 0 { views - 1 } else { (views + 1) / 2 };
                assert_eq!(pairs.len() as i64, expected, "{views} views, step {step}");
            }
        }
        assert_eq!(pairs(3, 0, 0), [[0, 1], [0, 2]]);
    }

    #[test]
    fn matchings_are_drawn_evenly() {
        // Four views have three perfect matchings.
        let mut counts = [0i64; 3];
        for step in 0..3000 {
            let partner = pairs(4, 2 * step + 1, 11).into_iter().find_map(|[a, b]| (a == 0).then_some(b));
            counts[partner.unwrap() as usize - 1] += 1;
        }
        // Five standard deviations of 3000 draws at 1/3.
        assert!(counts.iter().all(|count| (count - 1000).abs() < 130), "{counts:?}");
        assert_ne!(pairs(8, 1, 1), pairs(8, 3, 1));
        assert_ne!(pairs(8, 1, 1), pairs(8, 1, 2));
    }
}
