//! A fountain: drops fly from a jet on ballistic paths, on a ring of phases, into a round basin.

use super::discs::{Disc, paint};
use crate::geometry::Ray;
use crate::scenes::color::linear;
use crate::scenes::ids::THING;
use crate::scenes::moving::{Bound, Built, Cycle, Layers, Moving, Plan, Posed, foam};
use crate::scenes::shapes::Shape;
use crate::scenes::solid::{Solid, tinted};
use crate::scenes::texture::{Material, Pattern};
use glam::{Vec2, Vec3};
use std::f32::consts::TAU;

/// Drops in the air at one time.
const DROPS: usize = 130;
/// Height of the jet's mouth, and of the water in the basin.
const MOUTH: f32 = 0.62;
const WATER: f32 = 0.24;

struct Jet {
    drops: Vec<Drop>,
    cycle: Cycle,
    color: Vec3,
    reach: f32,
    top: f32,
}

#[derive(Clone, Copy)]
struct Drop {
    /// Direction and distance of its landing.
    landing: Vec2,
    /// Highest point over the mouth.
    rise: f32,
    /// Its place in the ring of phases.
    phase: f32,
    radius: f32,
}

impl Drop {
    /// Where it is at a moment of its flight, 0 to 1: uniform sideways, a parabola upwards.
    fn at(&self, flight: f32) -> Vec3 {
        // Height h(s) = 4·rise·s(1 − s)·k − fall·s with the ends at the mouth and at the water.
        let fall = MOUTH - WATER;
        let lift = self.rise + 0.5 * fall + (self.rise * (self.rise + fall)).sqrt();
        let y = MOUTH + 2.0 * lift * flight * (1.0 - flight) - fall * flight;
        Vec3::new(self.landing.x * flight, y, self.landing.y * flight)
    }
}

pub(super) fn build(plan: &mut Plan<'_>) -> Built {
    let (rim, cone) = (plan.noise(), plan.noise());
    let basin = tinted(plan.color, Pattern::Bricks, 0.3, rim);
    let water = Material {
        colors: [linear([70, 120, 146]), linear([38, 84, 116])],
        pattern: Pattern::Patches,
        period: 0.4,
        noise: cone,
    };
    let ring = |y: f32, height: f32, radius: f32| Shape::pole(Vec3::Y * y, height, radius);
    // The water's surface is the lid of a cylinder that is a little higher and narrower than the wall inside of the rim.
    let pool = Solid::new(ring(0.0, WATER, 0.62), basin, THING).with_top(water);
    let mut solids = vec![pool];
    // A rim of stones, so that the water lies lower than it.
    let stones = 22;
    for i in 0..stones {
        let turn = Vec2::from_angle(i as f32 / stones as f32 * TAU);
        let center = Vec3::new(turn.x * 0.66, 0.15, turn.y * 0.66);
        let half = Vec3::new(0.05, 0.15, 0.099);
        solids.push(Solid::new(Shape::Block { center, half, turn, roof: 0.0 }, basin, THING));
    }
    let pillar = tinted(plan.color, Pattern::Patches, 0.2, cone);
    solids.push(Solid::new(
        Shape::Column { foot: Vec3::ZERO, height: MOUTH - 0.06, radii: [0.13, 0.07] },
        pillar,
        THING,
    ));
    solids.push(Solid::new(
        Shape::Column { foot: Vec3::Y * (MOUTH - 0.1), height: 0.1, radii: [0.07, 0.19] },
        pillar,
        THING,
    ));
    let rise = plan.dice.within(0.45, 0.75);
    let drops: Vec<Drop> = (0..DROPS)
        .map(|i| {
            let angle = i as f32 * 2.399_963;
            let far = plan.dice.within(0.26, 0.56);
            Drop {
                landing: Vec2::from_angle(angle) * far,
                rise: rise * plan.dice.within(0.8, 1.05),
                // Far from the golden ratio of the angles, or all drops of a moment would fly one way.
                phase: (i as f32 * 0.754_877_7 + 0.1 * plan.dice.within(0.0, 1.0)).fract(),
                radius: plan.dice.within(0.014, 0.03),
            }
        })
        .collect();
    let color = foam(&plan.light) * 0.96;
    let jet = Jet { drops, cycle: plan.cycle, color, reach: 0.62, top: MOUTH + rise * 1.1 + 0.05 };
    Built {
        solids,
        moving: vec![Box::new(jet)],
        shadows: vec![(Vec2::ZERO, 0.95, 0.55)],
        clear: 1.0,
        ..Built::default()
    }
}

impl Jet {
    fn chosen(&self, choice: [f32; 3]) -> &Drop {
        &self.drops[((choice[0] * self.drops.len() as f32) as usize).min(self.drops.len() - 1)]
    }

    fn flight(&self, drop: &Drop, phase: f32) -> f32 {
        (self.cycle.at(phase) + drop.phase).fract()
    }
}

struct Flying(Vec<Disc>);

impl Moving for Jet {
    fn parts(&self) -> Vec<Bound> {
        let reach = self.reach;
        vec![Bound::Block(Vec3::new(-reach, WATER - 0.04, -reach), Vec3::new(reach, self.top, reach))]
    }

    fn pose(&self, phase: f32) -> Box<dyn Posed + '_> {
        let mut discs = Vec::with_capacity(2 * self.drops.len());
        for drop in &self.drops {
            let flight = self.flight(drop, phase);
            // A short tail against the flight, as an exposure draws it.
            for (back, thin) in [(0.0, 1.0), (0.022, 0.8)] {
                let at = drop.at((flight - back).max(0.0));
                let alpha = if back > 0.0 { 0.45 } else { 0.9 };
                discs.push(Disc { center: at, radius: drop.radius * thin, color: self.color, alpha, soft: 0.5 });
            }
        }
        // Rings where drops land.
        for drop in self.drops.iter().step_by(2) {
            let flight = self.flight(drop, phase);
            if flight > 0.93 {
                let center = Vec3::new(drop.landing.x, WATER + 0.02, drop.landing.y);
                let grown = (flight - 0.93) / 0.07;
                discs.push(Disc {
                    center,
                    radius: 0.03 + 0.05 * grown,
                    color: self.color,
                    alpha: 0.6 * (1.0 - grown),
                    soft: 0.8,
                });
            }
        }
        Box::new(Flying(discs))
    }

    fn point(&self, choice: [f32; 3], phase: f32) -> Option<Vec3> {
        let drop = self.chosen(choice);
        Some(drop.at(self.flight(drop, phase)))
    }

    fn lives(&self, choice: [f32; 3], phase: f32) -> u32 {
        self.cycle.completed(phase, self.chosen(choice).phase)
    }
}

impl Posed for Flying {
    fn paint(&self, _part: usize, ray: &Ray, layers: &mut Layers) {
        paint(&self.0, ray, layers);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drops_fly_from_the_mouth_to_the_water_under_constant_gravity() {
        let drop = Drop { landing: Vec2::new(0.3, 0.1), rise: 0.6, phase: 0.0, radius: 0.02 };
        assert!((drop.at(0.0).y - MOUTH).abs() < 1e-6 && (drop.at(1.0).y - WATER).abs() < 1e-6);
        let heights: Vec<f32> = (0..=100).map(|i| drop.at(i as f32 / 100.0).y).collect();
        let highest = heights.iter().copied().fold(0.0, f32::max);
        assert!((highest - MOUTH - 0.6).abs() < 2e-3, "{highest}");
        let fall = |i: usize| heights[i + 1] - 2.0 * heights[i] + heights[i - 1];
        assert!((1..100).all(|i| (fall(i) - fall(50)).abs() < 1e-6), "gravity is constant");
    }
}
