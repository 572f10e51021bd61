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
    pub materials: [Material; 2],
    /// One of [`ids`](super::ids).
    pub id: u8,
}

impl Solid {
    /// A shape of one material.
    pub fn new(shape: Shape, material: Material, id: u8) -> Self {
        Self { shape, materials: [material; 2], id }
    }

    /// Its albedo where it was hit, in a pixel that covers `footprint` metres.
    pub fn albedo(&self, touch: &Touch, footprint: f32) -> Vec3 {
        self.materials[usize::from(touch.top)].color(touch.uv, footprint)
    }
}

/// The nearest of several solids.
pub(crate) fn nearest<'a>(solids: &'a [Solid], ray: &Ray, limit: f32) -> Option<(Touch, &'a Solid)> {
    let mut best: Option<(Touch, &Solid)> = None;
    for solid in solids {
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
