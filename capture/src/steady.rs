//! How a clip's camera moves: corners of its first frame are found again in every other, and a homography describes what most
//! of them did. A camera that turns leaves nothing else; one that travels leaves parallax, which no warp of an image undoes.

mod corners;
mod grey;
mod homography;
mod parallax;
mod track;

use glam::{DMat2, DMat3, DVec2};
pub(crate) use grey::through;
use grey::{Grey, pyramid};
use loop3d_media::Size;
use rayon::prelude::*;
use track::{Feature, Guess};

/// Up to this motion, in pixels, a clip is as steady as one from a tripod.
pub const STILL_PX: f64 = 0.5;
/// More parallax than this, in pixels, cannot be removed from a clip.
pub const PARALLAX_PX: f64 = 1.0;

/// Rounds of finding the features of a frame, each from the motion of the one before.
const ROUNDS: usize = 3;
/// A motion that turns and stretches windows less differently than this from the one that they were looked for with needs no other round.
const SETTLED: f64 = 0.005;
/// A feature of a frame that is looked for in the first must come back this near to where it came from, in pixels.
const BACK_PX: f64 = 0.5;
/// A feature that was farther than this off the homography, in pixels, is looked for there again.
const OFF_PX: f64 = 1.0;
/// Levels on which it is.
const NEAR_LEVELS: usize = 2;
/// Fewest features of the first frame that determine a motion.
const FEWEST: usize = 20;

/// Fraction of the features that must agree on a motion.
const SURE: f64 = 0.5;
/// Fraction of the frames in which they may disagree, in a clip whose motion is known.
const UNSURE: f64 = 0.3;

/// A feature that is never farther than this from where it was first, in pixels, stands there.
const STANDS_PX: f64 = 0.7;
/// Part of the features that must stand for the camera to stand, whatever else moves: when a camera moves, hardly any does.
const STANDING: f64 = 0.1;

/// What a clip's camera did.
#[derive(Clone, Debug, PartialEq)]
pub struct Motion {
    /// Size of the frames.
    pub size: Size,
    /// For each frame: where in it a place of the first frame is. The first is the identity. Places have pixel centres at halves.
    pub from_first: Vec<DMat3>,
    /// The farthest that any frame is off the first, in pixels (root of the mean square over the image).
    pub largest_px: f64,
    /// How far near and far things have moved against each other in the worst frame, in pixels; 0 where what is left moves
    /// each in its own way, `None` where there are too few features to say.
    pub parallax_px: Option<f64>,
    /// Frames in which fewer than half of the features agree on a motion, because light or everything else moves too, or because the
    /// image has hardly any features: they are assumed to be where the frame before is.
    pub unsure: usize,
}

impl Motion {
    /// Of a clip of one frame.
    pub fn none(size: Size) -> Self {
        Self { size, from_first: vec![DMat3::IDENTITY], largest_px: 0.0, parallax_px: Some(0.0), unsure: 0 }
    }

    /// Whether the camera's motion is known.
    pub fn is_known(&self) -> bool {
        self.unsure as f64 <= UNSURE * self.from_first.len() as f64
    }

    /// Whether it needs no steadying.
    pub fn is_still(&self) -> bool {
        self.largest_px <= STILL_PX
    }

    /// Whether the camera travelled.
    pub fn travels(&self) -> bool {
        self.parallax_px.is_some_and(|px| px > PARALLAX_PX)
    }
}

/// Follows a clip frame by frame.
pub struct Follower {
    size: Size,
    first: Vec<Grey>,
    features: Vec<Feature>,
    overview: Overview,
    motions: Vec<DMat3>,
    /// How far each feature was off the homography where it was found last.
    off: Vec<DVec2>,
    /// For each frame whose motion is sure and each feature: how far it is off the homography.
    left_over: Vec<Vec<Option<DVec2>>>,
    /// For each feature in how many frames it was found, and in how many of them where it was first.
    found: Vec<(usize, usize)>,
    unsure: usize,
}

impl Follower {
    /// From the clip's first frame, RGB bytes of `size`.
    pub fn new(first: &[u8], size: Size) -> Self {
        let grey = Grey::of_rgb(first, size.0 as usize, size.1 as usize);
        let (overview, first) = (Overview::of(&grey), pyramid(&grey));
        let features = corners::corners(&first[0]).into_par_iter().filter_map(|place| Feature::new(&first, place));
        let features: Vec<Feature> = features.collect();
        let off = vec![DVec2::ZERO; features.len()];
        let motions = vec![DMat3::IDENTITY];
        let found = vec![(0, 0); features.len()];
        Self { size, first, features, overview, motions, off, left_over: Vec::new(), found, unsure: 0 }
    }

    /// The next frame. False where it does not show what the first one shows.
    pub fn push(&mut self, frame: &[u8]) -> bool {
        let before = self.motions.last().copied().unwrap_or_default();
        let grey = Grey::of_rgb(frame, self.size.0 as usize, self.size.1 as usize);
        let found = if self.features.len() < FEWEST { None } else { self.find(&pyramid(&grey), &before) };
        match found {
            Some(Found { motion, places, sure: true }) => {
                let off =
                    |(feature, place): (&Feature, &Option<DVec2>)| Some((*place)? - through(&motion, feature.place));
                let left_over: Vec<Option<DVec2>> = self.features.iter().zip(&places).map(off).collect();
                for (last, off) in self.off.iter_mut().zip(&left_over) {
                    *last = off.unwrap_or(*last);
                }
                for ((found, feature), place) in self.found.iter_mut().zip(&self.features).zip(&places) {
                    if let Some(place) = place {
                        found.0 += 1;
                        found.1 += usize::from(place.distance(feature.place) <= STANDS_PX);
                    }
                }
                self.left_over.push(left_over);
                self.motions.push(motion);
                return true;
            }
            // An image with hardly any features, or whose features are noise, may still be the same.
            None if !Overview::of(&grey).is_like(&self.overview) => return false,
            _ => {}
        }
        self.unsure += 1;
        self.motions.push(before);
        true
    }

    /// Finds the features in a frame that moved roughly by `motion`, and what most of them did.
    fn find(&self, seen: &[Grey], motion: &DMat3) -> Option<Found> {
        let mut motion = *motion;
        let mut places: Vec<Option<DVec2>> = Vec::new();
        for round in 0..ROUNDS {
            let find = |(index, feature): (usize, &Feature)| {
                let guess = Guess::of(&motion, feature.place);
                match places.get(index) {
                    None => feature.find(seen, &guess, usize::MAX),
                    // Near where it was found before, with a window turned better.
                    Some(place) => feature.find(seen, &Guess { place: (*place)?, ..guess }, 1),
                }
            };
            places = self.features.par_iter().enumerate().map(find).collect();
            let (better, _) = homography::robust(&self.pairs(&places))?;
            let change = turned_by(&motion, &better, self.size);
            motion = better;
            if change < SETTLED || round + 1 == ROUNDS {
                break;
            }
        }
        let back = motion.inverse();
        let comes_back = |feature: &Feature, place: DVec2, off: DVec2| {
            let guess = Guess { place: through(&back, place - off), ..Guess::of(&back, place) };
            let from = Feature::new(seen, place)?.find(&self.first, &guess, usize::MAX)?;
            (from.distance(feature.place) < BACK_PX).then_some(place)
        };
        let settle = |((feature, place), &off): ((&Feature, &Option<DVec2>), &DVec2)| {
            let found = place.and_then(|place| comes_back(feature, place, off));
            if found.is_some() || off.length() < OFF_PX {
                return found;
            }
            // Something near, which moves differently from the rest: where it was last is a better guess than where the rest went.
            let guess = Guess::of(&motion, feature.place);
            let place = feature.find(seen, &Guess { place: guess.place + off, ..guess }, NEAR_LEVELS)?;
            comes_back(feature, place, off)
        };
        let places: Vec<Option<DVec2>> = self.features.par_iter().zip(&places).zip(&self.off).map(settle).collect();
        let pairs = self.pairs(&places);
        let (motion, support) = homography::robust(&pairs)?;
        Some(Found { motion, places, sure: support >= SURE * pairs.len() as f64 })
    }

    /// Where the features that were found are in the first frame and in another.
    fn pairs(&self, places: &[Option<DVec2>]) -> Vec<(DVec2, DVec2)> {
        self.features.iter().zip(places).filter_map(|(feature, to)| Some((feature.place, (*to)?))).collect()
    }

    /// What the camera did.
    pub fn finish(self) -> Motion {
        let largest_px = self.motions.iter().map(|motion| largest(motion, self.size)).fold(0.0, f64::max);
        let places: Vec<DVec2> = self.features.iter().map(|feature| feature.place).collect();
        let motion = Motion {
            size: self.size,
            largest_px,
            parallax_px: parallax::measure(&places, self.size, &self.left_over),
            unsure: self.unsure,
            from_first: self.motions,
        };
        // In nearly all of at least half of the frames: one may be hidden now and then.
        let half = self.left_over.len().div_ceil(2).max(1);
        let standing = self.found.iter().filter(|(found, there)| *found >= half && 10 * there >= 9 * found).count();
        let stands = standing as f64 >= STANDING * self.features.len().max(1) as f64;
        if stands && (!motion.is_still() || motion.travels()) {
            // What moves is a flag, or a tree, that fills most of the picture.
            let from_first = vec![DMat3::IDENTITY; motion.from_first.len()];
            return Motion { from_first, largest_px: 0.0, parallax_px: Some(0.0), ..motion };
        }
        motion
    }
}

/// The features of a frame.
struct Found {
    /// What most of them did.
    motion: DMat3,
    /// Where each is, if it was found.
    places: Vec<Option<DVec2>>,
    /// Whether at least half agree on that motion.
    sure: bool,
}

/// An image in 16 × 9 cells: the mean of each, minus the mean of all.
struct Overview(Vec<f32>);

impl Overview {
    fn of(grey: &Grey) -> Self {
        const CELLS: [usize; 2] = [16, 9];
        let (mut sums, mut counts) = ([0.0f32; CELLS[0] * CELLS[1]], [0.0f32; CELLS[0] * CELLS[1]]);
        for (row, line) in grey.values.chunks_exact(grey.width).enumerate() {
            for (column, value) in line.iter().enumerate() {
                let cell = row * CELLS[1] / grey.height * CELLS[0] + column * CELLS[0] / grey.width;
                sums[cell] += value;
                counts[cell] += 1.0;
            }
        }
        let means = sums.iter().zip(&counts).map(|(sum, count)| sum / count.max(1.0));
        let mean = means.clone().sum::<f32>() / sums.len() as f32;
        Self(means.map(|value| value - mean).collect())
    }

    /// Root of the mean square.
    fn contrast(&self) -> f32 {
        (self.0.iter().map(|value| value * value).sum::<f32>() / self.0.len() as f32).sqrt()
    }

    /// Whether it differs by less than half of the other's contrast, or by next to nothing.
    fn is_like(&self, other: &Self) -> bool {
        const NOTHING: f32 = 3.0;
        let change = Self(self.0.iter().zip(&other.0).map(|(a, b)| a - b).collect());
        change.contrast() < NOTHING.max(other.contrast() / 2.0)
    }
}

/// How differently two homographies turn and stretch the centre of an image.
fn turned_by(a: &DMat3, b: &DMat3, size: Size) -> f64 {
    let middle = DVec2::new(f64::from(size.0), f64::from(size.1)) / 2.0;
    let [a, b] = [a, b].map(|map| Guess::of(map, middle).turned);
    let change: DMat2 = a - b;
    change.x_axis.length().max(change.y_axis.length())
}

/// How far a homography moves an image: root of the mean square over 5 × 5 places.
fn largest(map: &DMat3, size: Size) -> f64 {
    let whole = DVec2::new(f64::from(size.0), f64::from(size.1));
    let places = (0..25).map(|i| whole * DVec2::new(f64::from(i % 5), f64::from(i / 5)) / 4.0);
    (places.map(|place| through(map, place).distance_squared(place)).sum::<f64>() / 25.0).sqrt()
}

#[cfg(test)]
mod tests;
