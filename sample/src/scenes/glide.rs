//! Something that goes where it is told: a textured ball or box whose way in a picture is given frame by frame. Clips of such things
//! teach and test what follows arrows.

use super::color::linear;
use super::dice::Dice;
use super::ids::MOVING;
use super::moving::{Bound, Layers, Moving, Posed};
use super::scene::Scene;
use super::shapes::Shape;
use super::sky::Light;
use super::solid::tinted;
use super::texture::{Material, Pattern};
use super::words::Color;
use crate::geometry::Ray;
use crate::noise::Noise;
use glam::{DVec2, Vec2, Vec3};
use loop3d_scene::Camera;

/// Something that goes where it is told.
#[derive(Clone, Debug, PartialEq)]
pub struct Glide {
    /// Where its centre is seen in each frame of the clip, in pixels. The clip is a loop: after the last place comes the first.
    pub way: Vec<DVec2>,
    /// Radius in pixels.
    pub radius: f64,
    /// Distance along the camera's axis in metres; it stays the same.
    pub depth_m: f64,
    /// Its shape, colours and pattern.
    pub seed: u64,
}

struct Gliding {
    /// Around the origin.
    shape: Shape,
    material: Material,
    light: Light,
    /// Its centre in each frame.
    centres: Vec<Vec3>,
    radius: f32,
}

impl Scene {
    /// Adds something that a camera sees going its way. A way without places adds nothing.
    pub fn glide(&mut self, camera: &Camera, glide: &Glide) {
        if glide.way.is_empty() {
            return;
        }
        let stage_from_world = self.world_from_stage().transpose();
        let place = |pixel: &DVec2| {
            let point = camera.position() + camera.ray(*pixel) * glide.depth_m;
            (stage_from_world * point).as_vec3()
        };
        let dice = &mut Dice::new(glide.seed, 0, 5);
        let radius = (glide.radius * glide.depth_m / camera.focal_px.x) as f32;
        let shape = if dice.chance(0.5) {
            Shape::Ball { center: Vec3::ZERO, radius }
        } else {
            let half = Vec3::new(dice.within(0.6, 0.9), dice.within(0.6, 0.9), 0.5) * radius;
            Shape::Block { center: Vec3::ZERO, half, turn: Vec2::from_angle(dice.within(-0.5, 0.5)), roof: 0.0 }
        };
        let pattern = dice.pick(&[Pattern::Checks, Pattern::Stripes, Pattern::Patches]);
        let color = dice.pick(Color::ALL).linear().max(linear([24, 24, 24]));
        let period = radius * dice.within(0.5, 1.0);
        let material = tinted(color, pattern, period, Noise::new(dice.bits()));
        let centres = glide.way.iter().map(place).collect();
        self.moving.push(Box::new(Gliding { shape, material, light: self.light(), centres, radius }));
    }
}

impl Gliding {
    fn centre(&self, phase: f32) -> Vec3 {
        let at = phase.rem_euclid(1.0) * self.centres.len() as f32;
        let before = (at as usize).min(self.centres.len() - 1);
        let after = (before + 1) % self.centres.len();
        self.centres[before].lerp(self.centres[after], at - before as f32)
    }
}

impl Moving for Gliding {
    fn parts(&self) -> Vec<Bound> {
        let corner = |pick: fn(Vec3, Vec3) -> Vec3| self.centres.iter().copied().reduce(pick).unwrap_or_default();
        vec![Bound::Block(corner(Vec3::min) - 1.3 * self.radius, corner(Vec3::max) + 1.3 * self.radius)]
    }

    fn pose(&self, phase: f32) -> Box<dyn Posed + '_> {
        Box::new(Glided { what: self, centre: self.centre(phase) })
    }
}

struct Glided<'a> {
    what: &'a Gliding,
    centre: Vec3,
}

impl Posed for Glided<'_> {
    fn paint(&self, _part: usize, ray: &Ray, layers: &mut Layers) {
        let own = Ray { origin: ray.origin - self.centre, direction: ray.direction };
        let Some(touch) = self.what.shape.hit(&own, layers.until()) else { return };
        let albedo = self.what.material.color(touch.uv, layers.pixel * touch.t);
        layers.push(touch.t, self.what.light.shade(albedo, touch.normal, 0.9).extend(1.0), MOVING);
    }
}
