//! How a clip's camera moves: corners of its first frame are found again in every other, and what most of them do is a homography.
//! A camera that turns leaves nothing else; one that travels leaves parallax, which no warp of a picture undoes.

mod corners;
mod grey;
mod homography;
mod parallax;
mod track;

use crate::error::Size;
use glam::{DMat3, DVec2};
pub(crate) use grey::through;
use grey::{Grey, pyramid};
use rayon::prelude::*;

/// Up to this motion, in pixels, a clip is as still as one from a tripod.
pub const STILL_PX: f64 = 0.5;
/// More parallax than this, in pixels, cannot be taken out of a clip.
pub const PARALLAX_PX: f64 = 1.0;

/// Rounds of warping and finding for a frame.
const ROUNDS: usize = 3;
/// A round that changes less than this, in pixels, is the last.
const SETTLED_PX: f64 = 0.05;

/// Share of the features that must agree on a motion.
const SURE: f64 = 0.5;
/// Share of the frames in which they may not, in a clip whose motion is known.
const UNSURE: f64 = 0.3;

/// What a clip's camera did.
#[derive(Clone, Debug, PartialEq)]
pub struct Motion {
    /// Size of the pictures.
    pub size: Size,
    /// For each frame: where in it a place of the first frame is. The first is the identity. Places have pixel centres at halves.
    pub from_first: Vec<DMat3>,
    /// The farthest that the picture of any frame is off the first, in pixels (root of the mean square over the picture).
    pub largest_px: f64,
    /// How far near and far things have moved against each other in the worst frame, in pixels; 0 where what is left moves
    /// each in its own way.
    pub parallax_px: f64,
    /// Frames in which fewer than half of the features agree on a motion, because light or everything else moves too: they are
    /// taken to lie as the frame before.
    pub unsure: usize,
}

impl Motion {
    /// Of a clip of one frame.
    pub fn none(size: Size) -> Self {
        Self { size, from_first: vec![DMat3::IDENTITY], largest_px: 0.0, parallax_px: 0.0, unsure: 0 }
    }

    /// Whether it can be told what the camera did.
    pub fn is_known(&self) -> bool {
        self.unsure as f64 <= UNSURE * self.from_first.len() as f64
    }

    /// Whether it needs no steadying.
    pub fn is_still(&self) -> bool {
        self.largest_px <= STILL_PX
    }

    /// Whether the camera travelled.
    pub fn travels(&self) -> bool {
        self.parallax_px > PARALLAX_PX
    }
}

/// Follows a clip frame by frame.
pub struct Follower {
    size: Size,
    first: Vec<Grey>,
    features: Vec<DVec2>,
    motions: Vec<DMat3>,
    /// For each frame but the first and each feature: how far it is off the homography.
    left_over: Vec<Vec<Option<DVec2>>>,
    unsure: usize,
}

impl Follower {
    /// From the clip's first frame, RGB bytes of `size`.
    pub fn new(first: &[u8], size: Size) -> Self {
        let first = pyramid(&Grey::of_rgb(first, size.0 as usize, size.1 as usize));
        let features = corners::corners(&first[0]);
        Self { size, first, features, motions: vec![DMat3::IDENTITY], left_over: Vec::new(), unsure: 0 }
    }

    /// The next frame. False where it cannot be told how it lies to the first: too few features are found again.
    pub fn push(&mut self, frame: &[u8]) -> bool {
        let grey = Grey::of_rgb(frame, self.size.0 as usize, self.size.1 as usize);
        let mut motion = self.motions.last().copied().unwrap_or_default();
        let before = motion;
        let mut sure = true;
        for round in 1..=ROUNDS {
            let warped = pyramid(&grey.warped(&motion));
            let find = |&place: &DVec2| track::find(&self.first, &warped, place);
            let found: Vec<Option<DVec2>> = self.features.par_iter().map(find).collect();
            let found: Vec<Option<DVec2>> =
                found.iter().map(|place| place.map(|place| through(&motion, place))).collect();
            let pairs: Vec<(DVec2, DVec2)> =
                self.features.iter().zip(&found).filter_map(|(from, to)| Some((*from, (*to)?))).collect();
            let Some((better, support)) = homography::robust(&pairs) else { return false };
            let change = largest(&(motion.inverse() * better), self.size);
            motion = better;
            if round == ROUNDS || change < SETTLED_PX {
                sure = support >= SURE * pairs.len() as f64;
                let off = |(from, to): (&DVec2, &Option<DVec2>)| Some((*to)? - through(&motion, *from));
                self.left_over.push(self.features.iter().zip(&found).map(off).collect());
                break;
            }
        }
        self.unsure += usize::from(!sure);
        self.motions.push(if sure { motion } else { before });
        true
    }

    /// What the camera did.
    pub fn finish(self) -> Motion {
        let largest_px = self.motions.iter().map(|motion| largest(motion, self.size)).fold(0.0, f64::max);
        Motion {
            size: self.size,
            largest_px,
            parallax_px: parallax::measure(&self.left_over),
            unsure: self.unsure,
            from_first: self.motions,
        }
    }
}

/// How far a homography moves a picture: root of the mean square over 5 × 5 places.
fn largest(map: &DMat3, size: Size) -> f64 {
    let whole = DVec2::new(f64::from(size.0), f64::from(size.1));
    let places = (0..25).map(|i| whole * DVec2::new(f64::from(i % 5), f64::from(i / 5)) / 4.0);
    (places.map(|place| through(map, place).distance_squared(place)).sum::<f64>() / 25.0).sqrt()
}

#[cfg(test)]
mod tests;
