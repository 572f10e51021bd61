//! Tall grass in the wind: tufts of blades on upright sheets; a wave of wind runs over them.

use crate::geometry::Ray;
use crate::scenes::ids::MOVING;
use crate::scenes::moving::{Bound, Built, Cycle, Layers, Moving, Plan, Posed, upright};
use glam::{Vec2, Vec3};
use std::f32::consts::TAU;

/// Tufts, and blades of each.
const TUFTS: usize = 64;
const BLADES: usize = 8;
/// Half the width of a tuft and its greatest height.
const HALF: f32 = 0.2;
const HEIGHT: f32 = 0.66;

struct Meadow {
    tufts: Vec<Tuft>,
    cycle: Cycle,
    wind: Vec2,
}

struct Tuft {
    foot: Vec3,
    across: Vec3,
    blades: [Blade; BLADES],
}

#[derive(Clone, Copy)]
struct Blade {
    root: f32,
    lean: f32,
    height: f32,
    width: f32,
    color: Vec3,
}

pub(super) fn build(plan: &mut Plan<'_>) -> Built {
    let light = plan.light;
    let mut tufts = Vec::with_capacity(TUFTS);
    for i in 0..TUFTS {
        // A disc of tufts, evenly filled.
        let (angle, far) = (i as f32 * 2.399_963, ((i as f32 + 0.5) / TUFTS as f32).sqrt());
        let at = Vec2::from_angle(angle) * (far * 1.15)
            + Vec2::new(plan.dice.within(-0.06, 0.06), plan.dice.within(-0.06, 0.06));
        let turn = Vec2::from_angle(plan.dice.within(-0.35, 0.35)).rotate(plan.turn);
        // Grass in the middle is taller.
        let tall = HEIGHT * (1.0 - 0.35 * far);
        let blades = [(); BLADES].map(|()| {
            let shade = plan.dice.within(0.55, 1.15);
            let pale = plan.color.lerp(Vec3::splat(plan.color.max_element()), plan.dice.within(0.0, 0.18));
            Blade {
                root: plan.dice.within(-0.1, 0.1),
                lean: plan.dice.within(-0.06, 0.06),
                height: tall * plan.dice.within(0.6, 1.0),
                width: plan.dice.within(0.011, 0.02),
                color: light.shade(pale * shade, Vec3::new(0.0, 0.85, 0.53), 0.9),
            }
        });
        tufts.push(Tuft { foot: Vec3::new(at.x, 0.0, at.y), across: Vec3::new(turn.x, 0.0, turn.y), blades });
    }
    let wind = Vec2::from_angle(plan.dice.within(-0.4, 0.4)) * 2.4;
    let meadow = Meadow { tufts, cycle: plan.cycle, wind };
    Built { moving: vec![Box::new(meadow)], shadows: vec![(Vec2::ZERO, 1.5, 0.5)], clear: 1.3, ..Built::default() }
}

impl Meadow {
    /// How far the tips of a tuft lean, in metres.
    fn sway(&self, tuft: &Tuft, angle: f32) -> f32 {
        let place = angle - self.wind.dot(Vec2::new(tuft.foot.x, tuft.foot.z));
        0.035 + 0.085 * place.sin() + 0.025 * (2.0 * place + 1.0).sin()
    }
}

struct Swaying<'a> {
    meadow: &'a Meadow,
    sways: Vec<f32>,
}

/// Where the middle of a blade is at a height: a root that stands, a tip that leans by `sway`.
fn bent(blade: &Blade, height: f32, sway: f32) -> f32 {
    let up = height / blade.height;
    blade.root + (blade.lean + sway) * up * up
}

impl Moving for Meadow {
    fn parts(&self) -> Vec<Bound> {
        self.tufts.iter().map(|tuft| Bound::Sheet(tuft.foot, tuft.across, HALF + 0.12, HEIGHT)).collect()
    }

    fn whole(&self) -> Option<Bound> {
        let reach = 1.25 + HALF;
        Some(Bound::Block(Vec3::new(-reach, 0.0, -reach), Vec3::new(reach, HEIGHT, reach)))
    }

    fn pose(&self, phase: f32) -> Box<dyn Posed + '_> {
        let angle = self.cycle.angle(phase);
        Box::new(Swaying { meadow: self, sways: self.tufts.iter().map(|tuft| self.sway(tuft, angle)).collect() })
    }

    fn point(&self, choice: [f32; 3], phase: f32) -> Option<Vec3> {
        let tuft = &self.tufts[((choice[0] * TUFTS as f32) as usize).min(TUFTS - 1)];
        let blade = &tuft.blades[((choice[1] * BLADES as f32) as usize).min(BLADES - 1)];
        let height = blade.height * (0.3 + 0.5 * choice[2]);
        let x = bent(blade, height, self.sway(tuft, self.cycle.at(phase) * TAU));
        Some(tuft.foot + tuft.across * x + Vec3::Y * height)
    }
}

impl Posed for Swaying<'_> {
    fn paint(&self, part: usize, ray: &Ray, layers: &mut Layers) {
        let tuft = &self.meadow.tufts[part];
        let Some((t, p)) = upright(ray, tuft.foot, tuft.across) else { return };
        for blade in &tuft.blades {
            let up = p.y / blade.height;
            if (0.0..1.0).contains(&up)
                && (p.x - bent(blade, p.y, self.sways[part])).abs() < blade.width * (1.0 - 0.8 * up)
            {
                // Blades are dark at the root, where the others shade them.
                return layers.push(t, (blade.color * (0.45 + 0.6 * up)).extend(1.0), MOVING);
            }
        }
    }
}
