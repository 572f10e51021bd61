//! Water: the falling sheet, the basin that it stirs, the stream that leaves it, and the mist between.

use crate::light::{FIRE, firelight, skylight};
use crate::motion::{Motion, Paint, Sheet};
use crate::noise::{Noise, mix, smoothstep};
use glam::{Vec2, Vec3, Vec4};

/// Level of the water in the basin, y.
const LEVEL: f32 = -0.375;
/// Half the width of the fountain's sheet at the lip.
const HALF_WIDTH: f32 = 0.47;
/// z of the fountain's sheet.
const FALL_Z: f32 = 4.84;
/// Centre (x, z) and radius of the basin.
const BASIN: (Vec2, f32) = (Vec2::new(0.0, 5.0), 1.045);

/// Light on water or foam that faces `normal`: sky and fire, without shadows.
fn lit(point: Vec3, normal: Vec3) -> Vec3 {
    let toward = (FIRE.position - point).normalize();
    skylight(normal) * 1.15 + firelight(&FIRE, point) * (0.25 + 0.75 * normal.dot(toward)).max(0.0)
}

/// A falling sheet. Its texture moves with the water: it is a function of the time since leaving the lip.
pub struct Fall {
    noise: Noise,
    half_width: f32,
    z: f32,
    /// y of the lip, y of the water below.
    y: [f32; 2],
}

impl Fall {
    /// The fountain's sheet.
    pub fn fountain(noise: Noise) -> Self {
        Self { noise, half_width: HALF_WIDTH, z: FALL_Z, y: [-1.40, LEVEL] }
    }

    /// What runs over the basin's spout.
    pub fn spout(noise: Noise) -> Self {
        Self { noise, half_width: 0.12, z: 3.505, y: [-0.38, 0.0] }
    }
}

impl Motion for Fall {
    fn sheet(&self) -> Sheet {
        Sheet::Upright(self.z)
    }

    fn covers(&self, uv: Vec2) -> bool {
        uv.x.abs() < self.half_width + 0.05 && (self.y[0] - 0.02..self.y[1]).contains(&uv.y)
    }

    fn pose(&self, time: f32) -> Box<dyn Paint + '_> {
        Box::new(Falling { fall: self, time })
    }
}

struct Falling<'a> {
    fall: &'a Fall,
    time: f32,
}

impl Paint for Falling<'_> {
    fn paint(&self, uv: Vec2) -> Vec4 {
        let Fall { noise, half_width, z, y: [lip, _] } = *self.fall;
        let time = self.time;
        let drop = (uv.y - lip).max(0.0);
        // Seconds since the lip, of a slow fall: 0.35 units/s there, 1.5 units/s² on.
        let since = ((0.35f32 * 0.35 + 2.0 * 1.5 * drop).sqrt() - 0.35) / 1.5;
        let age = since - time;
        let drift = 0.03 * drop * noise.salted(4).space(Vec3::new(uv.x * 3.0, age * 2.0, time * 0.3));
        let x = uv.x + drift;
        let ropes = noise.space(Vec3::new(x * 8.5, age * 2.1, time * 0.35));
        let strands = noise.salted(1).space(Vec3::new(x * 21.0, age * 3.6, time * 0.55));
        let threads = noise.salted(2).space(Vec3::new(x * 44.0, age * 4.6, time * 0.7));
        let torn = smoothstep(0.05, 1.0, drop);
        let body = 0.5 + 0.55 * ropes + (0.28 + 0.15 * torn) * strands + 0.20 * threads;
        let edge = half_width - 0.02 * drop
            + 0.035 * noise.salted(3).space(Vec3::new(uv.x.signum() * 5.0, age * 2.6, time * 0.4));
        let within = smoothstep(0.0, 0.05, edge - uv.x.abs()) * smoothstep(-0.015, 0.02, uv.y - lip);
        let white = smoothstep(0.25, 1.15, body + 0.28 * torn);
        let alpha = within * mix(0.42, 0.97, smoothstep(0.0 + 0.2 * torn, 0.75, body));
        let tilt = Vec3::new(0.5 * ropes + 0.3 * strands, -0.45, -0.8);
        let albedo = Vec3::new(0.10, 0.19, 0.24).lerp(Vec3::new(0.86, 0.91, 0.95), white);
        (albedo * lit(Vec3::new(uv.x, uv.y, z), tilt.normalize()) * alpha).extend(alpha)
    }
}

/// The water in the basin: rings that run from the sheet's foot, small waves, foam.
pub struct Pool(Noise);

impl Pool {
    /// The pool of a noise.
    pub fn new(noise: Noise) -> Self {
        Self(noise)
    }
}

impl Motion for Pool {
    fn sheet(&self) -> Sheet {
        Sheet::Level(LEVEL)
    }

    fn covers(&self, uv: Vec2) -> bool {
        let spout = uv.x.abs() < 0.12 && (3.5..4.2).contains(&uv.y);
        spout || (uv - BASIN.0).length() < BASIN.1
    }

    fn opaque(&self) -> bool {
        true
    }

    fn pose(&self, time: f32) -> Box<dyn Paint + '_> {
        Box::new(Stirred { noise: self.0, time })
    }
}

struct Stirred {
    noise: Noise,
    time: f32,
}

impl Paint for Stirred {
    fn paint(&self, uv: Vec2) -> Vec4 {
        let Self { noise, time } = *self;
        // Nearest point of the sheet's foot.
        let foot = Vec2::new(uv.x.clamp(-HALF_WIDTH, HALF_WIDTH), FALL_Z);
        let from = uv - foot;
        let far = from.length();
        let away = from.normalize_or(Vec2::NEG_Y);
        let bearing = uv.x + 0.8 * away.x;
        let rings = noise.space(Vec3::new(bearing * 2.2, far * 8.5 - time * 2.3, time * 0.45));
        let chop = noise.salted(1).space(Vec3::new(
            uv.x * 8.0 - away.x * time * 0.5,
            uv.y * 5.0 - away.y * time * 0.7,
            time * 1.1,
        ));
        let cross = noise.salted(2).space(Vec3::new(uv.x * 15.0, uv.y * 9.0 + time * 0.5, time * 1.3));
        let strength = mix(0.75, 0.30, smoothstep(0.0, 0.9, far));
        let slope = away * rings * strength + Vec2::new(chop + 0.5 * cross, cross - 0.6 * chop) * 0.34;
        let normal = Vec3::new(-slope.x, -1.0, -slope.y).normalize();
        let point = Vec3::new(uv.x, LEVEL, uv.y);
        // Slopes that lean to the viewer mirror the dark wall, the others the bright sky: baked, as if seen from the middle.
        let mirror = smoothstep(-0.35, 0.55, -slope.y + 0.35 * slope.x);
        let deep = Vec3::new(0.012, 0.035, 0.045);
        let sky = Vec3::new(0.22, 0.21, 0.33);
        let glint = firelight(&FIRE, point) * (normal.dot((FIRE.position - point).normalize()) - 0.15).max(0.0).powi(2);
        let water = deep.lerp(sky, 0.10 + 0.75 * mirror * mirror) + 0.55 * glint;
        let froth = noise.salted(3).space(Vec3::new(
            uv.x * 11.0 - away.x * time * 1.2,
            uv.y * 7.0 - away.y * time * 1.2,
            time * 1.6,
        ));
        let foam = smoothstep(0.12, 0.75, 0.95 - 4.2 * far + 0.62 * froth + 0.2 * cross);
        let streak = smoothstep(0.45, 0.9, rings * 0.7 + froth * 0.6) * smoothstep(0.9, 0.1, far) * 0.35;
        let white = Vec3::new(0.82, 0.86, 0.9) * lit(point, normal);
        water.lerp(white, (foam + streak).min(1.0)).extend(1.0)
    }
}

/// The runnel that carries the water over the flagstones towards the viewer.
pub struct Stream(Noise);

/// Ends of the runnel, z.
const RUN: [f32; 2] = [2.3, 3.6];

impl Stream {
    /// The stream of a noise.
    pub fn new(noise: Noise) -> Self {
        Self(noise)
    }

    /// x of its middle at z, and half its width.
    fn course(z: f32) -> (f32, f32) {
        let d = RUN[1] - z;
        (0.10 * d + 0.16 * d * d, 0.15 + 0.05 * d)
    }
}

impl Motion for Stream {
    fn sheet(&self) -> Sheet {
        Sheet::Level(-0.004)
    }

    fn covers(&self, uv: Vec2) -> bool {
        let (middle, half) = Self::course(uv.y);
        (RUN[0]..RUN[1]).contains(&uv.y) && (uv.x - middle).abs() < half + 0.03
    }

    fn pose(&self, time: f32) -> Box<dyn Paint + '_> {
        Box::new(Running { noise: self.0, time })
    }
}

struct Running {
    noise: Noise,
    time: f32,
}

impl Paint for Running {
    fn paint(&self, uv: Vec2) -> Vec4 {
        let Self { noise, time } = *self;
        let (middle, half) = Stream::course(uv.y);
        let x = uv.x - middle;
        let along = RUN[1] - uv.y - time * 0.55;
        let bank = half + 0.025 * noise.salted(5).plane(Vec2::new(uv.y * 6.0, x.signum() * 3.0));
        let shore = smoothstep(0.0, 0.035, bank - x.abs()) * smoothstep(3.6, 3.47, uv.y);
        // Braids: the flow is slower at the banks, so its texture is drawn out into arrows.
        let skew = along + 0.5 * x * x / half;
        let braid = noise.space(Vec3::new(x * 9.0, skew * 4.6, time * 0.55));
        let ripple = noise.salted(1).space(Vec3::new(x * 15.0 + 0.8 * braid, skew * 10.0, time * 0.9));
        let slope = Vec2::new(0.55 * braid, 0.8 * ripple + 0.4 * braid);
        let point = Vec3::new(uv.x, 0.0, uv.y);
        let normal = Vec3::new(-slope.x, -1.0, -slope.y).normalize();
        let bright = smoothstep(0.05, 0.85, slope.y + 0.25);
        let deep = Vec3::new(0.016, 0.034, 0.042);
        let water = deep.lerp(Vec3::new(0.22, 0.24, 0.36), 0.75 * bright)
            + 0.16 * firelight(&FIRE, point) * (normal.dot((FIRE.position - point).normalize()) - 0.1).max(0.0).powi(2);
        let splash = 1.1 * smoothstep(0.30, 0.0, (uv.y - 3.46).hypot(uv.x));
        let foam =
            smoothstep(0.5, 1.1, 0.45 * ripple + 0.5 * braid + splash + 0.2 * smoothstep(0.6, 1.0, x.abs() / bank));
        let color = water.lerp(lit(point, normal) * 0.8, 0.75 * foam);
        let alpha = shore * mix(0.80, 0.95, bright);
        (color * alpha).extend(alpha)
    }
}

/// Spray above the sheet's foot.
pub struct Mist(Noise);

impl Mist {
    /// The mist of a noise.
    pub fn new(noise: Noise) -> Self {
        Self(noise)
    }

    fn density(uv: Vec2) -> f32 {
        let d = Vec2::new(uv.x / 0.72, (uv.y - LEVEL - 0.02) / if uv.y < LEVEL { 0.36 } else { 0.08 });
        (1.0 - d.length_squared()).max(0.0)
    }
}

impl Motion for Mist {
    fn sheet(&self) -> Sheet {
        Sheet::Upright(FALL_Z - 0.14)
    }

    fn covers(&self, uv: Vec2) -> bool {
        Self::density(uv) > 0.0
    }

    fn pose(&self, time: f32) -> Box<dyn Paint + '_> {
        Box::new(Drifting { noise: self.0, time })
    }
}

struct Drifting {
    noise: Noise,
    time: f32,
}

impl Paint for Drifting {
    fn paint(&self, uv: Vec2) -> Vec4 {
        let billow = self.noise.space(Vec3::new(uv.x * 4.5, uv.y * 5.0 + self.time * 0.7, self.time * 0.6));
        let alpha = 0.62 * Mist::density(uv).powf(1.2) * smoothstep(-0.55, 0.6, billow);
        let point = Vec3::new(uv.x, uv.y, FALL_Z);
        let color = lit(point, Vec3::new(0.0, -0.7, -0.7)) * 0.72;
        (color * alpha).extend(alpha)
    }
}
