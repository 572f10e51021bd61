//! A waterfall: a sheet of water before a rock, whose texture slides by a whole period, and spray at its foot.

use super::discs::{Disc, paint};
use crate::geometry::Ray;
use crate::noise::{Noise, smoothstep};
use crate::scenes::color::linear;
use crate::scenes::ids::{MOVING, THING};
use crate::scenes::moving::{Bound, Built, Cycle, Layers, Moving, Plan, Posed, foam, upright};
use crate::scenes::shapes::Shape;
use crate::scenes::solid::{Solid, stone};
use crate::scenes::texture::{Material, Pattern, value_wrapped};
use glam::{Vec2, Vec3};

/// Height of the lip.
const TOP: f32 = 1.38;
/// Half the width of the sheet.
const HALF: f32 = 0.42;
/// Cells of the texture along its period, and their height in metres: the period is 0.96 m.
const CELLS: i32 = 6;
const CELL: f32 = 0.16;

struct Sheet {
    foot: Vec3,
    across: Vec3,
    normal: Vec3,
    cycle: Cycle,
    colors: [Vec3; 2],
    noise: Noise,
    spray: Vec<(Vec3, f32, f32)>,
    white: Vec3,
}

pub(super) fn build(plan: &mut Plan<'_>) -> Built {
    let rock = stone(plan.noise(), 0.55);
    let block = |x: f32, y: f32, z: f32, half: [f32; 3], turn: f32, plan: &Plan<'_>| {
        let own = Vec2::from_angle(turn).rotate(plan.turn);
        let shape = Shape::Block { center: plan.place(x, y, z), half: half.into(), turn: own, roof: 0.0 };
        Solid::new(shape, rock, THING)
    };
    let mut solids = vec![
        block(0.0, 0.69, -0.55, [0.95, 0.69, 0.36], 0.0, plan),
        block(-0.72, 0.74, -0.34, [0.27, 0.74, 0.36], 0.25, plan),
        block(0.74, 0.78, -0.36, [0.26, 0.78, 0.36], -0.3, plan),
        block(-1.02, 0.32, -0.1, [0.24, 0.32, 0.26], 0.5, plan),
        block(1.05, 0.24, -0.05, [0.22, 0.24, 0.24], -0.2, plan),
    ];
    let pool = Material {
        colors: [linear([84, 136, 158]), linear([46, 96, 126])],
        pattern: Pattern::Patches,
        period: 0.5,
        noise: plan.noise(),
    };
    let shape = Shape::pole(plan.place(0.0, 0.0, 0.2), 0.05, 0.72);
    solids.push(Solid::new(shape, rock, THING).with_top(pool));
    let turn = plan.turn;
    let spray = (0..26)
        .map(|_| {
            let x = plan.dice.within(-HALF, HALF);
            let z = plan.dice.within(-0.1, 0.18);
            (plan.place(x, 0.06, z), plan.dice.within(0.0, 1.0), plan.dice.within(0.05, 0.11))
        })
        .collect();
    // Water takes a part of the colour, and is never darker than water is.
    let tint = linear([150, 196, 214]).lerp(plan.color, 0.45);
    let light = plan.light;
    let lit = |albedo: Vec3| light.shade(albedo, Vec3::new(turn.y * -0.9, 0.4, turn.x * 0.9), 0.9);
    let sheet = Sheet {
        foot: plan.place(0.0, 0.04, -0.13),
        across: plan.place(1.0, 0.0, 0.0),
        normal: plan.place(0.0, 0.0, 1.0),
        cycle: plan.cycle,
        colors: [lit(tint * 0.62), lit(linear([240, 246, 250]))],
        noise: plan.noise(),
        spray,
        white: foam(&light),
    };
    Built {
        solids,
        moving: vec![Box::new(sheet)],
        shadows: vec![(Vec2::ZERO, 1.5, 0.45)],
        clear: 1.15,
        ..Built::default()
    }
}

struct Running<'a> {
    sheet: &'a Sheet,
    /// Metres that the texture has slid.
    slid: f32,
    spray: Vec<Disc>,
}

impl Moving for Sheet {
    fn parts(&self) -> Vec<Bound> {
        let spray = Bound::Ball(self.foot + self.normal * 0.15 + Vec3::Y * 0.1, HALF + 0.28);
        vec![Bound::Sheet(self.foot, self.across, HALF + 0.04, TOP), spray]
    }

    fn pose(&self, phase: f32) -> Box<dyn Posed + '_> {
        let spray = self.spray.iter().map(|(from, start, size)| {
            let age = (self.cycle.at(phase) + start).fract();
            let center = *from + Vec3::Y * (0.34 * age * (1.4 - age)) + self.normal * (0.16 * age);
            let radius = size * (0.6 + 0.9 * age);
            Disc { center, radius, color: self.white, alpha: 0.6 * smoothstep(0.0, 0.15, age) * (1.0 - age), soft: 1.0 }
        });
        let slid = self.cycle.at(phase) * CELLS as f32 * CELL;
        Box::new(Running { sheet: self, slid, spray: spray.collect() })
    }

    fn point(&self, choice: [f32; 3], phase: f32) -> Option<Vec3> {
        // Water that starts anywhere on the sheet and falls with the texture, through one period.
        let x = (2.0 * choice[0] - 1.0) * (HALF - 0.14);
        let period = CELLS as f32 * CELL;
        let y = TOP - 0.08 - (choice[1] * (TOP - period - 0.2) + self.cycle.at(phase) * period);
        Some(self.foot + self.across * x + Vec3::Y * y)
    }

    fn lives(&self, _choice: [f32; 3], phase: f32) -> u32 {
        self.cycle.completed(phase, 0.0)
    }
}

impl Posed for Running<'_> {
    fn paint(&self, part: usize, ray: &Ray, layers: &mut Layers) {
        if part == 1 {
            return paint(&self.spray, ray, layers);
        }
        let sheet = self.sheet;
        let Some((t, p)) = upright(ray, sheet.foot, sheet.across) else { return };
        let down = p.y + self.slid;
        let threads = value_wrapped(sheet.noise, Vec2::new(p.x * 15.0, down / CELL), CELLS);
        let clumps = value_wrapped(sheet.noise.salted(1), Vec2::new(p.x * 5.0 + 9.0, down / (2.0 * CELL)), CELLS / 2);
        let white = smoothstep(0.35, 0.75, 0.6 * threads + 0.4 * clumps + 0.16 * (1.0 - p.y / TOP));
        let ragged = HALF - 0.07 * value_wrapped(sheet.noise.salted(2), Vec2::new(p.x.signum(), down / CELL), CELLS);
        let alpha = smoothstep(0.0, 0.05, ragged - p.x.abs()) * smoothstep(TOP, TOP - 0.04, p.y);
        let color = sheet.colors[0].lerp(sheet.colors[1], white);
        layers.push(t, (color * alpha).extend(alpha), MOVING);
    }
}
