//! Many small round things: drops, spray, puffs of smoke. Discs that face the ray, at their true depth.

use crate::geometry::Ray;
use crate::scenes::ids::MOVING;
use crate::scenes::moving::Layers;
use glam::Vec3;

/// One disc.
#[derive(Clone, Copy, Debug)]
pub(super) struct Disc {
    pub center: Vec3,
    pub radius: f32,
    /// Light that it sends out where it is opaque.
    pub color: Vec3,
    /// Coverage in the middle.
    pub alpha: f32,
    /// Width of the rim over which it fades, of the radius.
    pub soft: f32,
}

/// Adds those that a ray passes.
pub(super) fn paint(discs: &[Disc], ray: &Ray, layers: &mut Layers) {
    let length = ray.direction.length_squared();
    for disc in discs {
        let o = disc.center - ray.origin;
        let t = o.dot(ray.direction) / length;
        let gap = (o - ray.direction * t).length_squared();
        if gap >= disc.radius * disc.radius {
            continue;
        }
        let inside = (1.0 - gap.sqrt() / disc.radius) / disc.soft;
        let alpha = disc.alpha * inside.min(1.0) * inside.min(1.0) * (3.0 - 2.0 * inside.min(1.0));
        layers.push(t, (disc.color * alpha).extend(alpha), MOVING);
    }
}
