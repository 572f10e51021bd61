//! A drawing of the cameras of a capture: from the front, as seen from the scene, and from above, with their fields of view.

use image::{Rgb, RgbImage};
use loop3d_capture::{PosedCapture, Spread};

/// Size of the drawing and of its two squares, in pixels.
const SIZE: (u32, u32) = (1200, 660);
const SQUARE: f64 = 540.0;
/// Left edges of the squares, and their upper edge.
const LEFT: [f64; 2] = [40.0, 620.0];
const TOP: f64 = 60.0;
/// Space for the cameras in a square; the rest is for their fields of view.
const ROOM: [f64; 2] = [420.0, 300.0];
/// Length of a drawn field of view, in pixels.
const LOOK: f64 = 150.0;
/// Size of a cell of a letter, in pixels.
const CELL: i64 = 2;

const PAPER: Rgb<u8> = Rgb([255; 3]);
const SQUARES: Rgb<u8> = Rgb([246, 247, 250]);
const CAMERA: Rgb<u8> = Rgb([30, 70, 160]);
const LETTERS: Rgb<u8> = Rgb([60, 64, 72]);

/// What the drawing needs to know about a camera.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// Right, down, forward of the average camera; the nearest depth of the scene is 1.
    pub place: [f64; 3],
    /// Viewing direction, a unit vector.
    pub forward: [f64; 3],
    /// Half of the horizontal field of view, as a slope.
    pub half_width: f64,
}

/// The cameras of a capture.
pub fn cameras(posed: &PosedCapture) -> Vec<Seen> {
    let places = Spread::of(posed).positions;
    let seen = |(place, view): (&[f64; 3], &loop3d_capture::PosedView)| Seen {
        place: *place,
        forward: view.camera.world_from_camera.matrix3.z_axis.to_array(),
        half_width: f64::from(view.camera.width) / 2.0 / view.camera.focal_px.x,
    };
    places.iter().zip(&posed.views).map(seen).collect()
}

/// Draws cameras, each with its index.
pub fn draw(cameras: &[Seen]) -> RgbImage {
    let mut canvas = RgbImage::from_pixel(SIZE.0, SIZE.1, PAPER);
    for (square, title) in ["from the front", "from above"].into_iter().enumerate() {
        let left = LEFT[square];
        fill(&mut canvas, [left, TOP, left + SQUARE, TOP + SQUARE], SQUARES);
        text(&mut canvas, (left as i64, 30), title);
        let above = square == 1;
        let flat = |camera: &Seen| [camera.place[0], if above { -camera.place[2] } else { camera.place[1] }];
        let (middle, scale) = frame(cameras.iter().map(flat));
        // Seen from above, cameras look up: they are in the lower part.
        let centre = [left + SQUARE / 2.0, TOP + SQUARE * if above { 0.68 } else { 0.5 }];
        let at = |camera: &Seen| {
            let place = flat(camera);
            [0, 1].map(|axis| centre[axis] + scale * (place[axis] - middle[axis]))
        };
        ruler(&mut canvas, left, scale);
        if above {
            let inside = [left, TOP, left + SQUARE, TOP + SQUARE];
            cameras.iter().for_each(|camera| look(&mut canvas, at(camera), camera, inside));
        }
        // Areas that a number must not cover: left, top, right, bottom.
        let mut taken: Vec<[f64; 4]> = Vec::new();
        for [x, y] in cameras.iter().map(at) {
            disc(&mut canvas, [x, y], 7.0, PAPER);
            disc(&mut canvas, [x, y], 5.5, CAMERA);
            taken.push([x - 7.0, y - 7.0, x + 7.0, y + 7.0]);
        }
        for (index, [x, y]) in cameras.iter().map(at).enumerate() {
            let number = index.to_string();
            let wide = (number.len() as i64 * 6 * CELL) as f64;
            // Beside, above or below the dot; left out if no place is free.
            let corners =
                [[x + 9.0, y - 7.0], [x - 8.0 - wide, y - 7.0], [x - wide / 2.0, y - 23.0], [x - wide / 2.0, y + 9.0]];
            let covers = |corner: [f64; 2]| [corner[0], corner[1], corner[0] + wide, corner[1] + 14.0];
            let meets = |a: [f64; 4], b: [f64; 4]| a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
            let free = corners.into_iter().find(|&corner| !taken.iter().any(|&other| meets(covers(corner), other)));
            if let Some(corner) = free {
                taken.push(covers(corner));
                text(&mut canvas, (corner[0] as i64, corner[1] as i64), &number);
            }
        }
    }
    canvas
}

/// Centre of the places, and the scale in pixels per unit at which all of them fit.
fn frame(places: impl Iterator<Item = [f64; 2]> + Clone) -> ([f64; 2], f64) {
    let ends = |axis: usize| {
        let values = places.clone().map(move |place| place[axis]);
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), value| (least.min(value), most.max(value)))
    };
    let ends = [ends(0), ends(1)];
    let fits = [0, 1].map(|axis| ROOM[axis] / (ends[axis].1 - ends[axis].0).max(1e-9));
    (ends.map(|(least, most)| (least + most) / 2.0), fits[0].min(fits[1]))
}

/// A scale bar below a square, with its length.
fn ruler(canvas: &mut RgbImage, left: f64, scale: f64) {
    // 1, 2 or 5 times a power of ten, at most 200 pixels.
    let power = 10f64.powf((200.0 / scale).log10().floor());
    let length = [5.0, 2.0, 1.0].map(|times| times * power).into_iter().find(|length| length * scale <= 200.0);
    let length = length.unwrap_or(power);
    let (y, right) = (TOP + SQUARE + 18.0, left + length * scale);
    fill(canvas, [left, y, right, y + 2.0], LETTERS);
    for x in [left, right - 2.0] {
        fill(canvas, [x, y - 4.0, x + 2.0, y + 6.0], LETTERS);
    }
    let digits = (-length.log10().floor()).max(0.0) as usize;
    text(canvas, (right as i64 + 12, y as i64 - 6), &format!("{length:.digits$} of the nearest distance"));
}

/// The field of view of a camera, fading with distance and clipped to a square (left, top, right, bottom).
fn look(canvas: &mut RgbImage, [x, y]: [f64; 2], camera: &Seen, [left, top, right, bottom]: [f64; 4]) {
    let flat = camera.forward[0].hypot(camera.forward[2]).max(1e-9);
    let (ahead, aside) = (camera.forward[2] / flat, camera.forward[0] / flat);
    let reach = LOOK * camera.half_width.hypot(1.0);
    for row in (y - reach).max(top) as i64..(y + reach).min(bottom) as i64 {
        for column in (x - reach).max(left) as i64..(x + reach).min(right) as i64 {
            let (dx, dy) = (column as f64 + 0.5 - x, y - row as f64 - 0.5);
            let (depth, across) = (dx * aside + dy * ahead, (dx * ahead - dy * aside).abs());
            if depth > 0.0 && depth < LOOK {
                let inside = (camera.half_width * depth - across + 0.5).clamp(0.0, 1.0);
                blend(canvas, column, row, CAMERA, 0.10 * inside * (1.0 - depth / LOOK));
            }
        }
    }
}

fn disc(canvas: &mut RgbImage, [x, y]: [f64; 2], radius: f64, colour: Rgb<u8>) {
    for row in (y - radius) as i64 - 1..=(y + radius) as i64 + 1 {
        for column in (x - radius) as i64 - 1..=(x + radius) as i64 + 1 {
            let distance = (column as f64 + 0.5 - x).hypot(row as f64 + 0.5 - y);
            blend(canvas, column, row, colour, (radius - distance + 0.5).clamp(0.0, 1.0));
        }
    }
}

/// Left, top, right, bottom.
fn fill(canvas: &mut RgbImage, [left, top, right, bottom]: [f64; 4], colour: Rgb<u8>) {
    for row in top as i64..bottom as i64 {
        for column in left as i64..right as i64 {
            blend(canvas, column, row, colour, 1.0);
        }
    }
}

fn blend(canvas: &mut RgbImage, x: i64, y: i64, colour: Rgb<u8>, opacity: f64) {
    let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y)) else { return };
    if let Some(pixel) = canvas.get_pixel_mut_checked(x, y) {
        for (value, new) in pixel.0.iter_mut().zip(colour.0) {
            *value = (f64::from(*value) + opacity * (f64::from(new) - f64::from(*value))).round() as u8;
        }
    }
}

/// The letters in use, 5 × 7 cells each, rows from the top.
const GLYPHS: [(char, [u8; 7]); 26] = [
    ('0', [0b01110, 0b10001, 0b10011, 0b10101, 0b11001, 0b10001, 0b01110]),
    ('1', [0b00100, 0b01100, 0b00100, 0b00100, 0b00100, 0b00100, 0b01110]),
    ('2', [0b01110, 0b10001, 0b00001, 0b00010, 0b00100, 0b01000, 0b11111]),
    ('3', [0b11111, 0b00010, 0b00100, 0b00010, 0b00001, 0b10001, 0b01110]),
    ('4', [0b00010, 0b00110, 0b01010, 0b10010, 0b11111, 0b00010, 0b00010]),
    ('5', [0b11111, 0b10000, 0b11110, 0b00001, 0b00001, 0b10001, 0b01110]),
    ('6', [0b00110, 0b01000, 0b10000, 0b11110, 0b10001, 0b10001, 0b01110]),
    ('7', [0b11111, 0b00001, 0b00010, 0b00100, 0b01000, 0b01000, 0b01000]),
    ('8', [0b01110, 0b10001, 0b10001, 0b01110, 0b10001, 0b10001, 0b01110]),
    ('9', [0b01110, 0b10001, 0b10001, 0b01111, 0b00001, 0b00010, 0b01100]),
    ('.', [0b00000, 0b00000, 0b00000, 0b00000, 0b00000, 0b01100, 0b01100]),
    ('a', [0b00000, 0b00000, 0b01110, 0b00001, 0b01111, 0b10001, 0b01111]),
    ('b', [0b10000, 0b10000, 0b10110, 0b11001, 0b10001, 0b10001, 0b11110]),
    ('c', [0b00000, 0b00000, 0b01110, 0b10000, 0b10000, 0b10001, 0b01110]),
    ('d', [0b00001, 0b00001, 0b01101, 0b10011, 0b10001, 0b10001, 0b01111]),
    ('e', [0b00000, 0b00000, 0b01110, 0b10001, 0b11111, 0b10000, 0b01110]),
    ('f', [0b00110, 0b01001, 0b01000, 0b11100, 0b01000, 0b01000, 0b01000]),
    ('h', [0b10000, 0b10000, 0b10110, 0b11001, 0b10001, 0b10001, 0b10001]),
    ('i', [0b00100, 0b00000, 0b01100, 0b00100, 0b00100, 0b00100, 0b01110]),
    ('m', [0b00000, 0b00000, 0b11010, 0b10101, 0b10101, 0b10101, 0b10101]),
    ('n', [0b00000, 0b00000, 0b10110, 0b11001, 0b10001, 0b10001, 0b10001]),
    ('o', [0b00000, 0b00000, 0b01110, 0b10001, 0b10001, 0b10001, 0b01110]),
    ('r', [0b00000, 0b00000, 0b10110, 0b11001, 0b10000, 0b10000, 0b10000]),
    ('s', [0b00000, 0b00000, 0b01110, 0b10000, 0b01110, 0b00001, 0b11110]),
    ('t', [0b01000, 0b01000, 0b11100, 0b01000, 0b01000, 0b01001, 0b00110]),
    ('v', [0b00000, 0b00000, 0b10001, 0b10001, 0b10001, 0b01010, 0b00100]),
];

/// Writes from the upper left corner; letters that are not in [`GLYPHS`] are spaces.
fn text(canvas: &mut RgbImage, (left, top): (i64, i64), words: &str) {
    for (place, letter) in (0i64..).zip(words.chars()) {
        let rows = GLYPHS.iter().find(|glyph| glyph.0 == letter).map_or([0; 7], |glyph| glyph.1);
        for (row, bits) in (0i64..).zip(rows) {
            for column in (0..5).filter(|column| bits >> (4 - column) & 1 == 1) {
                let (x, y) = (left + (place * 6 + column) * CELL, top + row * CELL);
                fill(canvas, [x, y, x + CELL, y + CELL].map(|at| at as f64), LETTERS);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cameras_are_drawn_in_place_and_look_forward() {
        let place = |x, y, z| Seen { place: [x, y, z], forward: [0.0, 0.0, 1.0], half_width: 0.5 };
        // 0.4 wide, 0.2 high; the last farther forward.
        let drawn = draw(&[place(-0.2, -0.1, 0.0), place(0.2, -0.1, 0.0), place(0.2, 0.1, 0.1)]);
        // 420 pixels for 0.4, about the middle of the left square.
        for (x, y) in [(100, 225), (520, 225), (520, 435)] {
            assert_eq!(*drawn.get_pixel(x, y), CAMERA, "{x} {y}");
        }
        // From above: the last is 105 pixels higher; fields of view are in front of the cameras, never behind.
        let middle = (TOP + SQUARE * 0.68) as u32;
        for (x, y) in [(680, middle + 52), (1100, middle - 53)] {
            assert_eq!(*drawn.get_pixel(x, y), CAMERA, "{x} {y}");
        }
        let seen = drawn.get_pixel(680, middle + 20).0;
        assert!(seen[0] < SQUARES.0[0] && seen[0] > 200, "{seen:?}");
        assert_eq!(*drawn.get_pixel(680, middle + 70), SQUARES);
        // The ruler: 0.1 of 1050 pixels a unit.
        let dark = |x: u32| *drawn.get_pixel(x, 618) == LETTERS;
        assert!(dark(40) && dark(144) && !dark(148));
    }
}
