//! Where the cameras of a capture stand and look: as figures, as text and as a picture.

use crate::load::PosedCapture;
use glam::DVec3;
use image::{Rgb, RgbImage};

/// Columns and rows of the text's map.
const COLUMNS: usize = 61;
const ROWS: usize = 15;

/// How the cameras stand. Lengths are in units of the nearest depth of the scene.
#[derive(Clone, Debug, PartialEq)]
pub struct Spread {
    /// Position of each camera: right, down, forward of the average camera.
    pub positions: Vec<[f64; 3]>,
    /// Angle between each camera's view and the average one, in degrees.
    pub angles: Vec<f64>,
    /// Right-most less left-most, lowest less highest, foremost less hindmost.
    pub size: [f64; 3],
}

impl Spread {
    /// Of all views of a capture.
    pub fn of(posed: &PosedCapture) -> Self {
        let positions: Vec<[f64; 3]> = posed.views.iter().map(|view| view.camera.position().to_array()).collect();
        // The average camera is the world: it looks along z.
        let look = |axis: DVec3| axis.z.clamp(-1.0, 1.0).acos().to_degrees();
        let angles = posed.views.iter().map(|view| look(view.camera.world_from_camera.matrix3.z_axis)).collect();
        let size = [0, 1, 2].map(|axis| {
            let (least, most) = ends(positions.iter().map(|place| place[axis]));
            most - least
        });
        Self { positions, angles, size }
    }

    /// The cameras as the scene sees them, each by its index: a map of lines, one scale for both directions.
    pub fn map(&self) -> String {
        // A character is twice as high as wide.
        let (middle, scale) = self.frame([0, 1], [(COLUMNS - 3) as f64 / 2.0, (ROWS - 1) as f64]);
        let mut cells = vec![vec![' '; COLUMNS]; ROWS];
        for (index, place) in self.positions.iter().enumerate() {
            let column = (COLUMNS as f64 / 2.0 + 2.0 * scale * (place[0] - middle[0])) as usize;
            let row = (ROWS as f64 / 2.0 + scale * (place[1] - middle[1])) as usize;
            let line = &mut cells[row.min(ROWS - 1)];
            for (offset, digit) in index.to_string().chars().enumerate() {
                if let Some(cell) = line.get_mut(column + offset) {
                    *cell = if *cell == ' ' { digit } else { '*' };
                }
            }
        }
        let lines: Vec<String> =
            cells.iter().map(|line| line.iter().collect::<String>().trim_end().to_owned()).collect();
        let first = lines.iter().position(|line| !line.is_empty()).unwrap_or(0);
        let last = lines.iter().rposition(|line| !line.is_empty()).unwrap_or(0);
        lines[first..=last].iter().map(|line| format!("  {line}\n")).collect()
    }

    /// The cameras from the front (left half) and from above (right half, with the way they look), with their indices: 900 × 450 pixels.
    pub fn picture(&self, forward: &[[f64; 3]]) -> RgbImage {
        let mut canvas = RgbImage::from_pixel(900, 450, Rgb([255; 3]));
        for y in 20..430 {
            canvas.put_pixel(450, y, Rgb([210; 3]));
        }
        let (front, front_scale) = self.frame([0, 1], [370.0, 370.0]);
        let (above, above_scale) = self.frame([0, 2], [370.0, 250.0]);
        for (index, place) in self.positions.iter().enumerate() {
            let at = |middle: [f64; 2], scale: f64, left: f64, axes: [usize; 2], sign: f64| {
                (left + scale * (place[axes[0]] - middle[0]), 225.0 + sign * scale * (place[axes[1]] - middle[1]))
            };
            let (x, y) = at(front, front_scale, 225.0, [0, 1], 1.0);
            dot(&mut canvas, x, y);
            number(&mut canvas, x as i64 + 7, y as i64 - 4, index);
            let (x, y) = at(above, above_scale, 675.0, [0, 2], -1.0);
            if let Some(look) = forward.get(index) {
                for step in 0..60 {
                    let length = f64::from(step);
                    put(
                        &mut canvas,
                        (x + look[0] * length) as i64,
                        (y - look[2] * length) as i64,
                        Rgb([120, 150, 210]),
                    );
                }
            }
            dot(&mut canvas, x, y);
            number(&mut canvas, x as i64 + 7, y as i64 - 4, index);
        }
        canvas
    }

    /// Middle of two axes, and the scale that fits both into `room`.
    fn frame(&self, axes: [usize; 2], room: [f64; 2]) -> ([f64; 2], f64) {
        let ends = axes.map(|axis| ends(self.positions.iter().map(|place| place[axis])));
        let middle = ends.map(|(least, most)| (least + most) / 2.0);
        let fits = [0, 1].map(|axis| room[axis] / (ends[axis].1 - ends[axis].0).max(1e-9));
        (middle, fits[0].min(fits[1]))
    }
}

fn ends(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), value| (least.min(value), most.max(value)))
}

fn put(canvas: &mut RgbImage, x: i64, y: i64, colour: Rgb<u8>) {
    if let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y))
        && x < canvas.width()
        && y < canvas.height()
    {
        canvas.put_pixel(x, y, colour);
    }
}

fn dot(canvas: &mut RgbImage, x: f64, y: f64) {
    for dy in -4i64..=4 {
        for dx in -4i64..=4 {
            if dx * dx + dy * dy <= 18 {
                put(canvas, x as i64 + dx, y as i64 + dy, Rgb([30, 70, 160]));
            }
        }
    }
}

/// Digits of 3 × 5 cells, a bit each, rows from the top.
const DIGITS: [u16; 10] = [
    0b111_101_101_101_111,
    0b010_110_010_010_111,
    0b111_001_111_100_111,
    0b111_001_111_001_111,
    0b101_101_111_001_001,
    0b111_100_111_001_111,
    0b111_100_111_101_111,
    0b111_001_001_001_001,
    0b111_101_111_101_111,
    0b111_101_111_001_111,
];

fn number(canvas: &mut RgbImage, x: i64, y: i64, value: usize) {
    for (place, digit) in value.to_string().bytes().enumerate() {
        let bits = DIGITS[usize::from(digit - b'0')];
        for cell in 0..15i64 {
            if bits >> (14 - cell) & 1 == 1 {
                for fine in 0..4i64 {
                    let left = x + place as i64 * 8 + cell % 3 * 2 + fine % 2;
                    put(canvas, left, y + cell / 3 * 2 + fine / 2, Rgb([40; 3]));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square() -> Spread {
        let positions = vec![[-0.2, -0.1, 0.0], [0.2, -0.1, 0.0], [-0.2, 0.1, 0.1], [0.2, 0.1, 0.0]];
        Spread { positions, angles: vec![0.0; 4], size: [0.4, 0.2, 0.1] }
    }

    #[test]
    fn the_map_has_each_camera_at_its_place() {
        let map = square().map();
        let lines: Vec<&str> = map.lines().collect();
        let apart = " ".repeat(55);
        assert_eq!(lines[0].trim_start(), format!("0{apart}1"), "{map}");
        assert_eq!(lines[lines.len() - 1].trim_start(), format!("2{apart}3"), "{map}");
        // As high as wide: 28 columns of half a row's height for each 0.2.
        assert_eq!(lines.len(), 15, "{map}");
    }

    #[test]
    fn the_picture_has_dots_where_cameras_stand() {
        let picture = square().picture(&[[0.0, 0.0, 1.0]; 4]);
        let blue = Rgb([30, 70, 160]);
        for (x, y) in [(40, 132), (410, 132), (40, 317), (410, 317)] {
            assert_eq!(*picture.get_pixel(x, y), blue, "{x} {y}");
        }
        // From above, camera 2 stands farther forward: higher.
        assert_eq!(*picture.get_pixel(490, 178), blue);
        assert_eq!(*picture.get_pixel(490, 150), Rgb([120, 150, 210]), "looks forward");
    }
}
