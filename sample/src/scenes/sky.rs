//! Skies: what is seen above the horizon, and the light that it gives.

use super::dice::Dice;
use super::words::Sky as SkyWord;
use crate::noise::{Noise, smoothstep};
use glam::{Vec2, Vec3, Vec4};

/// Texels along a side of the tile of clouds.
const TILE: usize = 128;

/// The light of the sky on surfaces.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Light {
    /// Unit vector towards the sun or the moon.
    pub sun: Vec3,
    /// Its light on a surface that faces it, linear RGB.
    pub sun_color: Vec3,
    /// Light on a surface that faces up.
    pub above: Vec3,
    /// Light on a surface that faces down.
    pub below: Vec3,
}

impl Light {
    /// Light that a surface sends out; `sunlit` is how much of the sun reaches it.
    pub fn shade(&self, albedo: Vec3, normal: Vec3, sunlit: f32) -> Vec3 {
        let dome = self.below.lerp(self.above, 0.5 + 0.5 * normal.y);
        albedo * (dome + self.sun_color * (normal.dot(self.sun).max(0.0) * sunlit))
    }
}

/// Haze: it hides two thirds of what is at its distance behind a colour.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Haze {
    distance: f32,
    color: Vec3,
}

impl Haze {
    /// A premultiplied colour behind so many metres of it.
    pub fn over(&self, paint: Vec4, distance: f32) -> Vec4 {
        let clear = (-distance / self.distance).exp();
        (paint.truncate() * clear + self.color * (paint.w * (1.0 - clear))).extend(paint.w)
    }
}

/// A sky.
#[derive(Clone, Debug)]
pub(crate) struct Sky {
    /// Straight up and at the horizon, linear RGB.
    colors: [Vec3; 2],
    /// The light that it gives.
    pub light: Light,
    /// The haze before what is far.
    pub haze: Haze,
    stars: Option<Noise>,
    clouds: Option<Clouds>,
}

/// A layer of clouds: a periodic tile of coverage.
#[derive(Clone, Debug)]
struct Clouds {
    cover: Vec<f32>,
    color: Vec3,
    /// Tiles that the layer moves by in a clip.
    drift: Vec2,
    from: Vec2,
}

/// What the word of a sky stands for. Colours are linear RGB.
struct Preset {
    zenith: [f32; 3],
    horizon: [f32; 3],
    /// Height of the sun, against a distance of about one.
    sun: f32,
    sun_color: [f32; 3],
    /// Light from above.
    above: [f32; 3],
    /// Light from below, as a part of the horizon's colour.
    below: f32,
    /// Distance in metres at which haze hides most of a thing.
    haze: f32,
}

fn preset(word: SkyWord) -> Preset {
    match word {
        SkyWord::Noon => Preset {
            zenith: [0.10, 0.27, 0.72],
            horizon: [0.48, 0.66, 0.90],
            sun: 1.5,
            sun_color: [1.05, 1.0, 0.9],
            above: [0.40, 0.48, 0.62],
            below: 0.20,
            haze: 70.0,
        },
        SkyWord::Clouds => Preset {
            zenith: [0.13, 0.29, 0.66],
            horizon: [0.55, 0.66, 0.80],
            sun: 1.3,
            sun_color: [0.80, 0.78, 0.72],
            above: [0.46, 0.50, 0.58],
            below: 0.24,
            haze: 60.0,
        },
        SkyWord::Dawn => Preset {
            zenith: [0.22, 0.24, 0.55],
            horizon: [0.95, 0.55, 0.55],
            sun: 0.55,
            sun_color: [0.90, 0.58, 0.48],
            above: [0.34, 0.32, 0.46],
            below: 0.16,
            haze: 40.0,
        },
        SkyWord::Dusk => Preset {
            zenith: [0.10, 0.10, 0.30],
            horizon: [0.98, 0.36, 0.08],
            sun: 0.45,
            sun_color: [0.95, 0.45, 0.18],
            above: [0.26, 0.23, 0.34],
            below: 0.12,
            haze: 45.0,
        },
        SkyWord::Night => Preset {
            zenith: [0.004, 0.007, 0.025],
            horizon: [0.03, 0.045, 0.11],
            sun: 1.2,
            sun_color: [0.14, 0.16, 0.22],
            above: [0.085, 0.10, 0.165],
            below: 0.02,
            haze: 60.0,
        },
        SkyWord::Fog => Preset {
            zenith: [0.60, 0.63, 0.66],
            horizon: [0.68, 0.70, 0.72],
            sun: 1.6,
            sun_color: [0.12, 0.12, 0.12],
            above: [0.62, 0.64, 0.67],
            below: 0.35,
            haze: 9.0,
        },
    }
}

impl Sky {
    /// The sky of a word.
    pub fn new(word: SkyWord, dice: &mut Dice) -> Self {
        let side = dice.within(-1.0, 1.0);
        let sun = |height: f32| Vec3::new(0.75 * side.signum() * (0.5 + side.abs()), height, 0.55).normalize();
        let preset = preset(word);
        let [zenith, horizon, sun_color, above] =
            [preset.zenith, preset.horizon, preset.sun_color, preset.above].map(Vec3::from_array);
        let (sun, haze) = (sun(preset.sun), preset.haze);
        let below = horizon * preset.below + Vec3::new(0.02, 0.02, 0.015) * f32::from(u8::from(word != SkyWord::Night));
        let noise = Noise::new(dice.bits());
        let mut sky = Self {
            colors: [zenith, horizon],
            light: Light { sun, sun_color, above, below },
            haze: Haze { distance: haze, color: horizon },
            stars: (word == SkyWord::Night).then_some(noise),
            clouds: None,
        };
        if word == SkyWord::Clouds {
            sky.cover(noise, Vec3::ONE, Vec2::ZERO);
        }
        sky
    }

    /// Covers it with clouds that drift by whole tiles in a clip.
    pub fn cover(&mut self, noise: Noise, tint: Vec3, drift: Vec2) {
        let light = self.light;
        let color = tint * (light.above * 0.9 + light.sun_color * 0.62 + self.colors[1] * 0.15 + 0.03);
        self.clouds = Some(Clouds { cover: tile(noise), color, drift, from: Vec2::new(noise.uniform(1, 2, 3), 0.3) });
    }

    /// The colour in a direction; `phase` is the time in clips. Clouds lie on a plane far above.
    pub fn color(&self, direction: Vec3, phase: f32) -> Vec3 {
        let d = direction.normalize();
        let up = d.y.max(0.0);
        let mut color = self.colors[1].lerp(self.colors[0], 1.0 - (1.0 - up.min(1.0)).powi(3));
        let glow = d.dot(self.light.sun).max(0.0);
        let glow = glow * glow;
        color += self.light.sun_color * (0.22 * glow * glow * glow);
        if let Some(noise) = self.stars {
            color += stars(noise, d);
        }
        let Some(clouds) = &self.clouds else { return color };
        let p = Vec2::new(d.x, d.z) * (0.22 / (up + 0.16)) + clouds.from + clouds.drift * phase;
        let cover = sample(&clouds.cover, p) * smoothstep(0.0, 0.07, up);
        // The lower side of thick clouds is darker.
        color.lerp(clouds.color * (1.12 - 0.34 * cover), cover)
    }

    /// The colour that a surface at a distance has behind the haze.
    pub fn hazed(&self, color: Vec3, distance: f32) -> Vec3 {
        self.haze.over(color.extend(1.0), distance).truncate()
    }

    /// The colour that calm water reflects: the sky without clouds and stars.
    pub fn reflected(&self, up: f32) -> Vec3 {
        let left = 1.0 - up.clamp(0.0, 1.0);
        self.colors[0].lerp(self.colors[1], left * left * left)
    }
}

/// Stars: one in some cells of a grid of directions.
fn stars(noise: Noise, d: Vec3) -> Vec3 {
    let p = Vec2::new(d.x.atan2(-d.z), d.y) * 26.0;
    let cell = p.floor();
    let (x, y) = (cell.x as i32, cell.y as i32);
    if noise.uniform(x, y, 0) < 0.72 {
        return Vec3::ZERO;
    }
    let center = cell + Vec2::new(0.25 + 0.5 * noise.uniform(x, y, 1), 0.25 + 0.5 * noise.uniform(x, y, 2));
    let bright = 0.25 + 0.75 * noise.uniform(x, y, 3);
    Vec3::new(0.9, 0.93, 1.0) * (bright * smoothstep(0.2, 0.05, (p - center).length()))
}

/// Coverage of a tile that repeats: octaves of value noise on lattices that wrap.
fn tile(noise: Noise) -> Vec<f32> {
    let wrapped = |p: Vec2, cells: i32, salt: u32| {
        let corner = p.floor();
        let f = p - corner;
        let f = f * f * (Vec2::splat(3.0) - 2.0 * f);
        let at = |dx: i32, dy: i32| {
            let (x, y) = (corner.x as i32 + dx, corner.y as i32 + dy);
            noise.salted(salt).uniform(x.rem_euclid(cells), y.rem_euclid(cells), 6)
        };
        let low = at(0, 0) + (at(1, 0) - at(0, 0)) * f.x;
        let high = at(0, 1) + (at(1, 1) - at(0, 1)) * f.x;
        low + (high - low) * f.y
    };
    let texel = |i: usize| {
        let p = Vec2::new((i % TILE) as f32, (i / TILE) as f32) / TILE as f32;
        let sum: f32 = [(4, 0.52), (8, 0.26), (16, 0.14), (32, 0.08)]
            .iter()
            .enumerate()
            .map(|(octave, (cells, gain))| gain * wrapped(p * *cells as f32, *cells, octave as u32))
            .sum();
        smoothstep(0.46, 0.66, sum)
    };
    (0..TILE * TILE).map(texel).collect()
}

/// A tile between its texels, in tiles.
fn sample(tile: &[f32], p: Vec2) -> f32 {
    let p = (p - p.floor()) * TILE as f32;
    let corner = p.floor();
    let f = p - corner;
    let (x, y) = (corner.x as usize % TILE, corner.y as usize % TILE);
    let (right, down) = ((x + 1) % TILE, (y + 1) % TILE);
    let low = tile[y * TILE + x] + (tile[y * TILE + right] - tile[y * TILE + x]) * f.x;
    let high = tile[down * TILE + x] + (tile[down * TILE + right] - tile[down * TILE + x]) * f.x;
    low + (high - low) * f.y
}
