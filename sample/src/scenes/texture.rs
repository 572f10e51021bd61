//! Textures: patterns of two colours that fade to their mean where they are finer than two pixels, and noise that closes on a loop.

use crate::noise::{Noise, smoothstep};
use glam::{Vec2, Vec3};

/// How a pattern divides a surface between two colours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Pattern {
    /// Patches of value noise.
    Patches,
    /// A chessboard.
    Checks,
    /// Bricks with joints in the second colour.
    Bricks,
    /// Planks with joints and grain.
    Planks,
    /// Stripes across the second coordinate.
    Stripes,
    /// Irregular slabs with joints.
    Slabs,
    /// A facade: windows in the second colour.
    Windows,
}

/// A surface of two colours.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Material {
    /// Linear RGB.
    pub colors: [Vec3; 2],
    /// How they are laid out.
    pub pattern: Pattern,
    /// Period in metres.
    pub period: f32,
    /// Noise of patches and grain.
    pub noise: Noise,
}

/// Value noise in the plane, 0 to 1, one value per unit, smooth between.
pub(crate) fn value(noise: Noise, p: Vec2) -> f32 {
    let corner = p.floor();
    let (x, y) = (corner.x as i32, corner.y as i32);
    let f = p - corner;
    let f = f * f * (Vec2::splat(3.0) - 2.0 * f);
    let at = |dx: i32, dy: i32| noise.uniform(x.wrapping_add(dx), y.wrapping_add(dy), 0);
    let low = at(0, 0) + (at(1, 0) - at(0, 0)) * f.x;
    let high = at(0, 1) + (at(1, 1) - at(0, 1)) * f.x;
    low + (high - low) * f.y
}

/// Value noise that repeats after `period` units of y: a texture that slides by it closes.
pub(crate) fn value_wrapped(noise: Noise, p: Vec2, period: i32) -> f32 {
    let corner = p.floor();
    let (x, y) = (corner.x as i32, corner.y as i32);
    let f = p - corner;
    let f = f * f * (Vec2::splat(3.0) - 2.0 * f);
    let at = |dx: i32, dy: i32| noise.uniform(x.wrapping_add(dx), (y.wrapping_add(dy)).rem_euclid(period), 1);
    let low = at(0, 0) + (at(1, 0) - at(0, 0)) * f.x;
    let high = at(0, 1) + (at(1, 1) - at(0, 1)) * f.x;
    low + (high - low) * f.y
}

/// Value noise in the plane and on a circle of moments, −1 to 1: 4-D noise sampled at (p, R cos φ, R sin φ) closes with φ
/// (generate-tiny §2).
pub(crate) fn value_looped(noise: Noise, p: Vec2, moment: Vec2) -> f32 {
    let (pc, mc) = (p.floor(), moment.floor());
    let (x, y, z, w) = (pc.x as i32, pc.y as i32, mc.x as i32, mc.y as i32);
    let smooth = |f: Vec2| f * f * (Vec2::splat(3.0) - 2.0 * f);
    let (f, g) = (smooth(p - pc), smooth(moment - mc));
    let at = |dx: i32, dy: i32, dz: i32, dw: i32| {
        let fourth = w.wrapping_add(dw).wrapping_mul(0x632b_e5ab);
        noise.uniform(x.wrapping_add(dx), y.wrapping_add(dy), z.wrapping_add(dz) ^ fourth)
    };
    let square = |dz: i32, dw: i32| {
        let low = at(0, 0, dz, dw) + (at(1, 0, dz, dw) - at(0, 0, dz, dw)) * f.x;
        let high = at(0, 1, dz, dw) + (at(1, 1, dz, dw) - at(0, 1, dz, dw)) * f.x;
        low + (high - low) * f.y
    };
    let low = square(0, 0) + (square(1, 0) - square(0, 0)) * g.x;
    let high = square(0, 1) + (square(1, 1) - square(0, 1)) * g.x;
    2.0 * (low + (high - low) * g.y) - 1.0
}

/// How much of a pattern of this period shows in pixels of `footprint` metres: none under 2 pixels, all from 4 on.
fn kept(period: f32, footprint: f32) -> f32 {
    smoothstep(2.0, 4.0, period / footprint.max(1e-6))
}

impl Material {
    /// The colour at `uv` (metres) in a pixel that covers `footprint` metres.
    pub fn color(&self, uv: Vec2, footprint: f32) -> Vec3 {
        let p = uv / self.period;
        // Fraction of the second colour here, its mean, and the period of its finest part.
        let (second, mean, finest) = match self.pattern {
            Pattern::Patches => {
                let coarse = value(self.noise, p * 2.0);
                let fine = kept(self.period * 0.2, footprint);
                let detail = if fine > 0.0 { value(self.noise.salted(1), p * 7.3) } else { 0.5 };
                (smoothstep(0.2, 0.8, 0.62 * coarse + 0.38 * (0.5 + (detail - 0.5) * fine)), 0.5, self.period)
            }
            Pattern::Checks => {
                let odd = (p * 2.0).floor();
                (f32::from(u8::from((odd.x + odd.y).rem_euclid(2.0) < 0.5)), 0.5, self.period)
            }
            Pattern::Bricks => {
                let course = (p.y * 2.0).floor();
                let x = p.x + 0.5 * course.rem_euclid(2.0);
                let (u, v) = (x - x.floor(), p.y * 2.0 - course);
                let joint = u < 0.05 || v < 0.12;
                let tint = 0.45 * self.noise.uniform(x.floor() as i32, course as i32, 2);
                (if joint { 1.0 } else { tint }, 0.35, self.period * 0.5)
            }
            Pattern::Planks => {
                let plank = p.y.floor();
                let v = p.y - plank;
                let grain = value(self.noise, Vec2::new(p.x * 0.7 + plank * 7.7, p.y * 9.0));
                let tint = self.noise.uniform(plank as i32, 0, 3);
                (if v < 0.06 { 1.0 } else { 0.5 * tint + 0.4 * grain }, 0.5, self.period * 0.5)
            }
            Pattern::Stripes => {
                let v = p.y - p.y.floor();
                (f32::from(u8::from(v < 0.5)), 0.5, self.period)
            }
            Pattern::Slabs => {
                let course = p.y.floor();
                let x = p.x + self.noise.uniform(course as i32, 0, 4);
                let (slab, v) = (x.floor(), p.y - course);
                let joint = x - slab < 0.05 || v < 0.06;
                let tint = self.noise.uniform(slab as i32, course as i32, 5);
                (if joint { 1.0 } else { 0.7 * tint }, 0.4, self.period)
            }
            Pattern::Windows => {
                let q = p - p.floor();
                let window = (0.3..0.7).contains(&q.x) && (0.25..0.75).contains(&q.y);
                let bar = (q.x - 0.5).abs() < 0.03 || (q.y - 0.5).abs() < 0.03;
                (f32::from(u8::from(window && !bar)), 0.2, self.period * 0.6)
            }
        };
        let second = mean + (second - mean) * kept(finest, footprint);
        let color = self.colors[0].lerp(self.colors[1], second);
        // Grain, so that no surface is plain.
        let grain = kept(self.period * 0.08, footprint);
        if grain <= 0.0 {
            return color;
        }
        color * (1.0 + 0.3 * grain * (value(self.noise.salted(2), p * 19.0) - 0.5))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fade_to_their_mean() {
        let noise = Noise::new(5);
        for pattern in [
            Pattern::Patches,
            Pattern::Checks,
            Pattern::Bricks,
            Pattern::Planks,
            Pattern::Stripes,
            Pattern::Slabs,
            Pattern::Windows,
        ] {
            let material = Material { colors: [Vec3::ZERO, Vec3::ONE], pattern, period: 1.0, noise };
            let (mut least, mut most, mut sum) = (f32::MAX, f32::MIN, 0.0);
            for i in 0..4000 {
                let uv = Vec2::new((i % 63) as f32 * 0.317, (i / 63) as f32 * 0.271);
                let fine = material.color(uv, 1e-3).x;
                (least, most, sum) = (least.min(fine), most.max(fine), sum + fine);
                assert_eq!(material.color(uv, 0.6), material.color(Vec2::new(9.2, 3.3), 0.6), "{pattern:?}");
            }
            assert!(most - least > 0.4, "{pattern:?} has no texture: {least} to {most}");
            let far = material.color(Vec2::ZERO, 0.6).x;
            assert!((sum / 4000.0 - far).abs() < 0.12, "{pattern:?}: mean {}, far {far}", sum / 4000.0);
        }
    }

    #[test]
    fn looped_noise_closes_and_flows() {
        let noise = Noise::new(2);
        let at = |phase: f32| {
            value_looped(noise, Vec2::new(0.3, 0.8), 1.4 * Vec2::from_angle(phase * std::f32::consts::TAU))
        };
        assert!((at(0.0) - at(1.0)).abs() < 1e-4);
        let values: Vec<f32> = (0..64).map(|i| at(i as f32 / 64.0)).collect();
        let range = values.iter().fold((f32::MAX, f32::MIN), |(l, h), v| (l.min(*v), h.max(*v)));
        assert!(range.1 - range.0 > 0.3, "{range:?}");
        assert!(values.windows(2).all(|pair| (pair[0] - pair[1]).abs() < 0.25));
        assert_eq!(value_wrapped(noise, Vec2::new(0.3, 1.25), 4), value_wrapped(noise, Vec2::new(0.3, 5.25), 4));
        assert_ne!(value_wrapped(noise, Vec2::new(0.3, 1.25), 4), value_wrapped(noise, Vec2::new(0.3, 3.25), 4));
    }
}
