//! Finds a feature of one image again in others of nearly the same view: Lucas and Kanade's step, coarse to fine. What the first
//! image says about a feature is computed once. The mean of the window does not count.

use super::grey::{Grey, through};
use glam::{DMat2, DMat3, DVec2, Mat2, Vec2};

/// Half a window's side, in pixels of each level.
const RADIUS: i32 = 7;
/// A window's side.
const SIDE: usize = 2 * RADIUS as usize + 1;
/// Steps on a level.
const STEPS: usize = 12;
/// A step shorter than this ends a level, in pixels.
const SETTLED: f32 = 0.01;
/// Least mean square of the gradient each way.
const LEAST: f32 = 1e-3;
/// A feature is found again where its window looks like this (normalised cross-correlation).
const LIKENESS: f32 = 0.85;

/// Where a feature is looked for: the place in the other image, and what a small step in the first becomes there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Guess {
    pub place: DVec2,
    pub turned: DMat2,
}

impl Guess {
    /// Where a homography takes the surroundings of `place`.
    pub(crate) fn of(map: &DMat3, place: DVec2) -> Self {
        let w = (*map * place.extend(1.0)).z;
        let at = through(map, place);
        // The derivative of (a/w, b/w).
        let column = |axis: glam::DVec3| (axis.truncate() - at * axis.z) / w;
        Self { place: at, turned: DMat2::from_cols(column(map.x_axis), column(map.y_axis)) }
    }
}

/// A place of an image and what is around it on each level of its pyramid, the finest first.
pub(crate) struct Feature {
    pub place: DVec2,
    /// Levels whose window reaches over the rim have none.
    levels: Vec<Option<Window>>,
}

impl Feature {
    /// `None` where the finest window determines no place.
    pub(crate) fn new(pyramid: &[Grey], place: DVec2) -> Option<Self> {
        let window = |(level, grey): (usize, &Grey)| Window::new(grey, place.as_vec2() * scale(level));
        let levels: Vec<_> = pyramid.iter().enumerate().map(window).collect();
        levels.first()?.is_some().then_some(Self { place, levels })
    }

    /// Where it is in an image with this pyramid, of the same sizes; `None` where it is not found. Only the finest `levels` are looked
    /// at: one where the guess is good.
    pub(crate) fn find(&self, to: &[Grey], guess: &Guess, levels: usize) -> Option<DVec2> {
        let turned = guess.turned.as_mat2();
        let mut place = guess.place.as_vec2();
        for level in (0..self.levels.len().min(levels)).rev() {
            let scale = scale(level);
            // The window of a coarse level may reach over the rim: finer ones work without it.
            let found =
                self.levels[level].as_ref().and_then(|window| window.settle(&to[level], place * scale, &turned));
            match found {
                Some(found) => place = found / scale,
                None if level > 0 => {}
                None => return None,
            }
        }
        let window = self.levels.first()?.as_ref()?;
        (window.likeness(&to[0], place, &turned)? >= LIKENESS && place.is_finite()).then_some(place.as_dvec2())
    }
}

fn scale(level: usize) -> f32 {
    1.0 / (1u32 << level) as f32
}

/// What is around a feature.
struct Window {
    /// Value minus the window's mean, and gradient, by rows.
    values: Vec<(f32, Vec2)>,
    /// Inverse of the sum of the gradients' products: xx, xy, yy.
    inverse: [f32; 3],
}

fn offsets(radius: i32) -> impl Iterator<Item = Vec2> {
    (-radius..=radius).flat_map(move |y| (-radius..=radius).map(move |x| Vec2::new(x as f32, y as f32)))
}

impl Window {
    fn new(grey: &Grey, middle: Vec2) -> Option<Self> {
        const WIDE: usize = SIDE + 2;
        // One pixel more each way, for the gradients.
        let mut patch = [0.0; WIDE * WIDE];
        for (value, offset) in patch.iter_mut().zip(offsets(RADIUS + 1)) {
            let at = middle + offset;
            *value = grey.at(at.x, at.y);
        }
        if patch.iter().sum::<f32>().is_nan() {
            return None;
        }
        let places = (0..SIDE * SIDE).map(|i| (i / SIDE + 1) * WIDE + i % SIDE + 1);
        let slope = |at: usize| Vec2::new(patch[at + 1] - patch[at - 1], patch[at + WIDE] - patch[at - WIDE]) / 2.0;
        let mut values: Vec<(f32, Vec2)> = places.map(|at| (patch[at], slope(at))).collect();
        let count = values.len() as f32;
        let mean = values.iter().map(|value| value.0).sum::<f32>() / count;
        let slope = values.iter().map(|value| value.1).sum::<Vec2>() / count;
        let [mut xx, mut xy, mut yy] = [0.0; 3];
        for (value, gradient) in &mut values {
            *value -= mean;
            // What is left once the mean is taken out of the step as well.
            *gradient -= slope;
            xx += gradient.x * gradient.x;
            xy += gradient.x * gradient.y;
            yy += gradient.y * gradient.y;
        }
        let determinant = xx * yy - xy * xy;
        // Gradients near 0 each way determine no place.
        if determinant < LEAST * LEAST * count * count {
            return None;
        }
        Some(Self { values, inverse: [yy / determinant, -xy / determinant, xx / determinant] })
    }

    /// The window of another image around `place`, minus its mean.
    fn seen(&self, grey: &Grey, place: Vec2, turned: &Mat2) -> Option<[f32; SIDE * SIDE]> {
        let mut seen = [0.0; SIDE * SIDE];
        for (value, offset) in seen.iter_mut().zip(offsets(RADIUS)) {
            let at = place + *turned * offset;
            *value = grey.at(at.x, at.y);
        }
        let mean = seen.iter().sum::<f32>() / seen.len() as f32;
        seen.iter_mut().for_each(|value| *value -= mean);
        mean.is_finite().then_some(seen)
    }

    /// Goes from `place` to where the windows are most alike; `None` where it runs away.
    fn settle(&self, grey: &Grey, mut place: Vec2, turned: &Mat2) -> Option<Vec2> {
        let start = place;
        for _ in 0..STEPS {
            let seen = self.seen(grey, place, turned)?;
            let pull: Vec2 = self.values.iter().zip(&seen).map(|((value, slope), seen)| *slope * (value - seen)).sum();
            let [xx, xy, yy] = self.inverse;
            // A step in the feature's own image.
            let step = Vec2::new(xx * pull.x + xy * pull.y, xy * pull.x + yy * pull.y);
            place += *turned * step;
            if !(place - start).is_finite() || (place - start).length() > RADIUS as f32 {
                return None;
            }
            if step.length() < SETTLED {
                break;
            }
        }
        Some(place)
    }

    fn likeness(&self, grey: &Grey, place: Vec2, turned: &Mat2) -> Option<f32> {
        let seen = self.seen(grey, place, turned)?;
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

    fn texture(p: DVec2) -> f32 {
        let wave = (0.31 * p.x + 0.17 * p.y).sin() * (0.23 * p.y - 0.11 * p.x).cos();
        60.0 * (wave + 0.4 * (0.7 * p.x).sin() * (0.6 * p.y).sin()) as f32
    }

    /// A texture seen through `map`, which gives the new position of each of its places; brighter by `light`.
    fn image(map: &DMat3, light: f32) -> Vec<Grey> {
        let back = map.inverse();
        let value = |i: usize| {
            let p = DVec2::new((i % 160) as f64 + 0.5, (i / 160) as f64 + 0.5);
            120.0 + texture(through(&back, p)) + light
        };
        pyramid(&Grey { width: 160, height: 120, values: (0..160 * 120).map(value).collect() })
    }

    const PLACES: [DVec2; 3] = [DVec2::new(50.3, 40.0), DVec2::new(91.0, 77.6), DVec2::new(120.0, 60.0)];

    #[test]
    fn features_are_found_to_a_hundredth_of_a_pixel_whatever_the_light() {
        let from = image(&DMat3::IDENTITY, 0.0);
        for moved in [DVec2::new(0.3, -0.7), DVec2::new(4.4, 2.2), DVec2::new(-3.1, -5.8)] {
            let to = image(&DMat3::from_translation(moved), 25.0);
            for place in PLACES {
                let found = Feature::new(&from, place).unwrap();
                let found = found.find(&to, &Guess::of(&DMat3::IDENTITY, place), 4).unwrap();
                assert!(found.distance(place + moved) < 0.03, "{place} moved by {moved} is found at {found}");
            }
        }
    }

    #[test]
    fn a_turned_image_is_found_from_a_guess_that_turns() {
        let from = image(&DMat3::IDENTITY, 0.0);
        let map = DMat3::from_scale_angle_translation(DVec2::splat(1.1), 0.25, DVec2::new(-2.0, -30.0));
        let to = image(&map, 0.0);
        for place in PLACES {
            let feature = Feature::new(&from, place).unwrap();
            let guess = Guess::of(&map, place);
            let off = Guess { place: guess.place + DVec2::new(1.0, -0.5), ..guess };
            let found = feature.find(&to, &off, 1).unwrap();
            assert!(found.distance(guess.place) < 0.1, "{place} is found at {found}, not at {}", guess.place);
        }
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        let from = image(&DMat3::IDENTITY, 0.0);
        let other = Grey { values: from[0].values.iter().rev().map(|value| 40.0 * value * value).collect(), ..from[0] };
        let to = pyramid(&other);
        let is_found = |place: DVec2| {
            let feature = Feature::new(&from, place);
            feature.is_some_and(|feature| feature.find(&to, &Guess::of(&DMat3::IDENTITY, place), 4).is_some())
        };
        let found = (0..20).filter(|i| is_found(DVec2::new(30.0 + 5.0 * f64::from(*i), 60.0))).count();
        assert!(found <= 2, "{found} of 20");
        assert!(Feature::new(&from, DVec2::new(3.0, 3.0)).is_none(), "a window over the rim");
    }
}
