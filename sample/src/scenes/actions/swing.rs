//! What swings on a frame: a clock's pendulum, a bell with its clapper, a ball on a rope.

use crate::geometry::Ray;
use crate::scenes::color::linear;
use crate::scenes::ids::THING;
use crate::scenes::moving::{Axes, Bound, Built, Cycle, Layers, Moving, Plan, Posed};
use crate::scenes::shapes::{Shape, Touch, rope};
use crate::scenes::sky::Light;
use crate::scenes::solid::{Solid, tinted, wood};
use crate::scenes::texture::{Material, Pattern};
use glam::{Vec2, Vec3};
use std::f32::consts::TAU;

/// What hangs.
#[derive(Clone, Copy)]
enum Weight {
    /// A ball: distance from the pivot, radius.
    Ball(f32, f32),
    /// A flat bob, a short cylinder that faces the viewer: distance from the pivot, radius.
    Bob(f32, f32),
    /// A bell that begins at the pivot, with a clapper in it.
    Bell,
}

struct Swing {
    axes: Axes,
    pivot: Vec3,
    weight: Weight,
    /// Largest angle.
    swing: f32,
    cycle: Cycle,
    material: Material,
    dark: Vec3,
    light: Light,
}

/// Size of the bell: height, radius at its shoulder and at its mouth.
const BELL: [f32; 3] = [0.44, 0.15, 0.3];

/// Two posts and a beam; returns the solids and the feet.
fn frame(plan: &mut Plan<'_>, half: f32, height: f32) -> (Vec<Solid>, [Vec3; 2]) {
    let timber = wood(plan.noise());
    let feet = [plan.place(-half, 0.0, 0.0), plan.place(half, 0.0, 0.0)];
    let beam =
        Shape::Block { center: Vec3::Y * height, half: Vec3::new(half + 0.12, 0.05, 0.06), turn: plan.turn, roof: 0.0 };
    let mut solids = vec![Solid::new(beam, timber, THING)];
    for foot in feet {
        let half = Vec3::new(0.05, 0.5 * height, 0.06);
        let center = foot + Vec3::Y * 0.5 * height;
        solids.push(Solid::new(Shape::Block { center, half, turn: plan.turn, roof: 0.0 }, timber, THING));
        let half = Vec3::new(0.07, 0.04, 0.26);
        let center = foot + Vec3::Y * 0.04;
        solids.push(Solid::new(Shape::Block { center, half, turn: plan.turn, roof: 0.0 }, timber, THING));
    }
    (solids, feet)
}

fn built(solids: Vec<Solid>, feet: &[Vec3], swing: Swing) -> Built {
    let mut shadows: Vec<(Vec2, f32, f32)> = feet.iter().map(|foot| (Vec2::new(foot.x, foot.z), 0.32, 0.5)).collect();
    shadows.push((Vec2::ZERO, 0.5, 0.25));
    Built { solids, moving: vec![Box::new(swing)], shadows, clear: 1.0, ..Built::default() }
}

fn swing(plan: &mut Plan<'_>, height: f32, weight: Weight, swing: f32, pattern: Pattern, period: f32) -> Swing {
    let noise = plan.noise();
    let light = plan.light;
    Swing {
        axes: plan.axes(),
        pivot: Vec3::Y * height,
        weight,
        swing,
        cycle: plan.cycle,
        material: tinted(plan.color, pattern, period, noise),
        dark: light.shade(linear([70, 62, 54]), Vec3::new(0.0, 0.5, 0.86), 0.8),
        light,
    }
}

pub(super) fn ball(plan: &mut Plan<'_>) -> Built {
    let (solids, feet) = frame(plan, 0.72, 1.45);
    let angle = plan.dice.within(0.45, 0.65);
    let swing = swing(plan, 1.4, Weight::Ball(0.82, 0.2), angle, Pattern::Checks, 0.3);
    built(solids, &feet, swing)
}

pub(super) fn bell(plan: &mut Plan<'_>) -> Built {
    let (solids, feet) = frame(plan, 0.6, 1.3);
    let angle = plan.dice.within(0.35, 0.5);
    let swing = swing(plan, 1.26, Weight::Bell, angle, Pattern::Patches, 0.22);
    built(solids, &feet, swing)
}

pub(super) fn pendulum(plan: &mut Plan<'_>) -> Built {
    let (mut solids, feet) = frame(plan, 0.42, 1.08);
    let case = wood(plan.noise());
    let face = Material {
        colors: [linear([236, 228, 206]), linear([70, 60, 50])],
        pattern: Pattern::Stripes,
        period: 0.9,
        noise: plan.noise(),
    };
    // The clock above, with a pale face.
    let block = |y: f32, z: f32, half: [f32; 3], roof: f32| Shape::Block {
        center: plan.place(0.0, y, z),
        half: half.into(),
        turn: plan.turn,
        roof,
    };
    solids.push(Solid::new(block(1.31, 0.0, [0.34, 0.2, 0.13], 0.16), case, THING));
    let pale = Material { colors: [face.colors[0]; 2], pattern: Pattern::Patches, ..face };
    let dark = Material { colors: [face.colors[1]; 2], pattern: Pattern::Patches, ..face };
    solids.push(Solid::new(block(1.31, 0.14, [0.16, 0.16, 0.012], 0.0), pale, THING));
    solids.push(Solid::new(block(1.35, 0.155, [0.012, 0.06, 0.006], 0.0), dark, THING));
    solids.push(Solid::new(block(1.31, 0.155, [0.06, 0.012, 0.006], 0.0), dark, THING));
    let angle = plan.dice.within(0.3, 0.42);
    let swing = swing(plan, 1.08, Weight::Bob(0.76, 0.17), angle, Pattern::Patches, 0.12);
    built(solids, &feet, swing)
}

struct Swung<'a> {
    swing: &'a Swing,
    /// Cosine and sine of the angle, and of the clapper's.
    turn: Vec2,
    clapper: Vec2,
}

/// Turns about the z axis through the pivot, from down towards x.
fn rolled(v: Vec3, turn: Vec2) -> Vec3 {
    Vec3::new(v.x * turn.x - v.y * turn.y, v.x * turn.y + v.y * turn.x, v.z)
}

impl Swing {
    fn turn(&self, phase: f32) -> Vec2 {
        Vec2::from_angle(self.swing * self.cycle.angle(phase).sin())
    }

    /// From the weight's own axes, with the pivot as origin, to the scene's.
    fn out(&self, p: Vec3, turn: Vec2) -> Vec3 {
        self.axes.out(rolled(p, turn)) + self.pivot
    }
}

impl Moving for Swing {
    fn parts(&self) -> Vec<Bound> {
        let (reach, thick) = match self.weight {
            Weight::Ball(far, radius) | Weight::Bob(far, radius) => (far + radius, radius),
            Weight::Bell => (BELL[0] + 0.1, BELL[2]),
        };
        let aside = reach * self.swing.sin() + thick;
        let corner =
            self.axes.out(Vec3::new(aside, 0.0, thick)).abs().max(self.axes.out(Vec3::new(aside, 0.0, -thick)).abs());
        let lift = if matches!(self.weight, Weight::Bell) { 0.12 } else { 0.02 };
        vec![Bound::Block(self.pivot - corner - Vec3::Y * (reach + 0.02), self.pivot + corner + Vec3::Y * lift)]
    }

    fn pose(&self, phase: f32) -> Box<dyn Posed + '_> {
        let late = self.swing * 1.25 * (self.cycle.angle(phase) - 0.9).sin();
        Box::new(Swung { swing: self, turn: self.turn(phase), clapper: Vec2::from_angle(late) })
    }

    fn point(&self, choice: [f32; 3], phase: f32) -> Option<Vec3> {
        // A point on the half that faces the viewer.
        let around = (choice[0] - 0.5) * 0.8 * TAU * 0.5;
        let p = match self.weight {
            Weight::Ball(far, radius) => {
                let up = 1.6 * choice[1] - 0.8;
                let flat = (1.0 - up * up).sqrt();
                Vec3::new(around.sin() * flat, up, around.cos() * flat) * radius - Vec3::Y * far
            }
            Weight::Bob(far, radius) => {
                let at = Vec2::from_angle(choice[0] * TAU) * (radius * 0.9 * choice[1].sqrt());
                Vec3::new(at.x, at.y - far, BOB)
            }
            Weight::Bell => {
                let down = 0.1 + 0.85 * choice[1];
                let radius = BELL[1] + (BELL[2] - BELL[1]) * down;
                Vec3::new(around.sin() * radius, -down * BELL[0], around.cos() * radius)
            }
        };
        Some(self.out(p, self.turn(phase)))
    }
}

/// Half the thickness of a bob.
const BOB: f32 = 0.045;

/// A short cylinder along z: its face, or its rim.
fn bob(ray: &Ray, far: f32, radius: f32) -> Option<Touch> {
    // The upright cylinder, laid down: y to z.
    let lay = |v: Vec3| Vec3::new(v.x, v.z, -v.y);
    let back = |v: Vec3| Vec3::new(v.x, -v.z, v.y);
    let center = Vec3::Y * -far;
    let laid = Ray { origin: lay(ray.origin - center), direction: lay(ray.direction) };
    let touch = Shape::pole(Vec3::Y * -BOB, 2.0 * BOB, radius).hit(&laid, f32::INFINITY)?;
    Some(Touch { normal: back(touch.normal), ..touch })
}

impl Posed for Swung<'_> {
    fn paint(&self, _part: usize, ray: &Ray, layers: &mut Layers) {
        let swing = self.swing;
        let back = Vec2::new(self.turn.x, -self.turn.y);
        let own = swing.axes.ray(&Ray { origin: ray.origin - swing.pivot, direction: ray.direction });
        let own = Ray { origin: rolled(own.origin, back), direction: rolled(own.direction, back) };
        let limit = layers.until();
        let (touch, line) = match swing.weight {
            Weight::Ball(far, radius) => {
                (Shape::Ball { center: Vec3::Y * -far, radius }.hit(&own, limit), Some((far, 0.012)))
            }
            Weight::Bob(far, radius) => (bob(&own, far, radius).filter(|touch| touch.t < limit), Some((far, 0.018))),
            Weight::Bell => {
                let [height, shoulder, mouth] = BELL;
                let body = Shape::Column { foot: Vec3::Y * -height, height, radii: [mouth, shoulder] };
                let lip =
                    Shape::Column { foot: Vec3::Y * -(height + 0.02), height: 0.07, radii: [mouth + 0.035, mouth] };
                let crown = Shape::Ball { center: Vec3::Y * -0.02, radius: shoulder * 0.94 };
                let hits = [body, lip, crown].map(|shape| shape.hit(&own, limit));
                (hits.into_iter().flatten().min_by(|a, b| a.t.total_cmp(&b.t)), None)
            }
        };
        if let Some((far, radius)) = line
            && let Some((t, _)) = rope(&own, Vec3::ZERO, Vec3::Y * -far, radius)
        {
            layers.opaque(t, swing.dark);
        }
        if matches!(swing.weight, Weight::Bell) {
            let hung = swing.axes.ray(&Ray { origin: ray.origin - swing.pivot, direction: ray.direction });
            let center = rolled(Vec3::Y * -(BELL[0] + 0.03), self.clapper);
            if let Some(touch) = (Shape::Ball { center, radius: 0.055 }).hit(&hung, limit) {
                layers.opaque(touch.t, swing.dark * 0.8);
            }
        }
        let Some(touch) = touch else { return };
        let footprint = layers.pixel * touch.t;
        let under = matches!(swing.weight, Weight::Bell) && touch.normal.y < -0.99;
        let albedo = swing.material.color(touch.uv, footprint) * if under { 0.25 } else { 1.0 };
        let normal = swing.axes.out(rolled(touch.normal, self.turn));
        layers.opaque(touch.t, swing.light.shade(albedo, normal, 0.9));
    }
}
