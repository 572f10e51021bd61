//! What lights the garden: two fires and the evening sky.

use glam::Vec3;

/// A fire, seen as a small luminous ball by what it lights.
#[derive(Clone, Copy, Debug)]
pub struct Light {
    /// Middle of the ball.
    pub position: Vec3,
    /// Radius of the ball: shadows get a soft edge from it.
    pub radius: f32,
    /// Radiance at distance 1, linear RGB.
    pub color: Vec3,
}

/// The big fire bowl on the right; its flicker reaches the surroundings.
pub const FIRE: Light =
    Light { position: Vec3::new(1.62, -1.12, 4.2), radius: 0.13, color: Vec3::new(3.0, 1.22, 0.38) };
/// The torch at the back wall on the left.
pub const TORCH: Light =
    Light { position: Vec3::new(-1.33, -1.47, 6.45), radius: 0.06, color: Vec3::new(0.95, 0.40, 0.13) };

/// Light of the evening sky on an unshadowed surface: from above blue, from the ground dim, from the left where the sun set rosy.
pub fn skylight(normal: Vec3) -> Vec3 {
    let up = 0.5 - 0.5 * normal.y;
    let dome = Vec3::new(0.035, 0.033, 0.045).lerp(Vec3::new(0.15, 0.20, 0.37), up);
    let west = (normal.dot(Vec3::new(-0.62, -0.5, 0.6)) * 0.6 + 0.4).max(0.0);
    dome + Vec3::new(0.24, 0.115, 0.10) * west * west
}

/// Unshadowed light of a fire at `point`, before the cosine.
pub fn firelight(light: &Light, point: Vec3) -> Vec3 {
    light.color / ((light.position - point).length_squared() + 0.06)
}

/// Light on a leaf at `point`: sky, and the fires from either side of it, since leaves let light through.
pub fn leaf_light(point: Vec3) -> Vec3 {
    skylight(Vec3::new(-0.2, -0.75, -0.6)) + 0.62 * firelight(&FIRE, point) + 0.5 * firelight(&TORCH, point)
}
