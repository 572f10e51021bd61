//! The wind that moves all plants, and the light on their leaves.

use super::garden::{FIRE, TORCH, firelight, skylight};
use super::noise::Noise;
use glam::{Vec2, Vec3};

/// The strongest wind.
pub const WIND: f32 = 1.2;

/// Wind at a place and time, about −1 to 1: gusts that travel to the right.
pub fn wind(noise: Noise, x: f32, time: f32) -> f32 {
    let gust = noise.plane(Vec2::new(x * 0.8 - time * 0.75, time * 0.55));
    let flurry = noise.salted(1).plane(Vec2::new(x * 2.2 - time * 1.6, time * 0.9));
    (gust + 0.4 * flurry).clamp(-WIND, WIND)
}

/// Light on a leaf at `point`: sky, and the fires from either side of it, since leaves let light through.
pub fn leaf_light(point: Vec3) -> Vec3 {
    skylight(Vec3::new(-0.2, -0.75, -0.6)) + 0.62 * firelight(&FIRE, point) + 0.5 * firelight(&TORCH, point)
}
