//! A tree in the wind: a crown of leafy balls, the farther from the trunk's foot, the more they sway.

use crate::geometry::Ray;
use crate::noise::Noise;
use crate::scenes::ids::{MOVING, THING};
use crate::scenes::moving::{Bound, Built, Cycle, Layers, Moving, Plan, Posed};
use crate::scenes::shapes::Shape;
use crate::scenes::sky::Light;
use crate::scenes::solid::{Solid, wood};
use crate::scenes::texture::value;
use glam::{Vec2, Vec3};
use std::f32::consts::TAU;

/// Balls of the crown.
const BALLS: usize = 26;
/// Where the crown's middle is.
const MIDDLE: f32 = 1.12;

struct Crown {
    balls: Vec<(Vec3, f32, f32)>,
    cycle: Cycle,
    wind: Vec3,
    color: Vec3,
    light: Light,
    noise: Noise,
}

pub(super) fn build(plan: &mut Plan<'_>) -> Built {
    let bark = wood(plan.noise());
    let trunk = Shape::Column { foot: Vec3::ZERO, height: 1.05, radii: [0.13, 0.07] };
    let tall = plan.dice.within(0.85, 1.2);
    let balls = (0..BALLS)
        .map(|i| {
            // Points spread over an ellipsoid, and some inside of it.
            let height = 1.0 - 2.0 * (i as f32 + 0.5) / BALLS as f32;
            let around = Vec2::from_angle(i as f32 * 2.399_963) * (1.0 - height * height).sqrt();
            let deep = plan.dice.within(0.75, 1.05);
            let center = Vec3::new(around.x * 0.42, height * 0.38 * tall, around.y * 0.42) * deep + Vec3::Y * MIDDLE;
            (center, plan.dice.within(0.14, 0.26), plan.dice.within(-0.5, 0.5))
        })
        .collect();
    let wind = Vec3::new(1.0, -0.12, plan.dice.within(-0.4, 0.4)) * plan.dice.within(0.06, 0.1);
    let crown = Crown { balls, cycle: plan.cycle, wind, color: plan.color, light: plan.light, noise: plan.noise() };
    Built {
        solids: vec![Solid::new(trunk, bark, THING)],
        moving: vec![Box::new(crown)],
        shadows: vec![(Vec2::ZERO, 0.95, 0.5)],
        clear: 0.95,
        ..Built::default()
    }
}

impl Crown {
    /// Where a ball's centre is.
    fn center(&self, ball: &(Vec3, f32, f32), angle: f32) -> Vec3 {
        let (rest, _, late) = *ball;
        // A gust reaches one side after the other.
        let place = angle - 1.1 * rest.x - late;
        let lean = (rest.y / MIDDLE).powi(2) * (0.25 + place.sin() + 0.3 * (2.0 * place + 0.7).sin());
        rest + self.wind * lean
    }
}

struct Swaying<'a> {
    crown: &'a Crown,
    centers: Vec<Vec3>,
}

impl Moving for Crown {
    fn parts(&self) -> Vec<Bound> {
        vec![Bound::Ball(Vec3::Y * MIDDLE, 0.9)]
    }

    fn pose(&self, phase: f32) -> Box<dyn Posed + '_> {
        let angle = self.cycle.angle(phase);
        Box::new(Swaying { crown: self, centers: self.balls.iter().map(|ball| self.center(ball, angle)).collect() })
    }

    fn point(&self, choice: [f32; 3], phase: f32) -> Option<Vec3> {
        let ball = &self.balls[((choice[0] * BALLS as f32) as usize).min(BALLS - 1)];
        let (height, around) = (2.0 * choice[1] - 1.0, choice[2] * TAU);
        let flat = (1.0 - height * height).max(0.0).sqrt();
        // Outwards, where other balls do not cover it.
        let aside = Vec3::new(around.cos() * flat, height, around.sin() * flat) * 0.7;
        let out = ((ball.0 - Vec3::Y * MIDDLE).normalize_or(Vec3::Y) + aside).normalize_or(Vec3::Y);
        Some(self.center(ball, self.cycle.angle(phase)) + out * ball.1)
    }
}

impl Posed for Swaying<'_> {
    fn paint(&self, _part: usize, ray: &Ray, layers: &mut Layers) {
        let crown = self.crown;
        let mut best: Option<(f32, usize)> = None;
        let length = ray.direction.length_squared();
        for (index, (center, ball)) in self.centers.iter().zip(&crown.balls).enumerate() {
            let o = ray.origin - *center;
            let b = o.dot(ray.direction);
            let root = b * b - length * (o.length_squared() - ball.1 * ball.1);
            if root > 0.0 {
                let t = (-b - root.sqrt()) / length;
                if t > 1e-3 && best.is_none_or(|(nearest, _)| t < nearest) {
                    best = Some((t, index));
                }
            }
        }
        let Some((t, index)) = best.filter(|(t, _)| *t < layers.until()) else { return };
        let normal = (ray.at(t) - self.centers[index]) / crown.balls[index].1;
        // Leaves: texture that moves with its ball.
        let leaf = Vec2::new(normal.x + 0.6 * normal.z, normal.y - 0.5 * normal.z) * 4.5 + index as f32 * 7.3;
        let leaves = 0.45 * value(crown.noise, leaf) + 0.55 * value(crown.noise.salted(1), leaf * 2.3);
        let inner = ((self.centers[index].y - MIDDLE) * 0.8 + 0.75).clamp(0.45, 1.05);
        let albedo = crown.color * (0.1 + 1.5 * leaves) * inner;
        layers.push(t, crown.light.shade(albedo, normal, 0.9).extend(1.0), MOVING);
    }
}
