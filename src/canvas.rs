//! Drawings of cameras: squares with a ruler, fields of view, numbered dots, and letters of 5 × 7 cells, on an RGB image. Places are
//! in pixels, y downwards.

use image::{Rgb, RgbImage};

/// Size of a cell of a letter, in pixels.
const CELL: i64 = 2;

/// Around everything.
pub const PAPER: Rgb<u8> = Rgb([255; 3]);
/// Behind the cameras.
pub const SQUARE: Rgb<u8> = Rgb([246, 247, 250]);
/// A camera and its field of view.
pub const CAMERA: Rgb<u8> = Rgb([30, 70, 160]);
/// Text and rulers.
pub const LETTERS: Rgb<u8> = Rgb([60, 64, 72]);

/// A rectangle: left, top, right, bottom.
pub type Rectangle = [f64; 4];

/// A camera in a drawing.
#[derive(Clone, Copy, Debug)]
pub struct Dot {
    /// Its centre.
    pub at: [f64; 2],
    /// Its colour.
    pub colour: Rgb<u8>,
    /// The number beside it.
    pub number: usize,
}

/// Fills a rectangle.
pub fn fill(canvas: &mut RgbImage, [left, top, right, bottom]: Rectangle, colour: Rgb<u8>) {
    for row in top as i64..bottom as i64 {
        for column in left as i64..right as i64 {
            blend(canvas, column, row, colour, 1.0);
        }
    }
}

/// Draws dots with their numbers, the first on top. A number that finds no free place is left out.
pub fn dots(canvas: &mut RgbImage, dots: &[Dot]) {
    // Areas that a number must not cover.
    let mut taken: Vec<Rectangle> = Vec::new();
    for Dot { at: [x, y], colour, .. } in dots.iter().rev() {
        disc(canvas, [*x, *y], 7.0, PAPER);
        disc(canvas, [*x, *y], 5.5, *colour);
        taken.push([x - 7.0, y - 7.0, x + 7.0, y + 7.0]);
    }
    for Dot { at: [x, y], number, .. } in dots {
        let number = number.to_string();
        let wide = width(&number) as f64;
        // Beside, above or below the dot.
        let corners =
            [[x + 9.0, y - 7.0], [x - 8.0 - wide, y - 7.0], [x - wide / 2.0, y - 23.0], [x - wide / 2.0, y + 9.0]];
        let covers = |corner: [f64; 2]| [corner[0], corner[1], corner[0] + wide, corner[1] + 14.0];
        let meets = |a: Rectangle, b: Rectangle| a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
        let free = corners.into_iter().find(|&corner| !taken.iter().any(|&other| meets(covers(corner), other)));
        if let Some(corner) = free {
            taken.push(covers(corner));
            text(canvas, (corner[0] as i64, corner[1] as i64), &number);
        }
    }
}

/// A scale bar with its length in `unit`, in a drawing of `scale` pixels per unit.
pub fn ruler(canvas: &mut RgbImage, [left, y]: [f64; 2], scale: f64, unit: &str) {
    // 1, 2 or 5 times a power of ten, at most 200 pixels.
    let power = 10f64.powf((200.0 / scale).log10().floor());
    let length = [5.0, 2.0, 1.0].map(|times| times * power).into_iter().find(|length| length * scale <= 200.0);
    let length = length.unwrap_or(power);
    let right = left + length * scale;
    fill(canvas, [left, y, right, y + 2.0], LETTERS);
    for x in [left, right - 2.0] {
        fill(canvas, [x, y - 4.0, x + 2.0, y + 6.0], LETTERS);
    }
    let digits = (-length.log10().floor()).max(0.0) as usize;
    text(canvas, (right as i64 + 12, y as i64 - 6), &format!("{length:.digits$} {unit}"));
}

/// What a camera sees, in a plane.
#[derive(Clone, Copy, Debug)]
pub struct FieldOfView {
    /// The camera.
    pub at: [f64; 2],
    /// Where it looks: a unit vector.
    pub towards: [f64; 2],
    /// Half of the field of view, as a slope.
    pub half_width: f64,
    /// How far it is drawn, in pixels.
    pub length: f64,
    /// Its colour.
    pub colour: Rgb<u8>,
}

/// Draws a field of view, fading with distance and clipped to a rectangle.
pub fn field_of_view(canvas: &mut RgbImage, seen: &FieldOfView, [left, top, right, bottom]: Rectangle) {
    let ([x, y], [ahead_x, ahead_y]) = (seen.at, seen.towards);
    let reach = seen.length * seen.half_width.hypot(1.0);
    for row in (y - reach).max(top) as i64..(y + reach).min(bottom) as i64 {
        for column in (x - reach).max(left) as i64..(x + reach).min(right) as i64 {
            let (dx, dy) = (column as f64 + 0.5 - x, row as f64 + 0.5 - y);
            let (depth, across) = (dx * ahead_x + dy * ahead_y, (dx * ahead_y - dy * ahead_x).abs());
            if depth > 0.0 && depth < seen.length {
                let inside = (seen.half_width * depth - across + 0.5).clamp(0.0, 1.0);
                blend(canvas, column, row, seen.colour, 0.10 * inside * (1.0 - depth / seen.length));
            }
        }
    }
}

/// Draws a cross, 13 pixels wide.
pub fn cross(canvas: &mut RgbImage, [x, y]: [f64; 2], colour: Rgb<u8>) {
    for step in -6..=6 {
        for (dx, dy) in [(step, step), (step, -step), (step, step + 1), (step, 1 - step)] {
            blend(canvas, x.floor() as i64 + dx, y.floor() as i64 + dy, colour, 1.0);
        }
    }
}

/// Draws a disc with a smooth rim.
pub fn disc(canvas: &mut RgbImage, [x, y]: [f64; 2], radius: f64, colour: Rgb<u8>) {
    for row in (y - radius) as i64 - 1..=(y + radius) as i64 + 1 {
        for column in (x - radius) as i64 - 1..=(x + radius) as i64 + 1 {
            let distance = (column as f64 + 0.5 - x).hypot(row as f64 + 0.5 - y);
            blend(canvas, column, row, colour, (radius - distance + 0.5).clamp(0.0, 1.0));
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
const GLYPHS: [(char, [u8; 7]); 32] = [
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
    (',', [0b00000, 0b00000, 0b00000, 0b00000, 0b01100, 0b00100, 0b01000]),
    ('°', [0b01100, 0b10010, 0b10010, 0b01100, 0b00000, 0b00000, 0b00000]),
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
    ('p', [0b00000, 0b00000, 0b11110, 0b10001, 0b11110, 0b10000, 0b10000]),
    ('r', [0b00000, 0b00000, 0b10110, 0b11001, 0b10000, 0b10000, 0b10000]),
    ('s', [0b00000, 0b00000, 0b01110, 0b10000, 0b01110, 0b00001, 0b11110]),
    ('t', [0b01000, 0b01000, 0b11100, 0b01000, 0b01000, 0b01001, 0b00110]),
    ('u', [0b00000, 0b00000, 0b10001, 0b10001, 0b10001, 0b10011, 0b01101]),
    ('v', [0b00000, 0b00000, 0b10001, 0b10001, 0b10001, 0b01010, 0b00100]),
    ('w', [0b00000, 0b00000, 0b10001, 0b10001, 0b10101, 0b10101, 0b01010]),
    (' ', [0; 7]),
];

/// Width of a text in pixels.
fn width(words: &str) -> i64 {
    words.chars().count() as i64 * 6 * CELL
}

/// Writes from the upper left corner; letters that are not in [`GLYPHS`] are spaces.
pub fn text(canvas: &mut RgbImage, (left, top): (i64, i64), words: &str) {
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

/// Whether every letter of a text can be written.
#[cfg(test)]
pub fn can_write(words: &str) -> bool {
    words.chars().all(|letter| GLYPHS.iter().any(|glyph| glyph.0 == letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_beside_their_dots_or_nowhere() {
        let mut canvas = RgbImage::from_pixel(200, 60, PAPER);
        let dot = |x: f64, number| Dot { at: [x, 30.0], colour: CAMERA, number };
        dots(&mut canvas, &[dot(40.0, 1), dot(150.0, 8)]);
        let dark = |from: u32, to: u32| {
            (from..to).flat_map(|x| (0..60).map(move |y| (x, y))).filter(|&(x, y)| canvas[(x, y)] == LETTERS).count()
        };
        assert_eq!((dark(0, 48), dark(49, 60) > 20, dark(159, 170) > dark(49, 60)), (0, true, true));
        // In a heap there is room for some only, and never for one over another.
        let mut heap = RgbImage::from_pixel(60, 60, PAPER);
        dots(&mut heap, &[dot(30.0, 1); 20]);
        let ink = heap.pixels().filter(|pixel| **pixel == LETTERS).count();
        let mut one = RgbImage::from_pixel(60, 60, PAPER);
        text(&mut one, (20, 20), "1");
        assert_eq!(ink, 4 * one.pixels().filter(|pixel| **pixel == LETTERS).count());
    }

    #[test]
    fn every_letter_differs_from_every_other() {
        for (index, (letter, rows)) in GLYPHS.iter().enumerate() {
            assert!(GLYPHS[..index].iter().all(|other| other.0 != *letter && other.1 != *rows), "{letter}");
        }
    }
}
