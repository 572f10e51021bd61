//! The solid shapes of the garden: ray hits for seeing, signed distances for ambient occlusion.
//!
//! World axes: x right, y down (the ground is y = 0, above it y < 0), z away from the viewer.

use glam::{Vec2, Vec3};

/// Half a line: `origin + t · direction`. Camera rays have z = 1 in camera axes, so their t is depth.
#[derive(Clone, Copy, Debug)]
pub struct Ray {
    /// Where it starts.
    pub origin: Vec3,
    /// Not normalised.
    pub direction: Vec3,
}

impl Ray {
    /// The point at `t`.
    pub fn at(&self, t: f32) -> Vec3 {
        self.origin + self.direction * t
    }
}

/// Where a ray meets a shape.
#[derive(Clone, Copy, Debug)]
pub struct Hit {
    /// Ray parameter.
    pub t: f32,
    /// Outward unit normal.
    pub normal: Vec3,
    /// Unit vectors along the surface: directions in which `uv` grows.
    pub tangents: [Vec3; 2],
    /// Surface coordinates in world units.
    pub uv: Vec2,
}

/// An arch: the solid part of the plane outside a round-topped opening, extruded along z.
#[derive(Clone, Copy, Debug)]
pub struct Arch {
    /// Centre of the round top, (x, y).
    pub center: Vec2,
    /// Radius of the opening.
    pub radius: f32,
    /// Front and back face.
    pub z: [f32; 2],
}

impl Arch {
    /// Distance of (x, y) to the edge of the opening; positive in the stone.
    pub fn outside(&self, x: f32, y: f32) -> f32 {
        let d = Vec2::new(x, y) - self.center;
        if d.y > 0.0 { d.x.abs() - self.radius } else { d.length() - self.radius }
    }

    /// Surface coordinates around the opening: (along its edge, away from it).
    pub fn along(&self, x: f32, y: f32) -> Vec2 {
        let d = Vec2::new(x, y) - self.center;
        if d.y > 0.0 {
            let quarter = self.radius * std::f32::consts::FRAC_PI_2;
            Vec2::new((quarter + d.y) * d.x.signum(), d.x.abs() - self.radius)
        } else {
            Vec2::new(d.x.atan2(-d.y) * self.radius, d.length() - self.radius)
        }
    }
}

/// A solid shape.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// The ground y = 0.
    Ground,
    /// An axis-aligned box between two corners.
    Box(Vec3, Vec3),
    /// An upright tube: centre (x, z), inner radius (0: a solid cylinder), outer radius, top y, bottom y.
    Tube(Vec2, f32, f32, f32, f32),
    /// The part of a ball below its equator, closed by a disc: centre, radius.
    Bowl(Vec3, f32),
    /// The arch in front.
    Arch(Arch),
}

/// Least ray parameter that counts as in front of the origin.
const NEAR: f32 = 1e-3;

fn upright(t: f32, p: Vec3, normal: Vec3, axis: Vec2, radius: f32) -> Hit {
    let around = Vec3::new(-normal.z, 0.0, normal.x);
    let angle = (p.x - axis.x).atan2(axis.y - p.z);
    Hit { t, normal, tangents: [around, Vec3::Y], uv: Vec2::new(angle * radius, p.y) }
}

/// A horizontal face seen from above.
fn level(t: f32, p: Vec3) -> Hit {
    Hit { t, normal: Vec3::NEG_Y, tangents: [Vec3::X, Vec3::Z], uv: Vec2::new(p.x, p.z) }
}

/// Both parameters at which the ray's (x, z) is `radius` from `axis`.
fn circle(ray: &Ray, axis: Vec2, radius: f32) -> Option<[f32; 2]> {
    let d = Vec2::new(ray.direction.x, ray.direction.z);
    let o = Vec2::new(ray.origin.x, ray.origin.z) - axis;
    let (a, b, c) = (d.dot(d), o.dot(d), o.dot(o) - radius * radius);
    let root = b * b - a * c;
    (root > 0.0 && a > 0.0).then(|| [(-b - root.sqrt()) / a, (-b + root.sqrt()) / a])
}

impl Shape {
    /// The nearest hit in front of the ray's origin, and nearer than `limit`.
    pub fn hit(&self, ray: &Ray, limit: f32) -> Option<Hit> {
        let hit = match *self {
            Shape::Ground => {
                let t = -ray.origin.y / ray.direction.y;
                (t > NEAR).then(|| level(t, ray.at(t)))
            }
            Shape::Box(low, high) => hit_box(ray, low, high),
            Shape::Tube(axis, inner, outer, top, bottom) => hit_tube(ray, axis, [inner, outer], [top, bottom], limit),
            Shape::Bowl(center, radius) => hit_bowl(ray, center, radius),
            Shape::Arch(arch) => hit_arch(ray, &arch),
        };
        hit.filter(|h| h.t < limit)
    }

    /// Distance from `p` to the surface, negative inside; a bound from below for tubes' corners.
    pub fn distance(&self, p: Vec3) -> f32 {
        match *self {
            Shape::Ground => -p.y,
            Shape::Box(low, high) => {
                let q = (p - (low + high) * 0.5).abs() - (high - low) * 0.5;
                q.max(Vec3::ZERO).length() + q.max_element().min(0.0)
            }
            Shape::Tube(axis, inner, outer, top, bottom) => {
                let r = (Vec2::new(p.x, p.z) - axis).length();
                let q = Vec2::new((r - outer).max(inner - r), (top - p.y).max(p.y - bottom));
                q.max(Vec2::ZERO).length() + q.max_element().min(0.0)
            }
            Shape::Bowl(center, radius) => ((p - center).length() - radius).max(center.y - p.y),
            Shape::Arch(arch) => (-arch.outside(p.x, p.y)).max(arch.z[0] - p.z).max(p.z - arch.z[1]),
        }
    }
}

fn hit_box(ray: &Ray, low: Vec3, high: Vec3) -> Option<Hit> {
    let inverse = ray.direction.recip();
    let (a, b) = ((low - ray.origin) * inverse, (high - ray.origin) * inverse);
    let (enter, leave) = (a.min(b), a.max(b));
    let t = enter.max_element();
    if t < NEAR || t > leave.min_element() {
        return None;
    }
    let p = ray.at(t);
    Some(if t == enter.y {
        Hit { normal: Vec3::Y * -ray.direction.y.signum(), ..level(t, p) }
    } else if t == enter.z {
        let normal = Vec3::Z * -ray.direction.z.signum();
        Hit { t, normal, tangents: [Vec3::X, Vec3::Y], uv: Vec2::new(p.x, p.y) }
    } else {
        let normal = Vec3::X * -ray.direction.x.signum();
        Hit { t, normal, tangents: [Vec3::Z, Vec3::Y], uv: Vec2::new(p.z, p.y) }
    })
}

fn hit_tube(ray: &Ray, axis: Vec2, [inner, outer]: [f32; 2], [top, bottom]: [f32; 2], limit: f32) -> Option<Hit> {
    let mut best: Option<Hit> = None;
    let mut offer = |hit: Hit| {
        if hit.t > NEAR && hit.t < best.map_or(limit, |b| b.t) {
            best = Some(hit);
        }
    };
    let t = (top - ray.origin.y) / ray.direction.y;
    if ray.direction.y > 0.0 {
        let p = ray.at(t);
        let r = (Vec2::new(p.x, p.z) - axis).length();
        if (inner..=outer).contains(&r) {
            offer(level(t, p));
        }
    }
    // The outer wall is seen at its near crossing, the inner one at its far crossing.
    for (radius, which) in [(outer, 0), (inner, 1)] {
        if radius > 0.0
            && let Some(ts) = circle(ray, axis, radius)
        {
            let p = ray.at(ts[which]);
            if (top..=bottom).contains(&p.y) {
                let out = Vec3::new(p.x - axis.x, 0.0, p.z - axis.y) / radius;
                offer(upright(ts[which], p, if which == 0 { out } else { -out }, axis, radius));
            }
        }
    }
    best
}

fn hit_bowl(ray: &Ray, center: Vec3, radius: f32) -> Option<Hit> {
    let t = (center.y - ray.origin.y) / ray.direction.y;
    if ray.direction.y > 0.0 && t > NEAR {
        let p = ray.at(t);
        if (p - center).length() <= radius {
            return Some(level(t, p));
        }
    }
    let o = ray.origin - center;
    let (a, b) = (ray.direction.length_squared(), o.dot(ray.direction));
    let root = b * b - a * (o.length_squared() - radius * radius);
    let t = (-b - root.max(0.0).sqrt()) / a;
    let p = ray.at(t);
    (root > 0.0 && t > NEAR && p.y >= center.y).then(|| {
        let normal = (p - center) / radius;
        let around = Vec3::new(-normal.z, 0.0, normal.x).normalize_or(Vec3::X);
        let uv = Vec2::new(normal.x.atan2(-normal.z), normal.y.asin()) * radius;
        Hit { t, normal, tangents: [around, around.cross(normal)], uv }
    })
}

fn hit_arch(ray: &Ray, arch: &Arch) -> Option<Hit> {
    // Front (or, for rays towards the viewer, back) face.
    let (face, normal) = if ray.direction.z > 0.0 { (arch.z[0], Vec3::NEG_Z) } else { (arch.z[1], Vec3::Z) };
    let t = (face - ray.origin.z) / ray.direction.z;
    if t > NEAR {
        let p = ray.at(t);
        if arch.outside(p.x, p.y) >= 0.0 {
            return Some(Hit { t, normal, tangents: [Vec3::X, Vec3::Y], uv: Vec2::new(p.x, p.y) });
        }
    }
    // The inside of the opening: upright jambs below the centre, a half cylinder above it.
    let mut best: Option<Hit> = None;
    let mut offer = |t: f32, round: bool| {
        let p = ray.at(t);
        let inside = (arch.z[0]..=arch.z[1]).contains(&p.z) && t > NEAR && (p.y <= arch.center.y) == round;
        if inside && best.is_none_or(|b| t < b.t) {
            let d = Vec2::new(p.x, p.y) - arch.center;
            let inward = if round { -d / arch.radius } else { Vec2::new(-d.x.signum(), 0.0) };
            let normal = inward.extend(0.0);
            let along = Vec3::new(-normal.y, normal.x, 0.0);
            let uv = Vec2::new(arch.along(p.x, p.y).x, p.z);
            best = Some(Hit { t, normal, tangents: [along, Vec3::Z], uv });
        }
    };
    for side in [-1.0, 1.0] {
        let t = (arch.center.x + side * arch.radius - ray.origin.x) / ray.direction.x;
        if ray.direction.x * side > 0.0 {
            offer(t, false);
        }
    }
    let d = Vec2::new(ray.direction.x, ray.direction.y);
    let o = Vec2::new(ray.origin.x, ray.origin.y) - arch.center;
    let (a, b, c) = (d.dot(d), o.dot(d), o.dot(o) - arch.radius * arch.radius);
    let root = b * b - a * c;
    if root > 0.0 && a > 0.0 {
        offer((-b + root.sqrt()) / a, true);
    }
    best
}
