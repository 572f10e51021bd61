//! A string of lamps between two poles that go on and off one after another.

use super::discs::Disc;
use crate::geometry::Ray;
use crate::noise::smoothstep;
use crate::scenes::ids::{MOVING, THING};
use crate::scenes::moving::{Bound, Built, Cycle, Lamp, Layers, Moving, Plan, Posed};
use crate::scenes::shapes::{Shape, rope};
use crate::scenes::solid::{Solid, wood};
use glam::{Vec2, Vec3};
use std::f32::consts::TAU;

/// Lamps on the string.
const LAMPS: usize = 9;
/// Where the poles are, beside the middle, and their height.
const POLES: f32 = 0.92;
const HEIGHT: f32 = 1.42;
/// Radius of a lamp.
const RADIUS: f32 = 0.062;

struct Garland {
    lamps: Vec<(Vec3, f32)>,
    cycle: Cycle,
    color: Vec3,
    dark: Vec3,
}

pub(super) fn build(plan: &mut Plan<'_>) -> Built {
    let post = wood(plan.noise());
    let feet = [plan.place(-POLES, 0.0, 0.0), plan.place(POLES, 0.0, 0.0)];
    let mut solids: Vec<Solid> = feet
        .iter()
        .flat_map(|foot| {
            [
                Solid::new(Shape::pole(*foot, HEIGHT, 0.045), post, THING),
                Solid::new(Shape::pole(*foot, 0.05, 0.15), post, THING),
            ]
        })
        .collect();
    // Something in the middle, so that what is between the poles has a depth of its own.
    let bench = Shape::Block { center: Vec3::Y * 0.16, half: Vec3::new(0.42, 0.16, 0.15), turn: plan.turn, roof: 0.0 };
    solids.push(Solid::new(bench, post, THING));
    let pattern = plan.dice.below(3);
    let lamps = (0..LAMPS)
        .map(|i| {
            let along = (i as f32 + 0.5) / LAMPS as f32 * 2.0 - 1.0;
            let y = HEIGHT - 0.08 - 0.34 * (1.0 - along * along);
            let start = match pattern {
                // One after another, in turns, and anyhow.
                0 => i as f32 / LAMPS as f32,
                1 => 0.5 * (i % 2) as f32,
                _ => (i as f32 * 0.618_034).fract(),
            };
            (plan.place(along * POLES, y, 0.0), start)
        })
        .collect();
    let color = plan.color.max(Vec3::splat(0.012));
    let color = color * (1.9 / color.max_element());
    let dark = plan.light.shade(plan.color * 0.35, Vec3::Y, 0.6);
    let garland = Garland { lamps, cycle: plan.cycle, color, dark };
    Built {
        solids,
        moving: vec![Box::new(garland)],
        shadows: feet.map(|foot| (Vec2::new(foot.x, foot.z), 0.3, 0.5)).to_vec(),
        lamp: Some(Lamp { position: Vec3::Y * 1.1, color: color * 0.14 }),
        clear: 1.15,
    }
}

struct Shining<'a> {
    garland: &'a Garland,
    bright: Vec<f32>,
}

impl Garland {
    fn brightness(&self, start: f32, phase: f32) -> f32 {
        smoothstep(-0.15, 0.5, ((self.cycle.at(phase) + start) * TAU).sin())
    }
}

impl Moving for Garland {
    fn parts(&self) -> Vec<Bound> {
        let ends = [self.lamps[0].0, self.lamps[LAMPS - 1].0];
        let low = ends[0].min(ends[1]) - Vec3::new(0.3, 0.0, 0.3);
        let high = ends[0].max(ends[1]) + Vec3::new(0.3, 0.0, 0.3);
        vec![Bound::Block(Vec3::new(low.x, HEIGHT - 0.72, low.z), Vec3::new(high.x, HEIGHT + 0.15, high.z))]
    }

    fn pose(&self, phase: f32) -> Box<dyn Posed + '_> {
        let bright = self.lamps.iter().map(|(_, start)| self.brightness(*start, phase)).collect();
        Box::new(Shining { garland: self, bright })
    }

    fn point(&self, choice: [f32; 3], _phase: f32) -> Option<Vec3> {
        let lamp = self.lamps[((choice[0] * LAMPS as f32) as usize).min(LAMPS - 1)].0;
        Some(lamp + Vec3::Y * (RADIUS * (choice[1] - 0.5)))
    }
}

impl Posed for Shining<'_> {
    fn paint(&self, _part: usize, ray: &Ray, layers: &mut Layers) {
        let garland = self.garland;
        for (pair, bright) in garland.lamps.windows(2).zip(&self.bright) {
            let wire = Vec3::Y * (RADIUS + 0.012);
            if let Some((t, _)) = rope(ray, pair[0].0 + wire, pair[1].0 + wire, 0.009) {
                layers.push(t, (garland.dark * 0.3 * (1.0 + bright)).extend(1.0), MOVING);
            }
        }
        let length = ray.direction.length_squared();
        for ((center, _), bright) in garland.lamps.iter().zip(&self.bright) {
            let disc = Disc { center: *center, radius: RADIUS, color: garland.color, alpha: 1.0, soft: 0.2 };
            let o = disc.center - ray.origin;
            let t = o.dot(ray.direction) / length;
            let gap = (o - ray.direction * t).length() / RADIUS;
            if gap > 4.6 {
                continue;
            }
            if gap < 1.0 {
                let lit = garland.color * (0.75 + 0.6 * (1.0 - gap * gap)) * *bright;
                layers.push(t, (garland.dark + lit).extend(1.0), MOVING);
            } else {
                // A halo, which hides nothing.
                let halo = (1.0 - (gap - 1.0) / 3.6).powi(3) * 0.3 * bright;
                layers.push(t, (garland.color * halo).extend(0.0), MOVING);
            }
        }
    }
}
