//! What everything that moves has in common.
//!
//! A [`Moving`] thing says once where it may ever be seen, its parts; a view notes which of its subsamples can see which part.
//! For a frame it takes its pose, and the pose paints the layers of each part that a subsample may see.

use super::color::linear;
use super::dice::Dice;
use super::ids;
use super::shapes::{turned, turned_back};
use super::sky::{Haze, Light};
use super::solid::Solid;
use crate::geometry::Ray;
use crate::noise::Noise;
use glam::{Vec2, Vec3, Vec4};
use std::f32::consts::TAU;

/// Where a part may ever be seen.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Bound {
    /// In a ball: centre, radius.
    Ball(Vec3, f32),
    /// In an upright box between two corners.
    Block(Vec3, Vec3),
    /// On an upright rectangle: the middle of its lower edge, the horizontal direction of that edge, half its length, the height.
    Sheet(Vec3, Vec3, f32, f32),
    /// Wherever the ground is seen.
    Ground,
    /// Wherever the sky is seen.
    Sky,
}

impl Bound {
    /// Whether a ray that meets the still surroundings at `until`, which are `id`, may see something in it.
    pub fn meets(&self, ray: &Ray, until: f32, id: u8) -> bool {
        match *self {
            Self::Ground => id == ids::GROUND,
            Self::Sky => id == ids::SKY,
            Self::Ball(center, radius) => {
                let o = center - ray.origin;
                let t = o.dot(ray.direction) / ray.direction.length_squared();
                let gap = (o - ray.direction * t).length_squared();
                gap < radius * radius && t - radius < until
            }
            Self::Block(low, high) => {
                let inverse = ray.direction.recip();
                let (a, b) = ((low - ray.origin) * inverse, (high - ray.origin) * inverse);
                let (enter, leave) = (a.min(b).max_element().max(0.0), a.max(b).min_element());
                enter <= leave && enter < until
            }
            Self::Sheet(foot, across, half, height) => upright(ray, foot, across)
                .is_some_and(|(t, p)| t < until && p.x.abs() <= half && (0.0..=height).contains(&p.y)),
        }
    }
}

/// Where a ray meets the upright plane through `foot` along `across`: ray parameter, and (along, up) from the foot.
pub(crate) fn upright(ray: &Ray, foot: Vec3, across: Vec3) -> Option<(f32, Vec2)> {
    let normal = Vec3::new(-across.z, 0.0, across.x);
    let speed = normal.dot(ray.direction);
    let t = normal.dot(foot - ray.origin) / speed;
    let p = ray.at(t) - foot;
    (speed != 0.0 && t > 1e-3).then(|| (t, Vec2::new(p.dot(across), p.y)))
}

/// Something in front of the still surroundings, in one subsample.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layer {
    /// Ray parameter.
    pub t: f32,
    /// Premultiplied linear RGB and coverage.
    pub paint: Vec4,
    /// One of [`ids`].
    pub id: u8,
}

/// Most layers of one subsample; farther ones are left out.
const MOST: usize = 16;

/// The layers of one subsample, near to far.
#[derive(Clone, Debug)]
pub(crate) struct Layers {
    list: [Layer; MOST],
    count: usize,
    until: f32,
    /// Length of the ray's direction, so that t times it is the distance.
    length: f32,
    haze: Haze,
    /// Size of a pixel in metres, a metre away.
    pub pixel: f32,
}

impl Layers {
    /// None yet, before surroundings at `until`.
    pub fn new(until: f32, pixel: f32, haze: Haze) -> Self {
        let nothing = Layer { t: 0.0, paint: Vec4::ZERO, id: 0 };
        Self { list: [nothing; MOST], count: 0, until, length: 1.0, haze, pixel }
    }

    /// Empties the list, before other surroundings.
    pub fn clear(&mut self, until: f32, ray: &Ray) {
        (self.count, self.until, self.length) = (0, until, ray.direction.length());
    }

    /// Where the still surroundings are.
    pub fn until(&self) -> f32 {
        self.until
    }

    /// Adds a layer, unless it is behind the surroundings or shows nothing. The thing's own layers get the haze before them;
    /// water and clouds have theirs.
    pub fn push(&mut self, t: f32, paint: Vec4, id: u8) {
        if t > self.until || paint.max_element() <= 0.0 {
            return;
        }
        if self.count == MOST {
            if self.list[MOST - 1].t <= t {
                return;
            }
            self.count -= 1;
        }
        let mut at = self.count;
        while at > 0 && self.list[at - 1].t > t {
            self.list[at] = self.list[at - 1];
            at -= 1;
        }
        let paint = if id == ids::MOVING { self.haze.over(paint, t * self.length) } else { paint };
        self.list[at] = Layer { t, paint, id };
        self.count += 1;
    }

    /// Adds an opaque layer of the thing.
    pub fn opaque(&mut self, t: f32, color: Vec3) {
        self.push(t, color.extend(1.0), ids::MOVING);
    }

    /// Near to far.
    pub fn iter(&self) -> impl Iterator<Item = &Layer> {
        self.list[..self.count].iter()
    }

    /// Light through the layers, with the surroundings behind.
    pub fn over(&self, behind: Vec3) -> Vec3 {
        let (mut light, mut clear) = (Vec3::ZERO, 1.0);
        for layer in self.iter() {
            light += layer.paint.truncate() * clear;
            clear *= 1.0 - layer.paint.w;
            if clear < 1e-3 {
                return light;
            }
        }
        light + behind * clear
    }
}

/// How often and from where in its cycle something moves in one clip.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cycle {
    /// Whole cycles in a clip.
    pub times: u32,
    /// Where it starts, in cycles.
    pub start: f32,
}

impl Cycle {
    /// The place in the cycle at `phase` (time in clips), in cycles from 0 to 1.
    pub fn at(&self, phase: f32) -> f32 {
        // Reduced before it is added, so that it closes to the last bit that a float has.
        let turns = self.times as f32 * phase;
        (turns - turns.floor() + self.start).fract()
    }

    /// Whole cycles that something `late` in it has completed by `phase`.
    pub fn completed(&self, phase: f32, late: f32) -> u32 {
        (self.times as f32 * phase + (self.start + late).fract()) as u32
    }

    /// The same as an angle.
    pub fn angle(&self, phase: f32) -> f32 {
        self.at(phase) * TAU
    }
}

/// A moving thing.
pub(crate) trait Moving: Send + Sync {
    /// Where its parts may ever be seen.
    fn parts(&self) -> Vec<Bound>;

    /// A bound around all parts, where there are many.
    fn whole(&self) -> Option<Bound> {
        None
    }

    /// How it looks at `phase`, the time in clips.
    fn pose(&self, phase: f32) -> Box<dyn Posed + '_>;

    /// Where the material point is at `phase` that three numbers in 0..1 choose. `None` where nothing material moves, as in a flame.
    fn point(&self, _choice: [f32; 3], _phase: f32) -> Option<Vec3> {
        None
    }

    /// How often that point has begun anew by `phase`, as a drop does after it lands: then it is another one.
    fn lives(&self, _choice: [f32; 3], _phase: f32) -> u32 {
        0
    }
}

/// A moving thing at one moment.
pub(crate) trait Posed: Sync {
    /// Adds what a ray sees of a part.
    fn paint(&self, part: usize, ray: &Ray, layers: &mut Layers);
}

/// A steady light of the thing's own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lamp {
    /// Where it is.
    pub position: Vec3,
    /// Radiance at one metre, linear RGB.
    pub color: Vec3,
}

/// What a builder of things gets.
pub(crate) struct Plan<'a> {
    /// Albedo of the thing.
    pub color: Vec3,
    /// Random numbers.
    pub dice: &'a mut Dice,
    /// Speed of its motion.
    pub cycle: Cycle,
    /// The light on it.
    pub light: Light,
    /// Cosine and sine of its turn about the vertical.
    pub turn: Vec2,
}

impl Plan<'_> {
    /// A noise of its own.
    pub fn noise(&mut self) -> Noise {
        Noise::new(self.dice.bits())
    }

    /// A point given in the thing's own axes.
    pub fn place(&self, x: f32, y: f32, z: f32) -> Vec3 {
        turned(Vec3::new(x, y, z), self.turn)
    }

    /// The turn, to take rays into the thing's own axes.
    pub fn axes(&self) -> Axes {
        Axes(self.turn)
    }
}

/// The thing's own axes, turned about the vertical through the origin.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Axes(Vec2);

impl Axes {
    /// A ray in these axes.
    pub fn ray(&self, ray: &Ray) -> Ray {
        Ray { origin: turned_back(ray.origin, self.0), direction: turned_back(ray.direction, self.0) }
    }

    /// A vector of these axes in the scene's.
    pub fn out(&self, v: Vec3) -> Vec3 {
        turned(v, self.0)
    }
}

/// A built thing.
#[derive(Default)]
pub(crate) struct Built {
    /// Its still parts.
    pub solids: Vec<Solid>,
    /// What moves.
    pub moving: Vec<Box<dyn Moving>>,
    /// Soft shadows under it: place on the ground, radius, strength.
    pub shadows: Vec<(Vec2, f32, f32)>,
    /// Its own light.
    pub lamp: Option<Lamp>,
    /// Props keep this far away.
    pub clear: f32,
}

/// The colour of foam and spray in a light.
pub(crate) fn foam(light: &Light) -> Vec3 {
    light.shade(linear([236, 242, 246]), Vec3::Y, 0.8)
}
