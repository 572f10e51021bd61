//! Grounds: the plane y = 0, of two colours in patches of 0.5 to 1.8 m.

use super::color::linear;
use super::dice::Dice;
use super::texture::{Material, Pattern};
use super::words::Ground as GroundWord;
use crate::geometry::Ray;
use crate::noise::Noise;
use glam::{Vec2, Vec3};

/// The plane y = 0.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ground {
    material: Material,
    /// Turn of the pattern.
    turn: Vec2,
}

impl Ground {
    /// The ground of a word.
    pub fn new(word: GroundWord, dice: &mut Dice) -> Self {
        let pair = |a: [u8; 3], b: [u8; 3]| [linear(a), linear(b)];
        let checked = dice.chance(0.35);
        let (colors, pattern) = match word {
            GroundWord::Grass => (pair([96, 150, 52], [48, 100, 34]), Pattern::Patches),
            GroundWord::Sand => (pair([228, 202, 146], [184, 152, 100]), Pattern::Patches),
            GroundWord::Stone => {
                (pair([172, 168, 160], [104, 102, 100]), if checked { Pattern::Checks } else { Pattern::Slabs })
            }
            GroundWord::Snow => (pair([246, 248, 252], [196, 210, 230]), Pattern::Patches),
            // Seen only where waves are painted over it.
            GroundWord::Water => (pair([40, 84, 110], [24, 60, 88]), Pattern::Patches),
            GroundWord::Wood => {
                (pair([184, 134, 84], [112, 74, 42]), if checked { Pattern::Checks } else { Pattern::Planks })
            }
        };
        let period = if pattern == Pattern::Planks { dice.within(0.35, 0.6) } else { dice.within(0.5, 1.8) };
        let material = Material { colors, pattern, period, noise: Noise::new(dice.bits()) };
        Self { material, turn: Vec2::from_angle(dice.within(0.0, std::f32::consts::TAU)) }
    }

    /// Ray parameter where a ray meets it.
    pub fn hit(ray: &Ray) -> Option<f32> {
        let t = -ray.origin.y / ray.direction.y;
        (ray.direction.y < 0.0 && t > 0.0).then_some(t)
    }

    /// The albedo at a place, in a pixel that covers `footprint` metres.
    pub fn albedo(&self, p: Vec3, footprint: f32) -> Vec3 {
        let uv = Vec2::new(p.x * self.turn.x + p.z * self.turn.y, p.z * self.turn.x - p.x * self.turn.y);
        self.material.color(uv, footprint)
    }
}
