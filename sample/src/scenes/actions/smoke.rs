//! A hut whose chimney smokes: puffs that rise, grow, fade and come again.

use super::discs::{Disc, paint};
use crate::geometry::Ray;
use crate::noise::smoothstep;
use crate::scenes::color::linear;
use crate::scenes::ids::THING;
use crate::scenes::moving::{Bound, Built, Cycle, Layers, Moving, Plan, Posed};
use crate::scenes::shapes::Shape;
use crate::scenes::solid::Solid;
use crate::scenes::texture::{Material, Pattern};
use glam::{Vec2, Vec3};
use std::f32::consts::TAU;

/// Puffs in the air at one time.
const PUFFS: usize = 24;
/// How far they rise.
const RISE: f32 = 0.95;

struct Smoke {
    mouth: Vec3,
    wind: Vec3,
    puffs: Vec<Puff>,
    cycle: Cycle,
    color: Vec3,
}

struct Puff {
    start: f32,
    size: f32,
    aside: Vec3,
    shade: f32,
}

pub(super) fn build(plan: &mut Plan<'_>) -> Built {
    let walls = plan.dice.pick(&[[214, 196, 160], [176, 120, 84], [196, 204, 206]]);
    let facade = Material {
        colors: [linear(walls), linear([60, 52, 50])],
        pattern: Pattern::Windows,
        period: 0.44,
        noise: plan.noise(),
    };
    let tiles = Material {
        colors: [linear([150, 66, 48]), linear([104, 46, 38])],
        pattern: Pattern::Planks,
        period: 0.12,
        noise: plan.noise(),
    };
    let brick = Material {
        colors: [linear([150, 82, 64]), linear([198, 186, 170])],
        pattern: Pattern::Bricks,
        period: 0.16,
        noise: plan.noise(),
    };
    let turn = plan.turn;
    let house = Shape::Block { center: Vec3::Y * 0.27, half: Vec3::new(0.56, 0.27, 0.4), turn, roof: 0.34 };
    let stack = |y: f32, height: f32, half: f32, plan: &Plan<'_>| {
        let center = plan.place(0.24, y + 0.5 * height, 0.05);
        let half = Vec3::new(half, 0.5 * height, half);
        Solid::new(Shape::Block { center, half, turn, roof: 0.0 }, brick, THING)
    };
    let solids = vec![
        Solid::new(house, facade, THING).with_top(tiles),
        stack(0.55, 0.45, 0.1, plan),
        stack(0.98, 0.06, 0.13, plan),
    ];
    let light = plan.light;
    // Smoke of no colour is light grey; one of a colour is paler than paint, as smoke is.
    let color = light.shade(plan.color.lerp(Vec3::splat(0.7), 0.2), Vec3::Y, 0.7);
    let puffs = (0..PUFFS)
        .map(|i| Puff {
            start: (i as f32 * 0.618_034).fract(),
            size: plan.dice.within(0.17, 0.26),
            aside: Vec3::new(plan.dice.within(-1.0, 1.0), 0.0, plan.dice.within(-1.0, 1.0)) * 0.1,
            shade: plan.dice.within(0.8, 1.1),
        })
        .collect();
    let wind = Vec3::new(plan.dice.within(-0.6, 0.6), 0.0, plan.dice.within(-0.2, 0.2));
    let smoke = Smoke { mouth: plan.place(0.24, 1.05, 0.05), wind, puffs, cycle: plan.cycle, color };
    Built {
        solids,
        moving: vec![Box::new(smoke)],
        shadows: vec![(Vec2::ZERO, 0.9, 0.5)],
        clear: 0.95,
        ..Built::default()
    }
}

struct Rising(Vec<Disc>);

impl Moving for Smoke {
    fn parts(&self) -> Vec<Bound> {
        let half = Vec3::new(0.42, 0.0, 0.42);
        let (low, high) = (self.mouth - half, self.mouth + half);
        vec![Bound::Block(
            low + self.wind.min(Vec3::ZERO) - Vec3::Y * 0.1,
            high + self.wind.max(Vec3::ZERO) + Vec3::Y * (RISE + 0.35),
        )]
    }

    fn pose(&self, phase: f32) -> Box<dyn Posed + '_> {
        let puffs = self.puffs.iter().map(|puff| {
            let age = (self.cycle.at(phase) + puff.start).fract();
            let swirl = (age * 1.5 + puff.start).fract() * TAU;
            let center = self.mouth
                + Vec3::Y * (RISE * age)
                + self.wind * age.powf(1.6)
                + puff.aside * age
                + Vec3::new(swirl.cos(), 0.0, swirl.sin()) * (0.05 * age);
            let radius = puff.size * (0.55 + 1.1 * age);
            let alpha = 0.95 * smoothstep(0.0, 0.1, age) * (1.0 - age).powf(0.8);
            Disc { center, radius, color: self.color * (puff.shade - 0.1 * age), alpha, soft: 0.9 }
        });
        Box::new(Rising(puffs.collect()))
    }
}

impl Posed for Rising {
    fn paint(&self, _part: usize, ray: &Ray, layers: &mut Layers) {
        paint(&self.0, ray, layers);
    }
}
