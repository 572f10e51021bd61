//! Water as ground: the sum of sines shades a flat surface; each sine moves by whole wavelengths in a clip.

use crate::geometry::Ray;
use crate::noise::{Noise, smoothstep};
use crate::scenes::color::linear;
use crate::scenes::dice::Dice;
use crate::scenes::ground::Ground;
use crate::scenes::ids::GROUND;
use crate::scenes::moving::{Bound, Layers, Moving, Posed};
use crate::scenes::sky::Sky;
use crate::scenes::texture::value;
use glam::{Vec2, Vec3};
use std::f32::consts::TAU;

/// Strength of the waves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Swell {
    /// A pond that other things stand on.
    Calm,
    /// Waves that are the subject.
    High,
}

/// One sine.
#[derive(Clone, Copy)]
struct Wave {
    /// Radians per metre.
    number: Vec2,
    /// Height in metres.
    height: f32,
    /// Whole periods in a clip.
    times: u32,
    start: f32,
}

/// Water as ground.
pub(crate) struct Sea {
    waves: [Wave; 3],
    sky: Sky,
    deep: Vec3,
    foam: Vec3,
    /// Height above which a crest has foam.
    crest: f32,
    noise: Noise,
}

impl Sea {
    /// Water of an albedo under a sky.
    pub fn new(swell: Swell, color: Vec3, sky: &Sky, times: u32, dice: &mut Dice) -> Self {
        let mut to = dice.within(0.0, TAU);
        let mut lengths = [1.5, 0.85, 0.42].map(|length| length * dice.within(0.85, 1.2));
        if swell == Swell::Calm {
            lengths = lengths.map(|length| length * 0.62);
        }
        let steep = if swell == Swell::High { 0.032 } else { 0.017 };
        let waves = [0, 1, 2].map(|i: usize| {
            to += dice.within(0.7, 1.3);
            // Short waves are slower in metres, and no slower in periods.
            let times = times + u32::from(i == 2 && times < 3);
            let number = Vec2::from_angle(to) * (TAU / lengths[i]);
            Wave { number, height: steep * lengths[i], times, start: dice.within(0.0, 1.0) }
        });
        let crest = waves.iter().map(|wave| wave.height).sum::<f32>() * if swell == Swell::High { 0.45 } else { 2.0 };
        let light = sky.light;
        let deep = light.shade(color * 0.55, Vec3::Y, 0.8);
        let foam = light.shade(linear([240, 246, 250]), Vec3::Y, 0.9);
        Self { waves, sky: sky.clone(), deep, foam, crest, noise: Noise::new(dice.bits()) }
    }
}

struct Rolling<'a> {
    sea: &'a Sea,
    /// Angle of each wave.
    angles: [f32; 3],
}

impl Moving for Sea {
    fn parts(&self) -> Vec<Bound> {
        vec![Bound::Ground]
    }

    fn pose(&self, phase: f32) -> Box<dyn Posed + '_> {
        let angle = |wave: &Wave| {
            let turns = wave.times as f32 * phase;
            (wave.start - (turns - turns.floor())) * TAU
        };
        Box::new(Rolling { sea: self, angles: [0, 1, 2].map(|i: usize| angle(&self.waves[i])) })
    }
}

impl Posed for Rolling<'_> {
    fn paint(&self, _part: usize, ray: &Ray, layers: &mut Layers) {
        let Some(t) = Ground::hit(ray) else { return };
        let sea = self.sea;
        let p = ray.at(t);
        let place = Vec2::new(p.x, p.z);
        let length = ray.direction.length();
        // Waves shorter than four pixels are flat; far away a pixel is long.
        let footprint = layers.pixel * t * length / (ray.direction.y / length).abs().max(0.02);
        let (mut height, mut slope) = (0.0, Vec2::ZERO);
        for (wave, start) in sea.waves.iter().zip(self.angles) {
            let short = TAU / wave.number.length() / footprint;
            let kept = smoothstep(1.5, 4.0, short);
            if kept > 0.0 {
                let (sin, cos) = (wave.number.dot(place) + start).sin_cos();
                height += kept * wave.height * sin;
                slope += wave.number * (kept * wave.height * cos);
            }
        }
        let normal = Vec3::new(-slope.x, 1.0, -slope.y).normalize();
        let view = ray.direction / length;
        let facing = (-view.dot(normal)).clamp(0.0, 1.0);
        let reflected = view - normal * (2.0 * view.dot(normal));
        // Schlick's approximation for water.
        let left = 1.0 - facing;
        let mirror = 0.04 + 0.96 * left * left * left * left * left;
        let light = &sea.sky.light;
        let glint = reflected.dot(light.sun).max(0.0).powi(60);
        // Crests let more light through than troughs.
        let body = sea.deep * (1.0 + 7.0 * height);
        let color = body.lerp(sea.sky.reflected(reflected.y), mirror) + light.sun_color * (0.9 * glint);
        let color = if height > 0.4 * sea.crest {
            let patches = value(sea.noise.salted(1), place * 3.0) - 0.5;
            let bubbles = value(sea.noise, place * 9.0) - 0.5;
            let foam = smoothstep(sea.crest, sea.crest * 1.6, height * (1.0 + 1.2 * patches + 0.9 * bubbles));
            color.lerp(sea.foam, 0.75 * foam)
        } else {
            color
        };
        let color = sea.sky.hazed(color, t * length);
        layers.push(t, color.extend(1.0), GROUND);
    }
}
