//! A flag: a cloth along which a wave travels, held by a pole.

use crate::geometry::Ray;
use crate::noise::Noise;
use crate::scenes::color::linear;
use crate::scenes::ids::{MOVING, THING};
use crate::scenes::moving::{Axes, Bound, Built, Cycle, Layers, Moving, Plan, Posed};
use crate::scenes::shapes::Shape;
use crate::scenes::sky::Light;
use crate::scenes::solid::{Solid, metal, tinted};
use crate::scenes::texture::{Pattern, value};
use glam::{Vec2, Vec3};
use std::f32::consts::TAU;

/// Height of the pole.
const POLE: f32 = 1.55;
/// Width and height of the cloth.
const SIZE: Vec2 = Vec2::new(1.0, 0.62);
/// Where the pole is, in the flag's own axes.
const HOIST: f32 = -0.48;
/// Upper edge of the cloth.
const TOP: f32 = 1.5;

struct Cloth {
    axes: Axes,
    cycle: Cycle,
    /// Waves along the cloth, and the largest displacement at its free end.
    waves: f32,
    swing: f32,
    color: Vec3,
    light: Light,
    noise: Noise,
}

pub(super) fn build(plan: &mut Plan<'_>) -> Built {
    let iron = metal(plan.noise());
    let foot = plan.place(HOIST, 0.0, 0.0);
    let ball = Shape::Ball { center: foot + Vec3::Y * POLE, radius: 0.045 };
    let gold = tinted(linear([222, 180, 70]), Pattern::Patches, 0.1, plan.noise());
    let solids = vec![
        Solid::new(Shape::pole(foot, POLE, 0.026), iron, THING),
        Solid::new(Shape::pole(foot, 0.07, 0.14), iron, THING),
        Solid::new(ball, gold, THING),
    ];
    let cloth = Cloth {
        axes: plan.axes(),
        cycle: plan.cycle,
        waves: plan.dice.within(1.1, 1.6),
        swing: plan.dice.within(0.12, 0.17),
        color: plan.color,
        light: plan.light,
        noise: plan.noise(),
    };
    let shadow = Vec2::new(foot.x, foot.z);
    Built { solids, moving: vec![Box::new(cloth)], shadows: vec![(shadow, 0.3, 0.5)], clear: 0.85, ..Built::default() }
}

/// The cloth at one moment.
struct Waving<'a> {
    cloth: &'a Cloth,
    angle: f32,
}

impl Waving<'_> {
    /// Displacement and slopes at (u, v): metres from the hoist and below the upper edge.
    fn wave(&self, p: Vec2) -> (f32, Vec2) {
        let cloth = self.cloth;
        let along = (p.x / SIZE.x).clamp(0.0, 1.0);
        // Held at the hoist, free at the fly.
        let (gain, grow) = (cloth.swing * along, cloth.swing / SIZE.x);
        let place = TAU * cloth.waves * p.x / SIZE.x - self.angle + 0.9 * p.y;
        let (sin, cos) = place.sin_cos();
        let number = TAU * cloth.waves / SIZE.x;
        (gain * sin, Vec2::new(grow * sin + gain * number * cos, gain * 0.9 * cos))
    }

    /// How far the fly hangs down at u.
    fn sag(u: f32) -> f32 {
        0.06 * (u / SIZE.x) * (u / SIZE.x)
    }

    /// (u, v) of a point in the flag's axes.
    fn cloth_of(p: Vec3) -> Vec2 {
        let u = p.x - HOIST;
        Vec2::new(u, TOP - Self::sag(u) - p.y)
    }
}

impl Moving for Cloth {
    fn parts(&self) -> Vec<Bound> {
        let middle = self.axes.out(Vec3::new(HOIST + 0.5 * SIZE.x, TOP - 0.5 * SIZE.y, 0.0));
        vec![Bound::Ball(middle, 0.5 * SIZE.length() + 0.08)]
    }

    fn pose(&self, phase: f32) -> Box<dyn Posed + '_> {
        Box::new(Waving { cloth: self, angle: self.cycle.angle(phase) })
    }

    fn point(&self, choice: [f32; 3], phase: f32) -> Option<Vec3> {
        let p = (Vec2::new(choice[0], choice[1]) * 0.94 + 0.03) * SIZE;
        let waving = Waving { cloth: self, angle: self.cycle.angle(phase) };
        let (z, _) = waving.wave(p);
        Some(self.axes.out(Vec3::new(HOIST + p.x, TOP - Waving::sag(p.x) - p.y, z)))
    }
}

impl Posed for Waving<'_> {
    fn paint(&self, _part: usize, ray: &Ray, layers: &mut Layers) {
        const STEPS: usize = 10;
        let cloth = self.cloth;
        let own = cloth.axes.ray(ray);
        // Through the slab that the cloth moves in.
        let speed = own.direction.z;
        let side = if speed.abs() < 1e-6 { 1e-6 } else { speed };
        let ends = [(-cloth.swing - own.origin.z) / side, (cloth.swing - own.origin.z) / side];
        let (mut enter, mut leave) = (ends[0].min(ends[1]).max(1e-3), ends[0].max(ends[1]));
        let flat = own.direction.x;
        if flat.abs() > 1e-6 {
            let sides = [(HOIST - own.origin.x) / flat, (HOIST + SIZE.x - own.origin.x) / flat];
            enter = enter.max(sides[0].min(sides[1]));
            leave = leave.min(sides[0].max(sides[1]));
        }
        if enter >= leave {
            return;
        }
        let gap = |t: f32| {
            let p = own.at(t);
            p.z - self.wave(Waving::cloth_of(p)).0
        };
        let step = (leave - enter) / STEPS as f32;
        let (mut near, mut near_gap) = (enter, gap(enter));
        for _ in 0..STEPS {
            let (far, far_gap) = (near + step, gap(near + step));
            if near_gap * far_gap <= 0.0 {
                // The crossing, by halving the false position.
                let (mut a, mut b, mut ga, mut gb) = (near, far, near_gap, far_gap);
                let mut t = 0.5 * (a + b);
                for _ in 0..8 {
                    t = if (gb - ga).abs() > 1e-9 { a - ga * (b - a) / (gb - ga) } else { 0.5 * (a + b) };
                    let g = gap(t);
                    if g.abs() < 2e-6 {
                        break;
                    }
                    if ga * g <= 0.0 {
                        (b, gb, ga) = (t, g, ga * 0.5);
                    } else {
                        (a, ga, gb) = (t, g, gb * 0.5);
                    }
                }
                return self.show(&own, t, layers);
            }
            (near, near_gap) = (far, far_gap);
        }
    }
}

impl Waving<'_> {
    fn show(&self, own: &Ray, t: f32, layers: &mut Layers) {
        let cloth = self.cloth;
        let p = Self::cloth_of(own.at(t));
        if !(0.0..=SIZE.x).contains(&p.x) || !(0.0..=SIZE.y).contains(&p.y) {
            return;
        }
        let (_, slope) = self.wave(p);
        let mut normal = Vec3::new(-slope.x, slope.y, 1.0).normalize();
        if normal.dot(own.direction) > 0.0 {
            normal = -normal;
        }
        let weave = 0.86 + 0.28 * value(cloth.noise, p * 16.0);
        // A hem along the edges and a seam across.
        let edge = p.x.min(SIZE.x - p.x).min(p.y).min(SIZE.y - p.y);
        let hem = if edge < 0.025 || (p.y - 0.5 * SIZE.y).abs() < 0.012 { 0.72 } else { 1.0 };
        // Cloth lets light through: its dark side is not black. Folds show by the slope towards the light's side.
        let fold = 1.0 + 0.6 * normal.x * cloth.light.sun.x.signum();
        let lit = cloth.light.shade(cloth.color * (weave * hem), cloth.axes.out(normal), 0.9) * 0.75
            + cloth.light.shade(cloth.color * hem, Vec3::Y, 0.5) * 0.3;
        layers.push(t, (lit * fold).extend(1.0), MOVING);
    }
}
