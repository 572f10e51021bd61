//! Backdrops, 6 to 15 m from the middle camera: a wall, houses, the edge of a wood, hills.

use super::color::linear;
use super::dice::Dice;
use super::ids::BACKDROP;
use super::shapes::{Shape, Touch};
use super::solid::Solid;
use super::texture::{Material, Pattern, value};
use super::words::Backdrop as Word;
use crate::geometry::Ray;
use crate::noise::Noise;
use glam::{Vec2, Vec3};

/// A silhouette on an upright plane.
#[derive(Clone, Copy, Debug)]
enum Outline {
    Hills,
    Trees,
}

/// A flat backdrop.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cutout {
    outline: Outline,
    /// The plane.
    z: f32,
    colors: [Vec3; 2],
    noise: Noise,
    /// One of [`ids`](super::ids).
    pub id: u8,
}

/// All that is behind the thing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Backdrops {
    pub solids: Vec<Solid>,
    pub cutouts: Vec<Cutout>,
}

impl Backdrops {
    /// The backdrops of some words, near to far, for a middle camera at `camera_z`.
    pub fn new(words: &[Word], camera_z: f32, dice: &mut Dice) -> Self {
        let mut all = Self::default();
        for (index, word) in words.iter().enumerate() {
            let id = BACKDROP + index as u8;
            match word {
                Word::Wall => all.wall(camera_z - dice.within(6.0, 8.0), words.len() == 1, id, dice),
                Word::Houses => all.houses(camera_z - dice.within(8.0, 10.0), id, dice),
                Word::Trees => all.trees(camera_z - dice.within(10.0, 12.0), id, dice),
                Word::Hills => {
                    let colors = dice.pick(&[
                        [[92, 124, 70], [58, 92, 56]],
                        [[132, 126, 84], [96, 88, 60]],
                        [[104, 116, 122], [74, 88, 98]],
                    ]);
                    let noise = Noise::new(dice.bits());
                    let (z, colors) = (camera_z - dice.within(13.0, 15.0), colors.map(linear));
                    all.cutouts.push(Cutout { outline: Outline::Hills, z, colors, noise, id });
                }
            }
        }
        all
    }

    fn wall(&mut self, z: f32, alone: bool, id: u8, dice: &mut Dice) {
        // What is farther must show above it.
        let height = if alone { dice.within(1.9, 2.5) } else { dice.within(0.85, 1.15) };
        let colors = dice.pick(&[
            [[158, 84, 62], [196, 186, 172]],
            [[150, 144, 136], [96, 94, 92]],
            [[206, 186, 150], [150, 130, 102]],
        ]);
        let noise = Noise::new(dice.bits());
        let bricks =
            Material { colors: colors.map(linear), pattern: Pattern::Bricks, period: dice.within(0.9, 1.3), noise };
        let block = |y: [f32; 2], half_z: f32| Shape::Block {
            center: Vec3::new(0.0, 0.5 * (y[0] + y[1]), z),
            half: Vec3::new(40.0, 0.5 * (y[1] - y[0]), half_z),
            turn: Vec2::X,
            roof: 0.0,
        };
        let coping = Material { colors: bricks.colors.map(|c| c * 0.8), pattern: Pattern::Patches, ..bricks };
        self.solids.push(Solid::new(block([0.0, height], 0.15), bricks, id));
        self.solids.push(Solid::new(block([height, height + 0.1], 0.22), coping, id));
    }

    fn houses(&mut self, z: f32, id: u8, dice: &mut Dice) {
        let mut x = -9.0 + dice.within(0.0, 1.0);
        while x < 9.0 {
            let half = Vec3::new(dice.within(0.9, 1.5), dice.within(0.8, 1.25), dice.within(0.8, 1.1));
            let walls =
                dice.pick(&[[226, 214, 190], [206, 150, 120], [190, 200, 206], [222, 190, 120], [170, 110, 92]]);
            let noise = Noise::new(dice.bits());
            let facade = Material {
                colors: [linear(walls), linear([58, 66, 84])],
                pattern: Pattern::Windows,
                period: 1.15,
                noise,
            };
            let tiles = dice.pick(&[[[160, 70, 50], [116, 48, 38]], [[92, 92, 100], [64, 64, 72]]]);
            let roof = Material { colors: tiles.map(linear), pattern: Pattern::Planks, period: 0.4, noise };
            let shape = Shape::Block {
                center: Vec3::new(x + half.x, half.y, z + dice.within(-0.4, 0.4)),
                half,
                // The ridge along the row, or towards the viewer.
                turn: Vec2::from_angle(dice.within(-0.25, 0.25) + if dice.chance(0.4) { 1.57 } else { 0.0 }),
                roof: dice.within(0.7, 1.1),
            };
            self.solids.push(Solid::new(shape, facade, id).with_top(roof));
            x += 2.0 * half.x + dice.within(0.3, 1.3);
        }
    }

    fn trees(&mut self, z: f32, id: u8, dice: &mut Dice) {
        let colors =
            dice.pick(&[[[70, 118, 52], [34, 68, 34]], [[52, 96, 62], [26, 56, 42]], [[190, 128, 48], [120, 70, 32]]]);
        for behind in [0.0, 1.3] {
            let noise = Noise::new(dice.bits());
            let colors = colors.map(|color| linear(color) * (1.0 - 0.2 * behind));
            self.cutouts.push(Cutout { outline: Outline::Trees, z: z - behind, colors, noise, id });
        }
    }
}

impl Cutout {
    /// Where a ray meets it, and its albedo there in a pixel that covers `footprint` metres a metre away.
    pub fn hit(&self, ray: &Ray, limit: f32, footprint: f32) -> Option<(Touch, Vec3)> {
        let t = (self.z - ray.origin.z) / ray.direction.z;
        if ray.direction.z >= 0.0 || t >= limit {
            return None;
        }
        let p = ray.at(t);
        let highest = match self.outline {
            Outline::Hills => 4.8,
            Outline::Trees => 5.2,
        };
        if !(0.0..highest).contains(&p.y) {
            return None;
        }
        let uv = Vec2::new(p.x, p.y);
        let albedo = match self.outline {
            Outline::Hills => self.hills(uv, t * footprint),
            Outline::Trees => self.trees(uv, t * footprint),
        }?;
        Some((Touch { t, normal: Vec3::new(0.0, 0.45, 0.893), uv, top: false }, albedo))
    }

    fn hills(&self, p: Vec2, footprint: f32) -> Option<Vec3> {
        let noise = self.noise;
        let height = |x: f32| {
            0.7 + 3.6 * value(noise, Vec2::new(x * 0.17, 0.5)) + 0.5 * value(noise.salted(1), Vec2::new(x * 0.6, 7.5))
        };
        let top = height(p.x);
        if p.y > top {
            return None;
        }
        // Slopes that face left are darker: the hills look round.
        let slope = (height(p.x + 0.5) - height(p.x - 0.5)).clamp(-1.0, 1.0);
        let material = Material { colors: self.colors, pattern: Pattern::Patches, period: 1.3, noise: noise.salted(2) };
        let uv = Vec2::new(p.x, p.y * 1.6 + 0.5 * slope);
        Some(material.color(uv, footprint) * (1.0 - 0.28 * slope) * (0.82 + 0.25 * p.y / top))
    }

    fn trees(&self, p: Vec2, footprint: f32) -> Option<Vec3> {
        const APART: f32 = 1.7;
        let noise = self.noise;
        let middle = (p.x / APART).floor() as i32;
        let mut found = None;
        for cell in [middle - 1, middle + 1, middle] {
            let random = |salt: i32| noise.uniform(cell, 0, salt);
            let foot = (cell as f32 + 0.25 + 0.5 * random(0)) * APART;
            let (height, wide) = (2.6 + 1.9 * random(1), 0.75 + 0.4 * random(2));
            let (x, y) = (p.x - foot, p.y / height);
            let crown = if random(3) < 0.45 {
                // A fir.
                (x.abs() / wide - (1.0 - y) * 1.15).max(0.16 - y)
            } else {
                Vec2::new(x / wide, (y - 0.64) / 0.36).length() - 1.0
            };
            // Ragged by up to 0.13.
            let inside = crown < 0.13 && {
                let noise = 0.16 * value(noise.salted(7), p * 3.1) + 0.1 * value(noise.salted(8), p * 8.3);
                crown < noise - 0.13
            };
            if inside {
                let material =
                    Material { colors: self.colors, pattern: Pattern::Patches, period: 0.6, noise: noise.salted(9) };
                let light = 0.75 + 0.3 * random(4) + 0.28 * (x / wide) + 0.2 * (y - 0.6);
                found = Some(material.color(p, footprint) * light.max(0.2));
            } else if found.is_none() && x.abs() < 0.09 && y < 0.5 {
                found = Some(linear([84, 62, 44]));
            }
        }
        found
    }
}
