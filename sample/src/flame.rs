//! Flames: tongues of glowing gas on a sheet that faces the middle camera.

use crate::motion::{Motion, Paint, Sheet};
use crate::noise::{Noise, mix, smoothstep};
use glam::{Vec2, Vec3, Vec4};

/// A flame that burns above a bowl.
pub struct Flame {
    noise: Noise,
    foot: Vec3,
    half_width: f32,
    height: f32,
}

impl Flame {
    /// A flame above `foot`, of [half width, height].
    pub fn new(noise: Noise, foot: Vec3, [half_width, height]: [f32; 2]) -> Self {
        Self { noise, foot, half_width, height }
    }

    /// (across, up) in flame sizes: the body is |across| < 1, 0 < up < 1.
    fn local(&self, uv: Vec2) -> Vec2 {
        Vec2::new((uv.x - self.foot.x) / self.half_width, (self.foot.y - uv.y) / self.height)
    }
}

impl Motion for Flame {
    fn sheet(&self) -> Sheet {
        Sheet::Upright(self.foot.z)
    }

    fn covers(&self, uv: Vec2) -> bool {
        let p = self.local(uv);
        (p.x / 1.6).powi(2) + ((p.y - 0.52) / 0.78).powi(2) < 1.0
    }

    fn pose(&self, time: f32) -> Box<dyn Paint + '_> {
        let breath = 1.0 + 0.10 * self.noise.salted(9).line(time * 1.9);
        let lean = 0.20 * self.noise.salted(8).line(time * 0.9);
        Box::new(Burning { flame: self, time, breath, lean })
    }
}

struct Burning<'a> {
    flame: &'a Flame,
    time: f32,
    breath: f32,
    lean: f32,
}

impl Paint for Burning<'_> {
    fn paint(&self, uv: Vec2) -> Vec4 {
        let noise = self.flame.noise;
        let p = self.flame.local(uv);
        let up = p.y / self.breath;
        let halo = (1.0 - ((p.x / 1.6).powi(2) + ((p.y - 0.52) / 0.78).powi(2))).max(0.0);
        let glow = Vec3::new(0.55, 0.17, 0.035) * 0.20 * halo * halo;
        let faint = Vec4::new(glow.x, glow.y, glow.z, 0.0);
        if !(-0.1..1.35).contains(&up) {
            return faint;
        }
        let free = up.max(0.0).powf(0.8);
        // Gas rises; what it carries sideways grows on the way.
        let rise = Vec3::new(p.x * 0.75, up * 1.5 - self.time * 1.75, self.time * 0.55);
        let sway = noise.space(rise * 0.9);
        let curl = noise.salted(1).space(rise * Vec3::new(1.9, 2.0, 1.5) + Vec3::new(0.0, -self.time * 0.5, 0.0));
        let x = p.x + free * (0.62 * sway + 0.34 * curl + self.lean);
        let shape =
            smoothstep(-0.1, 0.16, up) * (1.12 - up).max(0.0).powf(0.85) * mix(0.86, 1.0, smoothstep(0.0, 0.3, up));
        let tongues = noise.salted(2).space(Vec3::new(x * 1.9, up * 1.5 - self.time * 2.1, self.time * 0.8));
        let fine = noise.salted(3).space(Vec3::new(x * 4.2, up * 2.7 - self.time * 2.9, self.time * 1.1));
        let heat =
            shape * 1.12 - x.abs() * (0.9 + 0.5 * up) + (0.20 + 0.62 * free) * tongues + (0.10 + 0.2 * free) * fine
                - 0.10;
        let body = smoothstep(0.0, 0.30, heat);
        let hot = (heat * (1.15 - 0.35 * up)).clamp(0.0, 1.0);
        let red = Vec3::new(0.62, 0.085, 0.010);
        let orange = Vec3::new(1.45, 0.42, 0.035);
        let yellow = Vec3::new(2.3, 1.25, 0.26);
        let color = red.lerp(orange, smoothstep(0.0, 0.38, hot)).lerp(yellow, smoothstep(0.3, 0.85, hot));
        let alpha = body * mix(0.95, 0.72, smoothstep(0.5, 1.1, up));
        (color * alpha).extend(alpha) + faint * (1.0 - alpha)
    }
}
