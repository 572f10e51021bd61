//! A windmill: four equal sails on a tower. They turn by whole quarters in a clip, after which they look as before.

use crate::geometry::Ray;
use crate::scenes::color::linear;
use crate::scenes::ids::{MOVING, THING};
use crate::scenes::moving::{Axes, Bound, Built, Cycle, Layers, Moving, Plan, Posed};
use crate::scenes::shapes::Shape;
use crate::scenes::sky::Light;
use crate::scenes::solid::{Solid, stone, tinted, wood};
use crate::scenes::texture::{Material, Pattern};
use glam::{Vec2, Vec3};
use std::f32::consts::TAU;

/// Height of the hub, and how far it is in front of the tower's axis.
const HUB: f32 = 1.06;
const FRONT: f32 = 0.36;
/// Length of a sail.
const SAIL: f32 = 0.66;

struct Sails {
    axes: Axes,
    cycle: Cycle,
    canvas: Vec3,
    spar: Vec3,
}

pub(super) fn build(plan: &mut Plan<'_>) -> Built {
    let wall = Material {
        colors: [linear([222, 212, 192]), linear([180, 166, 144])],
        pattern: Pattern::Bricks,
        period: 0.24,
        noise: plan.noise(),
    };
    let cap = tinted(linear([120, 60, 46]), Pattern::Planks, 0.1, plan.noise());
    let (timber, base) = (wood(plan.noise()), stone(plan.noise(), 0.25));
    let tower = Shape::Column { foot: Vec3::ZERO, height: 1.08, radii: [0.4, 0.24] };
    let roof = Shape::Column { foot: Vec3::Y * 1.08, height: 0.32, radii: [0.28, 0.03] };
    let plinth = Shape::Column { foot: Vec3::ZERO, height: 0.1, radii: [0.47, 0.44] };
    let door = Shape::Block {
        center: plan.place(0.0, 0.19, 0.36),
        half: Vec3::new(0.09, 0.17, 0.04),
        turn: plan.turn,
        roof: 0.0,
    };
    let hub = Shape::Ball { center: plan.place(0.0, HUB, FRONT), radius: 0.055 };
    let axle = Shape::Block {
        center: plan.place(0.0, HUB, 0.26),
        half: Vec3::new(0.03, 0.03, 0.1),
        turn: plan.turn,
        roof: 0.0,
    };
    let solids = vec![
        Solid::new(tower, wall, THING),
        Solid::new(roof, cap, THING),
        Solid::new(plinth, base, THING),
        Solid::new(door, timber, THING),
        Solid::new(hub, timber, THING),
        Solid::new(axle, timber, THING),
    ];
    let light: Light = plan.light;
    let facing = plan.place(0.0, 0.35, 0.94);
    let sails = Sails {
        axes: plan.axes(),
        cycle: plan.cycle,
        canvas: light.shade(plan.color, facing, 0.9),
        spar: light.shade(linear([96, 68, 44]), facing, 0.9),
    };
    Built {
        solids,
        moving: vec![Box::new(sails)],
        shadows: vec![(Vec2::ZERO, 0.75, 0.55)],
        clear: 0.9,
        ..Built::default()
    }
}

impl Sails {
    /// Turn of the sails: a quarter for each cycle.
    fn turn(&self, phase: f32) -> f32 {
        0.25 * TAU * self.cycle.at(phase)
    }
}

struct Turned<'a> {
    sails: &'a Sails,
    turn: Vec2,
}

impl Moving for Sails {
    fn parts(&self) -> Vec<Bound> {
        let hub = self.axes.out(Vec3::new(0.0, HUB, FRONT + 0.02));
        vec![Bound::Sheet(hub - Vec3::Y * SAIL, self.axes.out(Vec3::X), SAIL, 2.0 * SAIL)]
    }

    fn pose(&self, phase: f32) -> Box<dyn Posed + '_> {
        Box::new(Turned { sails: self, turn: Vec2::from_angle(self.turn(phase)) })
    }

    fn point(&self, choice: [f32; 3], phase: f32) -> Option<Vec3> {
        // Not reduced to a quarter: a point stays on its sail through the clip.
        let whole = 0.25 * TAU * (self.cycle.times as f32 * phase + self.cycle.start);
        let quarter = (choice[2] * 4.0).floor() * 0.25 * TAU;
        let p = Vec2::new(SAIL * (0.3 + 0.6 * choice[0]), 0.03 + 0.11 * choice[1]);
        let q = Vec2::from_angle(whole + quarter).rotate(p);
        Some(self.axes.out(Vec3::new(q.x, HUB + q.y, FRONT + 0.02)))
    }
}

impl Posed for Turned<'_> {
    fn paint(&self, _part: usize, ray: &Ray, layers: &mut Layers) {
        let sails = self.sails;
        let own = sails.axes.ray(ray);
        let t = (FRONT + 0.02 - own.origin.z) / own.direction.z;
        if t <= 1e-3 {
            return;
        }
        let p = own.at(t);
        let p = Vec2::new(p.x, p.y - HUB);
        // In the axes of the first sail, then by quarters until it is the first: x along the sail.
        let mut q = Vec2::new(self.turn.x, -self.turn.y).rotate(p);
        for _ in 0..3 {
            if q.x >= q.y.abs() {
                break;
            }
            q = Vec2::new(q.y, -q.x);
        }
        if q.x > SAIL || q.x < 0.0 {
            return;
        }
        if q.y.abs() < 0.017 {
            return layers.push(t, sails.spar.extend(1.0), MOVING);
        }
        // Canvas on one side of the spar, with laths.
        if q.x > 0.15 && (0.0..0.165).contains(&q.y) {
            let lath = (q.x / 0.102).fract() < 0.18 || q.y > 0.148;
            let color = if lath { sails.spar } else { sails.canvas * (0.82 + 1.1 * q.y) };
            layers.push(t, color.extend(1.0), MOVING);
        }
    }
}
