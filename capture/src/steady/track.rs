//! Finds a feature again in another picture of nearly the same view: Lucas and Kanade's step, coarse to fine. The mean of the window
//! does not count.

use super::grey::Grey;
use glam::{DVec2, Vec2};

/// Half a window's side, in pixels of each level.
const RADIUS: i32 = 7;
/// Steps on a level.
const STEPS: usize = 12;
/// A step shorter than this ends a level, in pixels.
const SETTLED: f32 = 0.01;
/// Least mean square of the gradient each way.
const LEAST: f32 = 1e-3;
/// A feature is found again where its window looks like this (normalised cross-correlation).
const LIKENESS: f32 = 0.85;

/// Where the feature at `place` of `from` is in `to`, near the same place; `None` where it is not found. Both pyramids have the same
/// sizes.
pub(crate) fn find(from: &[Grey], to: &[Grey], place: DVec2) -> Option<DVec2> {
    let place = place.as_vec2();
    let mut moved = Vec2::ZERO;
    for level in (0..from.len()).rev() {
        let scale = 1.0 / (1u32 << level) as f32;
        let window = Window::new(&from[level], place * scale);
        // The window of a coarse level may reach over the rim: finer ones do without it.
        let Some(window) = window else {
            if level == 0 {
                return None;
            }
            continue;
        };
        match window.settle(&to[level], moved * scale) {
            Some(found) => moved = found / scale,
            None if level > 0 => continue,
            None => return None,
        }
        if level == 0 && window.likeness(&to[0], moved)? < LIKENESS {
            return None;
        }
    }
    let found = place + moved;
    found.is_finite().then_some(found.as_dvec2())
}

/// What is around a feature.
struct Window {
    middle: Vec2,
    /// Value less the window's mean, and gradient, by rows.
    values: Vec<(f32, Vec2)>,
    /// Inverse of the sum of the gradients' products: xx, xy, yy.
    inverse: [f32; 3],
}

fn offsets() -> impl Iterator<Item = Vec2> {
    (-RADIUS..=RADIUS).flat_map(|y| (-RADIUS..=RADIUS).map(move |x| Vec2::new(x as f32, y as f32)))
}

impl Window {
    fn new(grey: &Grey, middle: Vec2) -> Option<Self> {
        let mut values = Vec::new();
        let (mut mean, mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0, 0.0);
        for offset in offsets() {
            let at = middle + offset;
            let value = grey.at(at.x, at.y);
            let dx = (grey.at(at.x + 1.0, at.y) - grey.at(at.x - 1.0, at.y)) / 2.0;
            let dy = (grey.at(at.x, at.y + 1.0) - grey.at(at.x, at.y - 1.0)) / 2.0;
            if !(value + dx + dy).is_finite() {
                return None;
            }
            mean += value;
            values.push((value, Vec2::new(dx, dy)));
        }
        let count = values.len() as f32;
        mean /= count;
        let slope = values.iter().map(|value| value.1).sum::<Vec2>() / count;
        for (value, gradient) in &mut values {
            *value -= mean;
            // What is left once the mean is taken out of the step as well.
            *gradient -= slope;
            xx += gradient.x * gradient.x;
            xy += gradient.x * gradient.y;
            yy += gradient.y * gradient.y;
        }
        let determinant = xx * yy - xy * xy;
        // Gradients near 0 each way tell no place.
        if determinant < LEAST * LEAST * count * count {
            return None;
        }
        Some(Self { middle, values, inverse: [yy / determinant, -xy / determinant, xx / determinant] })
    }

    /// The window of another picture at `moved`, less its mean.
    fn seen(&self, grey: &Grey, moved: Vec2) -> Option<Vec<f32>> {
        let mut seen: Vec<f32> = offsets()
            .map(|offset| {
                let at = self.middle + offset + moved;
                grey.at(at.x, at.y)
            })
            .collect();
        let mean = seen.iter().sum::<f32>() / seen.len() as f32;
        seen.iter_mut().for_each(|value| *value -= mean);
        mean.is_finite().then_some(seen)
    }

    /// Goes from `moved` to where the windows are most alike; `None` where it runs away.
    fn settle(&self, grey: &Grey, mut moved: Vec2) -> Option<Vec2> {
        let start = moved;
        for _ in 0..STEPS {
            let seen = self.seen(grey, moved)?;
            let pull: Vec2 = self.values.iter().zip(&seen).map(|((value, slope), seen)| *slope * (value - seen)).sum();
            let [xx, xy, yy] = self.inverse;
            let step = Vec2::new(xx * pull.x + xy * pull.y, xy * pull.x + yy * pull.y);
            moved += step;
            if !(moved - start).is_finite() || (moved - start).length() > RADIUS as f32 {
                return None;
            }
            if step.length() < SETTLED {
                break;
            }
        }
        Some(moved)
    }

    fn likeness(&self, grey: &Grey, moved: Vec2) -> Option<f32> {
        let seen = self.seen(grey, moved)?;
        let own = self.values.iter().map(|value| value.0 * value.0).sum::<f32>();
        let other = seen.iter().map(|value| value * value).sum::<f32>();
        let both = self.values.iter().zip(&seen).map(|(value, seen)| value.0 * seen).sum::<f32>();
        Some(both / (own * other).sqrt().max(1e-6))
    }
}

#[cfg(test)]
mod tests {
    use super::super::grey::pyramid;
    use super::*;

    /// A texture, moved; brighter by `light`.
    fn picture(moved: DVec2, light: f32) -> Vec<Grey> {
        let wave = |x: f64, y: f64| {
            (0.31 * x + 0.17 * y).sin() * (0.23 * y - 0.11 * x).cos() + 0.4 * (0.7 * x).sin() * (0.6 * y).sin()
        };
        let value = |i: usize| {
            let p = DVec2::new((i % 160) as f64 + 0.5, (i / 160) as f64 + 0.5) - moved;
            120.0 + 60.0 * wave(p.x, p.y) as f32 + light
        };
        pyramid(&Grey { width: 160, height: 120, values: (0..160 * 120).map(value).collect() })
    }

    #[test]
    fn features_are_found_to_a_hundredth_of_a_pixel_whatever_the_light() {
        let from = picture(DVec2::ZERO, 0.0);
        for moved in [DVec2::new(0.3, -0.7), DVec2::new(4.4, 2.2), DVec2::new(-3.1, -5.8)] {
            let to = picture(moved, 25.0);
            for place in [DVec2::new(50.3, 40.0), DVec2::new(91.0, 77.6), DVec2::new(120.0, 60.0)] {
                let found = find(&from, &to, place).unwrap();
                assert!(found.distance(place + moved) < 0.03, "{place} moved by {moved} is found at {found}");
            }
        }
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        let from = picture(DVec2::ZERO, 0.0);
        let other = Grey { values: from[0].values.iter().rev().map(|value| 40.0 * value * value).collect(), ..from[0] };
        let to = pyramid(&other);
        let found =
            (0..20).filter(|i| find(&from, &to, DVec2::new(30.0 + 5.0 * f64::from(*i), 60.0)).is_some()).count();
        assert!(found <= 2, "{found} of 20");
        assert_eq!(find(&from, &from, DVec2::new(3.0, 3.0)), None, "a window over the rim");
    }
}
