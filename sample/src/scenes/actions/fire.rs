//! A torch and a campfire: flames on three sheets, of noise that moves on a circle in its own space.

use crate::geometry::Ray;
use crate::noise::{Noise, smoothstep};
use crate::scenes::color::linear;
use crate::scenes::ids::{MOVING, THING};
use crate::scenes::moving::{Bound, Built, Cycle, Lamp, Layers, Moving, Plan, Posed, upright};
use crate::scenes::shapes::Shape;
use crate::scenes::solid::{Solid, metal, stone, wood};
use crate::scenes::texture::{value_looped, value_wrapped};
use glam::{Vec2, Vec3};
use std::f32::consts::TAU;

/// Cells of the rising noise in one period.
const CELLS: i32 = 5;

struct Flames {
    foot: Vec3,
    across: Vec3,
    /// Half the width and the height.
    size: Vec2,
    cycle: Cycle,
    noise: Noise,
    /// Outer, middle, inner colour.
    colors: [Vec3; 3],
}

pub(super) fn torch(plan: &mut Plan<'_>) -> Built {
    let (iron, dark) = (metal(plan.noise()), wood(plan.noise()));
    let solids = vec![
        Solid::new(Shape::Column { foot: Vec3::ZERO, height: 0.78, radii: [0.07, 0.05] }, dark, THING),
        Solid::new(Shape::Column { foot: Vec3::Y * 0.74, height: 0.16, radii: [0.07, 0.2] }, iron, THING),
        Solid::new(Shape::pole(Vec3::ZERO, 0.06, 0.2), iron, THING),
    ];
    let flames = flames(plan, Vec3::Y * 0.86, Vec2::new(0.2, 0.72));
    let lamp = Some(Lamp { position: Vec3::Y * 1.15, color: flames.colors[1] * 0.6 });
    Built { solids, moving: vec![Box::new(flames)], shadows: vec![(Vec2::ZERO, 0.35, 0.4)], lamp, clear: 0.7 }
}

pub(super) fn campfire(plan: &mut Plan<'_>) -> Built {
    let (rock, log) = (stone(plan.noise(), 0.2), wood(plan.noise()));
    let mut solids = Vec::new();
    for i in 0..9 {
        let angle = (i as f32 + plan.dice.within(-0.2, 0.2)) / 9.0 * TAU;
        let radius = plan.dice.within(0.09, 0.13);
        let center = Vec3::new(0.5 * angle.cos(), 0.06, 0.5 * angle.sin());
        solids.push(Solid::new(Shape::Ball { center, radius }, rock, THING));
    }
    for i in 0..4 {
        let turn = Vec2::from_angle(i as f32 * 0.8 + plan.dice.within(-0.15, 0.15));
        let center = Vec3::Y * (0.05 + 0.06 * i as f32);
        let half = Vec3::new(0.36, 0.045, 0.05);
        solids.push(Solid::new(Shape::Block { center, half, turn, roof: 0.0 }, log, THING));
    }
    let flames = flames(plan, Vec3::Y * 0.12, Vec2::new(0.36, 1.0));
    let lamp = Some(Lamp { position: Vec3::Y * 0.45, color: flames.colors[1] * 0.9 });
    Built { solids, moving: vec![Box::new(flames)], shadows: vec![(Vec2::ZERO, 0.75, 0.5)], lamp, clear: 0.9 }
}

fn flames(plan: &mut Plan<'_>, foot: Vec3, size: Vec2) -> Flames {
    // Fire has the colour of its word, brighter inside: a fire of orange goes from red to yellow.
    let color = plan.color.max(Vec3::splat(0.02));
    let warm = plan.color.distance(linear([240, 128, 24])) < 0.25;
    let colors = if warm {
        [Vec3::new(0.62, 0.07, 0.008), Vec3::new(1.0, 0.27, 0.02), Vec3::new(1.5, 0.85, 0.18)]
    } else {
        let strong = color / color.max_element();
        [strong * 0.5, strong * 0.95, strong.lerp(Vec3::ONE, 0.5) * 1.3]
    };
    Flames { foot, across: plan.place(1.0, 0.0, 0.0), size, cycle: plan.cycle, noise: plan.noise(), colors }
}

struct Burning<'a> {
    flames: &'a Flames,
    /// Place on the circle in noise space.
    moment: Vec2,
    /// Cells that the noise has risen by.
    risen: f32,
}

impl Flames {
    /// The foot of each sheet: behind, in front and in the middle of the fire, which is the largest.
    fn sheet(&self, index: usize) -> (Vec3, f32) {
        let back = Vec3::new(-self.across.z, 0.0, self.across.x);
        let (offset, scale) = [(-0.45, 0.8), (0.45, 0.72), (0.0, 1.0)][index];
        let aside = [-0.2, 0.24, 0.0][index] * self.size.x;
        (self.foot + back * (offset * self.size.x) + self.across * aside, scale)
    }
}

impl Moving for Flames {
    fn parts(&self) -> Vec<Bound> {
        (0..3)
            .map(|index| {
                let (foot, scale) = self.sheet(index);
                Bound::Sheet(foot, self.across, self.size.x * 1.5 * scale, self.size.y * 1.25 * scale)
            })
            .collect()
    }

    fn pose(&self, phase: f32) -> Box<dyn Posed + '_> {
        let risen = self.cycle.at(phase) * CELLS as f32;
        Box::new(Burning { flames: self, moment: Vec2::from_angle(self.cycle.angle(phase)) * 1.3, risen })
    }
}

impl Posed for Burning<'_> {
    fn paint(&self, part: usize, ray: &Ray, layers: &mut Layers) {
        let flames = self.flames;
        let (foot, scale) = flames.sheet(part);
        let Some((t, p)) = upright(ray, foot, flames.across) else { return };
        let p = p / (flames.size * scale);
        let noise = flames.noise.salted(part as u32);
        let up = p.y.max(0.0);
        // What rises is carried to the side, the more the higher it is.
        let sway = value_looped(noise, Vec2::new(0.5, up * 1.6), self.moment);
        let curl = 2.0 * value_wrapped(noise.salted(3), Vec2::new(p.x * 1.6, up * 3.2 - self.risen), CELLS) - 1.0;
        let x = p.x + up * (0.34 * sway + 0.42 * curl);
        let fine = 2.0 * value_wrapped(noise.salted(4), Vec2::new(x * 3.4 + 5.0, up * 4.4 - self.risen), CELLS) - 1.0;
        let body = smoothstep(0.0, 0.16, up) * (1.08 - up).max(0.0).powf(0.8);
        let heat = 1.15 * body - x.abs() * (0.85 + 0.75 * up) + (0.14 + 0.3 * up) * fine - 0.06;
        let alpha = smoothstep(0.0, 0.22, heat);
        let hot = heat * (1.25 - 0.5 * up);
        let color = flames.colors[0]
            .lerp(flames.colors[1], smoothstep(0.0, 0.38, hot))
            .lerp(flames.colors[2], smoothstep(0.32, 0.85, hot));
        layers.push(t, (color * alpha).extend(alpha * 0.85), MOVING);
    }
}
