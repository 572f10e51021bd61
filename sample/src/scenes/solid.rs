//! Still things: a shape with its surfaces.

use super::color::linear;
use super::shapes::{Shape, Touch};
use super::texture::{Material, Pattern};
use crate::geometry::Ray;
use crate::noise::Noise;
use glam::Vec3;

/// A still shape and what it is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Solid {
    pub shape: Shape,
    /// Sides, and the top.
    materials: [Material; 2],
    /// One of [`ids`](super::ids).
    pub id: u8,
    /// A ball around it: centre, square of the radius.
    around: (Vec3, f32),
}

impl Solid {
    /// A shape of one material.
    pub fn new(shape: Shape, material: Material, id: u8) -> Self {
        let (center, radius) = shape.ball();
        Self { shape, materials: [material; 2], id, around: (center, radius * radius) }
    }

    /// The same with another material on top.
    pub fn with_top(mut self, top: Material) -> Self {
        self.materials[1] = top;
        self
    }

    /// Its albedo where it was hit, in a pixel that covers `footprint` metres.
    pub fn albedo(&self, touch: &Touch, footprint: f32) -> Vec3 {
        self.materials[usize::from(touch.top)].color(touch.uv, footprint)
    }
}

/// The nearest of several solids.
pub(crate) fn nearest<'a>(solids: &'a [Solid], ray: &Ray, limit: f32) -> Option<(Touch, &'a Solid)> {
    let mut best: Option<(Touch, &Solid)> = None;
    let along = 1.0 / ray.direction.length_squared();
    for solid in solids {
        // Most rays pass most solids, and most of those pass the ball around them.
        let o = solid.around.0 - ray.origin;
        let ahead = o.dot(ray.direction);
        if o.length_squared() - ahead * ahead * along > solid.around.1 {
            continue;
        }
        let limit = best.map_or(limit, |(touch, _)| touch.t);
        if let Some(touch) = solid.shape.hit(ray, limit) {
            best = Some((touch, solid));
        }
    }
    best
}

/// A pattern of a colour and a darker or lighter one.
pub(crate) fn tinted(color: Vec3, pattern: Pattern, period: f32, noise: Noise) -> Material {
    let other = if color.max_element() < 0.06 { color * 2.6 + 0.015 } else { color * 0.6 };
    Material { colors: [color, other], pattern, period, noise }
}

/// Weathered wood.
pub(crate) fn wood(noise: Noise) -> Material {
    Material { colors: [linear([142, 100, 62]), linear([92, 62, 38])], pattern: Pattern::Planks, period: 0.16, noise }
}

/// Grey stone.
pub(crate) fn stone(noise: Noise, period: f32) -> Material {
    Material { colors: [linear([166, 160, 150]), linear([104, 100, 96])], pattern: Pattern::Patches, period, noise }
}

/// Dark metal.
pub(crate) fn metal(noise: Noise) -> Material {
    Material { colors: [linear([88, 88, 94]), linear([60, 60, 66])], pattern: Pattern::Patches, period: 0.2, noise }
}
