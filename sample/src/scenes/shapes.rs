//! Solid shapes and where a ray meets them. World axes: x right, y up (the ground is y = 0), z towards the viewer.

use crate::geometry::Ray;
use glam::{Vec2, Vec3};

/// Where a ray meets a shape.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Touch {
    /// Ray parameter; of camera rays also the depth.
    pub t: f32,
    /// Outward unit normal.
    pub normal: Vec3,
    /// Surface coordinates in metres.
    pub uv: Vec2,
    /// Whether it is the top: a roof, a lid.
    pub top: bool,
}

/// A solid shape.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    /// A ball.
    Ball {
        /// Centre.
        center: Vec3,
        /// Radius.
        radius: f32,
    },
    /// An upright box, turned about the vertical; with a roof it is a house whose ridge runs along its x axis.
    Block {
        /// Centre of the box below the roof.
        center: Vec3,
        /// Half of its size.
        half: Vec3,
        /// Cosine and sine of the turn.
        turn: Vec2,
        /// Height of the roof over the box.
        roof: f32,
    },
    /// An upright cylinder or cone.
    Column {
        /// Centre of its lower end.
        foot: Vec3,
        /// Height.
        height: f32,
        /// Radius at the lower and the upper end.
        radii: [f32; 2],
    },
}

/// Least ray parameter that counts as in front of the camera.
const NEAR: f32 = 1e-3;

/// Turns a vector about the vertical: by the angle whose cosine and sine are `turn`, from x towards z.
pub(crate) fn turned(v: Vec3, turn: Vec2) -> Vec3 {
    Vec3::new(v.x * turn.x - v.z * turn.y, v.y, v.x * turn.y + v.z * turn.x)
}

/// The opposite turn.
pub(crate) fn turned_back(v: Vec3, turn: Vec2) -> Vec3 {
    turned(v, Vec2::new(turn.x, -turn.y))
}

impl Shape {
    /// An upright cylinder.
    pub fn pole(foot: Vec3, height: f32, radius: f32) -> Self {
        Self::Column { foot, height, radii: [radius; 2] }
    }

    /// A ball around it: centre, radius.
    pub fn ball(&self) -> (Vec3, f32) {
        match *self {
            Self::Ball { center, radius } => (center, radius),
            Self::Block { center, half, roof, .. } => (center, half.length() + roof),
            Self::Column { foot, height, radii } => {
                (foot + Vec3::Y * 0.5 * height, (0.5 * height).hypot(radii[0].max(radii[1])))
            }
        }
    }

    /// The nearest hit in front of the ray's origin and nearer than `limit`.
    pub fn hit(&self, ray: &Ray, limit: f32) -> Option<Touch> {
        let touch = match *self {
            Self::Ball { center, radius } => ball(ray, center, radius),
            Self::Block { center, half, turn, roof } => block(ray, center, half, turn, roof),
            Self::Column { foot, height, radii } => column(ray, foot, height, radii),
        };
        touch.filter(|touch| touch.t < limit)
    }
}

fn ball(ray: &Ray, center: Vec3, radius: f32) -> Option<Touch> {
    let o = ray.origin - center;
    let (a, b) = (ray.direction.length_squared(), o.dot(ray.direction));
    let root = b * b - a * (o.length_squared() - radius * radius);
    if root <= 0.0 {
        return None;
    }
    let t = (-b - root.sqrt()) / a;
    let normal = (o + ray.direction * t) / radius;
    let uv = Vec2::new(normal.x.atan2(normal.z), normal.y.clamp(-1.0, 1.0).asin()) * radius;
    (t > NEAR).then_some(Touch { t, normal, uv, top: normal.y > 0.9 })
}

fn block(ray: &Ray, center: Vec3, half: Vec3, turn: Vec2, roof: f32) -> Option<Touch> {
    let o = turned_back(ray.origin - center, turn);
    let d = turned_back(ray.direction, turn);
    // Inside of all half-spaces n·p ≤ c, which are tried one after another.
    let roofs = [Vec3::new(0.0, half.z, roof), Vec3::new(0.0, half.z, -roof)];
    let height = half.z * (half.y + roof);
    let sides =
        [(Vec3::X, half.x), (Vec3::NEG_X, half.x), (Vec3::Z, half.z), (Vec3::NEG_Z, half.z), (Vec3::NEG_Y, half.y)];
    let (mut enter, mut leave, mut face, mut outward) = (NEAR, f32::INFINITY, usize::MAX, Vec3::ZERO);
    let count = if roof > 0.0 { 2 } else { 1 };
    for (index, (n, c)) in sides.into_iter().chain(roofs[..count].iter().map(|n| (*n, height))).enumerate() {
        let (speed, left) = (n.dot(d), c - n.dot(o));
        if speed == 0.0 {
            if left < 0.0 {
                return None;
            }
            continue;
        }
        let t = left / speed;
        if speed < 0.0 && t > enter {
            (enter, face, outward) = (t, index, n);
        } else if speed > 0.0 {
            leave = leave.min(t);
        }
        if enter > leave {
            return None;
        }
    }
    if face == usize::MAX {
        return None;
    }
    let p = o + d * enter;
    let uv = match face {
        0 | 1 => Vec2::new(p.z, p.y),
        2 | 3 => Vec2::new(p.x, p.y),
        _ if roof > 0.0 => Vec2::new(p.x, p.z * (1.0 + (roof / half.z).powi(2)).sqrt()),
        _ => Vec2::new(p.x, p.z),
    };
    Some(Touch { t: enter, normal: turned(outward.normalize(), turn), uv, top: face > 4 })
}

fn column(ray: &Ray, foot: Vec3, height: f32, [low, high]: [f32; 2]) -> Option<Touch> {
    let (o, d) = (ray.origin - foot, ray.direction);
    let slope = (high - low) / height;
    let (radius, grow) = (low + slope * o.y, slope * d.y);
    let a = d.x * d.x + d.z * d.z - grow * grow;
    let b = o.x * d.x + o.z * d.z - grow * radius;
    let c = o.x * o.x + o.z * o.z - radius * radius;
    let mut best: Option<Touch> = None;
    let mut offer = |touch: Touch| {
        if touch.t > NEAR && best.is_none_or(|best| touch.t < best.t) {
            best = Some(touch);
        }
    };
    let root = b * b - a * c;
    if root > 0.0 && a.abs() > 1e-12 {
        for t in [(-b - root.sqrt()) / a, (-b + root.sqrt()) / a] {
            let p = o + d * t;
            let here = low + slope * p.y;
            if (0.0..=height).contains(&p.y) && here > 0.0 {
                let normal = Vec3::new(p.x, -slope * here, p.z).normalize();
                let around = p.x.atan2(p.z) * 0.5 * (low + high);
                offer(Touch { t, normal, uv: Vec2::new(around, p.y), top: false });
            }
        }
    }
    for (y, radius, normal) in [(height, high, Vec3::Y), (0.0, low, Vec3::NEG_Y)] {
        if d.y * normal.y < 0.0 && radius > 0.0 {
            let t = (y - o.y) / d.y;
            let p = o + d * t;
            if p.x * p.x + p.z * p.z <= radius * radius {
                offer(Touch { t, normal, uv: Vec2::new(p.x, p.z), top: normal.y > 0.0 });
            }
        }
    }
    best
}

/// Where a ray passes a rope or rod of `radius` between two points, as a ribbon that faces the ray: the ray parameter, and how
/// far from the first (0) to the second point (1).
pub(crate) fn rope(ray: &Ray, from: Vec3, to: Vec3, radius: f32) -> Option<(f32, f32)> {
    let (axis, o) = (to - from, ray.origin - from);
    let (aa, ad, dd) = (axis.length_squared(), axis.dot(ray.direction), ray.direction.length_squared());
    let (ao, od) = (axis.dot(o), o.dot(ray.direction));
    let across = aa * dd - ad * ad;
    if across <= 1e-12 {
        return None;
    }
    let along = ((dd * ao - ad * od) / across).clamp(0.0, 1.0);
    let t = (along * ad - od) / dd;
    let gap = o + ray.direction * t - axis * along;
    (t > NEAR && gap.length_squared() < radius * radius).then_some((t, along))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn towards(origin: [f32; 3], target: [f32; 3]) -> Ray {
        let origin = Vec3::from(origin);
        Ray { origin, direction: Vec3::from(target) - origin }
    }

    /// Points on the surface are where the formula of the shape says, and seen from the side of their normal.
    fn check(shape: &Shape, outside: impl Fn(Vec3) -> f32) {
        let mut hits = 0;
        for i in 0..2000 {
            let angle = i as f32 * 2.399;
            let origin = [3.0 * angle.cos(), 0.3 + (i % 7) as f32 * 0.4, 3.0 * angle.sin()];
            let target =
                [0.5 * (i as f32 * 0.7).sin(), 0.5 + 0.6 * (i as f32 * 1.3).sin(), 0.5 * (i as f32 * 1.9).sin()];
            let ray = towards(origin, target);
            let Some(touch) = shape.hit(&ray, 100.0) else { continue };
            hits += 1;
            let p = ray.at(touch.t);
            assert!(outside(p).abs() < 2e-4, "{shape:?}: {p} is {} off the surface", outside(p));
            assert!(touch.normal.dot(ray.direction) < 1e-4 && (touch.normal.length() - 1.0).abs() < 1e-4);
            // The side that the normal points to is outside.
            assert!(outside(p + touch.normal * 0.01) > 0.004, "{shape:?}: normal {} at {p}", touch.normal);
        }
        assert!(hits > 400, "{shape:?}: {hits} hits");
    }

    #[test]
    fn shapes_are_hit_on_their_surface() {
        let center = Vec3::new(0.1, 0.6, -0.2);
        check(&Shape::Ball { center, radius: 0.5 }, |p| (p - center).length() - 0.5);
        let foot = Vec3::new(0.1, 0.2, 0.1);
        for radii in [[0.5, 0.5], [0.6, 0.2], [0.2, 0.6], [0.6, 0.0]] {
            let slope = (radii[1] - radii[0]) / 0.9f32;
            check(&Shape::Column { foot, height: 0.9, radii }, |p| {
                let q = p - foot;
                let wall = ((q.x * q.x + q.z * q.z).sqrt() - radii[0] - slope * q.y) / (1.0 + slope * slope).sqrt();
                wall.max(q.y - 0.9).max(-q.y)
            });
        }
        let (half, turn) = (Vec3::new(0.5, 0.3, 0.4), Vec2::from_angle(0.7));
        for roof in [0.0f32, 0.35] {
            check(&Shape::Block { center, half, turn, roof }, |p| {
                let q = turned_back(p - center, turn);
                let sloped = (q.y - half.y - roof + roof * q.z.abs() / half.z) / (1.0 + (roof / half.z).powi(2)).sqrt();
                (q.x.abs() - half.x).max(q.z.abs() - half.z).max(-q.y - half.y).max(sloped)
            });
        }
    }

    #[test]
    fn a_rope_is_hit_within_its_radius() {
        let (from, to) = (Vec3::new(-1.0, 1.0, 0.0), Vec3::new(1.0, 1.0, 0.0));
        let (t, along) = rope(&towards([0.5, 1.0, 2.0], [0.5, 1.0, 1.0]), from, to, 0.02).unwrap();
        assert!((t - 2.0).abs() < 1e-5 && (along - 0.75).abs() < 1e-5);
        assert_eq!(rope(&towards([0.5, 1.05, 2.0], [0.5, 1.05, 1.0]), from, to, 0.02), None);
        assert_eq!(rope(&towards([1.5, 1.0, 2.0], [1.5, 1.0, 1.0]), from, to, 0.02), None);
    }
}
