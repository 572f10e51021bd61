//! Where the cameras of a capture are and look: as figures and as text.

use crate::load::PosedCapture;
use glam::DVec3;

/// Columns and rows of the text's map.
const COLUMNS: usize = 61;
const ROWS: usize = 15;

/// How the cameras are arranged. Lengths are in units of the nearest depth of the scene.
#[derive(Clone, Debug, PartialEq)]
pub struct Spread {
    /// Position of each camera: right, down, forward of the average camera.
    pub positions: Vec<[f64; 3]>,
    /// Angle between each camera's view and the average one, in degrees.
    pub angles: Vec<f64>,
    /// Extent of the positions along each axis.
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
}
