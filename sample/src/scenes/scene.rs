//! A scene: everything that a caption and a seed stand for, and what a ray that meets nothing moving sees.
//!
//! A scene is built in axes of its own, the stage: y up, the ground at y = 0, the middle camera on the side of positive z. The
//! world is the stage turned about the vertical by the rig's azimuth.

use super::actions::{self, Drift, Sea, Swell};
use super::backdrop::Backdrops;
use super::caption::Caption;
use super::color::{Development, linear};
use super::dice::Dice;
use super::ground::Ground;
use super::ids;
use super::moving::{Cycle, Lamp, Moving, Plan};
use super::props::props;
use super::rig::Standpoint;
use super::sky::{Haze, Light, Sky};
use super::solid::{Solid, nearest};
use super::words::{Color, Ground as GroundWord, Sky as SkyWord, Style, Thing};
use crate::geometry::Ray;
use crate::noise::{Noise, smoothstep};
use glam::{DMat3, Vec2, Vec3};

/// The depth that is given for the sky, in metres.
pub const SKY_DEPTH_M: f32 = 60.0;
/// Ray parameter of the sky: behind everything.
pub(crate) const BEYOND: f32 = 1e4;

/// A scene. The same caption, seed and standpoint give the same scene.
pub struct Scene {
    caption: Caption,
    azimuth_deg: f64,
    ground: Ground,
    sky: Sky,
    backdrops: Backdrops,
    props: Vec<Solid>,
    thing: Vec<Solid>,
    /// A ball around the still parts of the thing.
    around_thing: (Vec3, f32),
    shadows: Vec<(Vec2, f32, f32)>,
    lamp: Option<Lamp>,
    pub(crate) moving: Vec<Box<dyn Moving>>,
    pub(crate) development: Development,
}

/// What a ray meets of the still surroundings.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Traced {
    /// Light towards the camera, linear RGB.
    pub radiance: Vec3,
    /// Ray parameter.
    pub t: f32,
    /// One of [`ids`].
    pub id: u8,
}

impl Scene {
    /// The scene of a caption. What it leaves open is drawn from the seed; backdrops and props stand where the middle camera
    /// of `standpoint` sees them.
    #[must_use]
    pub fn new(caption: &Caption, seed: u64, standpoint: &Standpoint) -> Self {
        let dice = &mut Dice::new(seed, 0, 1);
        let caption = caption.completed(dice);
        let thing = caption.thing;
        let color = caption.color.unwrap_or(Color::White).linear();
        let sky_word = caption.sky.unwrap_or(SkyWord::Noon);
        let ground_word = caption.ground.unwrap_or(GroundWord::Grass);
        let mut sky = Sky::new(sky_word, dice);
        let ground = Ground::new(ground_word, dice);
        let camera_z = (standpoint.distance_m * standpoint.elevation_deg.to_radians().cos()) as f32;
        let backdrops = Backdrops::new(&caption.backdrops, camera_z, dice);
        // 1 to 3 cycles in a clip; what is large is slow.
        let most =
            if matches!(thing, Thing::Fountain | Thing::Torch | Thing::Campfire | Thing::Windmill) { 3 } else { 2 };
        let times = 1 + dice.below(most) as u32;
        let cycle = Cycle { times, start: dice.within(0.0, 1.0) };
        let light = sky.light;
        // Never edge-on to the middle camera.
        let turn = Vec2::from_angle(dice.within(-0.4, 0.4));
        let mut built = actions::build(thing, &mut Plan { color, dice, cycle, light, turn });
        match thing {
            Thing::Waves => {
                built.moving.push(Box::new(Sea::new(Swell::High, color, &sky, times, dice)));
            }
            Thing::Clouds => {
                let far = dice.pick(&[Vec2::X, Vec2::NEG_X]);
                sky.cover(Noise::new(dice.bits()), color.lerp(Vec3::ONE, 0.08), far);
                built.moving.push(Box::new(Drift(sky.clone())));
            }
            _ => {}
        }
        if ground_word == GroundWord::Water && thing != Thing::Waves {
            let water = linear([44, 96, 128]);
            built.moving.push(Box::new(Sea::new(Swell::Calm, water, &sky, 1, dice)));
        }
        let props = props(camera_z, built.clear, dice);
        let middle = Vec3::new(0.0, 0.6, 0.0);
        let reach = built.solids.iter().map(|solid| {
            let (center, radius) = solid.shape.ball();
            center.distance(middle) + radius
        });
        let around_thing = (middle, reach.fold(0.0, f32::max));
        let development = Development::new(caption.style.unwrap_or(Style::Photo));
        Self {
            azimuth_deg: standpoint.azimuth_deg,
            ground,
            sky,
            backdrops,
            props,
            thing: built.solids,
            around_thing,
            shadows: built.shadows,
            lamp: built.lamp,
            moving: built.moving,
            development,
            caption,
        }
    }

    /// Everything that is in it, in words: what the caption left open is filled in.
    #[must_use]
    pub fn caption(&self) -> &Caption {
        &self.caption
    }

    /// The haze before what is far.
    pub(crate) fn haze(&self) -> Haze {
        self.sky.haze
    }

    /// Its light.
    pub(crate) fn light(&self) -> Light {
        self.sky.light
    }

    /// From the stage to the world.
    pub(crate) fn world_from_stage(&self) -> DMat3 {
        DMat3::from_rotation_y(self.azimuth_deg.to_radians())
    }

    /// The nearest of the thing's still parts.
    fn thing_hit(&self, ray: &Ray, limit: f32) -> Option<(super::shapes::Touch, &Solid)> {
        let (center, radius) = self.around_thing;
        let o = center - ray.origin;
        let t = o.dot(ray.direction) / ray.direction.length_squared();
        let near = (o - ray.direction * t).length_squared() < radius * radius;
        if near { nearest(&self.thing, ray, limit) } else { None }
    }

    /// How much of the sun reaches a point near the thing.
    fn sunlit(&self, point: Vec3, normal: Vec3) -> f32 {
        let sun = self.sky.light.sun;
        if normal.dot(sun) <= 0.0 {
            return 0.0;
        }
        let ray = Ray { origin: point + normal * 2e-3, direction: sun };
        let blocked = nearest(&self.props, &ray, 100.0).is_some() || self.thing_hit(&ray, 100.0).is_some();
        f32::from(u8::from(!blocked))
    }

    /// Soft shadows under the thing, which moves too fast for sharp ones.
    fn darkened(&self, point: Vec3) -> f32 {
        let place = Vec2::new(point.x, point.z);
        self.shadows.iter().fold(1.0, |light, (center, radius, strength)| {
            light * (1.0 - strength * smoothstep(*radius, 0.2 * radius, place.distance(*center)))
        })
    }

    /// Where a ray meets the still surroundings, and what light comes from there; `pixel` is the size of a pixel a metre away.
    pub(crate) fn trace(&self, ray: &Ray, pixel: f32) -> Traced {
        let length = ray.direction.length();
        let mut limit = BEYOND;
        let mut found: Option<(Vec3, Vec3, u8)> = None;
        if let Some(t) = Ground::hit(ray) {
            limit = t;
            // A pixel is long on the ground that is far; the mean of both sides counts.
            let footprint = t * pixel / (-ray.direction.y / length).max(1e-3).sqrt();
            let point = ray.at(t);
            found = Some((self.ground.albedo(point, footprint) * self.darkened(point), Vec3::Y, ids::GROUND));
        }
        let near =
            [nearest(&self.props, ray, limit), self.thing_hit(ray, limit), nearest(&self.backdrops.solids, ray, limit)];
        for (touch, solid) in near.into_iter().flatten() {
            if touch.t < limit {
                limit = touch.t;
                found = Some((solid.albedo(&touch, touch.t * pixel), touch.normal, solid.id));
            }
        }
        for cutout in &self.backdrops.cutouts {
            if let Some((touch, albedo)) = cutout.hit(ray, limit, pixel) {
                limit = touch.t;
                found = Some((albedo, touch.normal, cutout.id));
            }
        }
        let Some((albedo, normal, id)) = found else {
            return Traced { radiance: self.sky.color(ray.direction, 0.0), t: BEYOND, id: ids::SKY };
        };
        let point = ray.at(limit);
        let far = (ids::BACKDROP..ids::PROP).contains(&id);
        let sunlit = if far { 1.0 } else { self.sunlit(point, normal) };
        let mut radiance = self.sky.light.shade(albedo, normal, sunlit);
        if let Some(lamp) = self.lamp {
            let to = lamp.position - point;
            let square = to.length_squared();
            radiance += albedo * lamp.color * (normal.dot(to).max(0.0) / square.sqrt() / (square + 0.15));
        }
        Traced { radiance: self.sky.hazed(radiance, limit * length), t: limit, id }
    }
}
