//! The wind that moves all plants.

use crate::noise::Noise;
use glam::Vec2;

/// The strongest wind.
pub const WIND: f32 = 1.2;

/// Wind at a place and time, about −1 to 1: gusts that travel to the right.
pub fn wind(noise: Noise, x: f32, time: f32) -> f32 {
    let gust = noise.plane(Vec2::new(x * 0.8 - time * 0.75, time * 0.55));
    let flurry = noise.salted(1).plane(Vec2::new(x * 2.2 - time * 1.6, time * 0.9));
    (gust + 0.4 * flurry).clamp(-WIND, WIND)
}
