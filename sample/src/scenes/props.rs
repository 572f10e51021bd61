//! Props: one to four still boxes, cylinders and cones at several depths in front of and behind the thing.

use super::dice::Dice;
use super::ids::PROP;
use super::shapes::Shape;
use super::solid::{Solid, tinted};
use super::texture::Pattern;
use super::words::Color;
use crate::noise::Noise;
use glam::{Vec2, Vec3};

/// Depths of props from the middle camera, in metres (generate-tiny §2).
const DEPTH: (f32, f32) = (1.5, 5.0);
/// Where props may stand, as tangents of the angle beside the line of sight: beside the thing, inside of the image.
const BESIDE: (f32, f32) = (0.24, 0.46);

/// The props of a scene for a middle camera at `camera_z`; nothing stands nearer to the thing than `clear`.
pub(crate) fn props(camera_z: f32, clear: f32, dice: &mut Dice) -> Vec<Solid> {
    let count = 1 + dice.below(4);
    let mut props: Vec<(Vec2, Solid)> = Vec::new();
    for attempt in 0..120 {
        if props.len() == count {
            break;
        }
        let depth = dice.within(DEPTH.0, DEPTH.1);
        let side = if attempt % 2 == 0 { 1.0 } else { -1.0 };
        let at = Vec2::new(side * depth * dice.within(BESIDE.0, BESIDE.1), camera_z - depth);
        // Near ones are small: they must not hide the rest.
        let size = dice.within(0.12, 0.3) * (0.5 + 0.2 * depth).min(1.3);
        let height = size * dice.within(1.0, 3.0);
        let kind = dice.below(3);
        let pattern = dice.pick(&[Pattern::Checks, Pattern::Patches, Pattern::Stripes, Pattern::Bricks]);
        let (color, other, noise) = (dice.pick(Color::ALL), dice.pick(Color::ALL), Noise::new(dice.bits()));
        let turn = Vec2::from_angle(dice.within(0.0, 1.57));
        let apart = props.iter().all(|(place, _)| place.distance(at) > 0.75);
        if at.length() < clear + size || !apart {
            continue;
        }
        let foot = Vec3::new(at.x, 0.0, at.y);
        let shape = match kind {
            0 => Shape::Block {
                center: foot + Vec3::Y * 0.5 * height,
                half: Vec3::new(size, 0.5 * height, size * 0.8),
                turn,
                roof: 0.0,
            },
            1 => Shape::pole(foot, height, size),
            _ => Shape::Column { foot, height: height * 1.2, radii: [size * 1.1, 0.0] },
        };
        let mut material = tinted(color.linear(), pattern, size * dice.within(0.9, 1.6), noise);
        if dice.chance(0.5) {
            material.colors[1] = other.linear();
        }
        props.push((at, Solid::new(shape, material, PROP + props.len() as u8)));
    }
    props.into_iter().map(|(_, solid)| solid).collect()
}
