//! Which plane each pixel belongs to, and what each plane shows behind nearer things.

use crate::depth::Disparity;
use loop3d_scene::Planes;

/// A place of a plane where nothing is.
pub const NOTHING: u32 = u32::MAX;
/// How far the nearest moves against the farthest when the camera is at the end of its range, as a part of the picture's longer side.
const BAND: f64 = 0.06;
/// How far the nearest moves at most, as a part of the longer side: of a picture that is nearly flat, all moves as much as the nearest.
const SHIFT: f64 = 0.15;
/// Planes; between neighbours a pixel of parallax at the end of the range, where that gives as many.
const PLANES: std::ops::RangeInclusive<usize> = 24..=96;
/// The camera may be at the end of its range in both directions at once.
const DIAGONAL: f32 = std::f32::consts::SQRT_2;
/// Pixels that a plane reaches farther than a camera can see: for filters, and for surfaces that lean from plane to plane.
const SPARE: f32 = 2.0;

/// A picture in layers, padded by what lies beyond its rim.
#[derive(Clone, Debug)]
pub struct Layers {
    /// Where the planes are, in units of the nearest depth.
    pub planes: Planes,
    /// How far the camera may go to each side, in the same units.
    pub reach: f64,
    /// Pixels around the picture.
    pub margin: usize,
    /// Columns of the picture.
    width: usize,
    /// Rows of the picture.
    height: usize,
    /// The plane of each pixel of the picture.
    plane_of: Vec<u16>,
    /// Parallax between neighbouring planes at the end of the range, in pixels.
    step_px: f32,
}

impl Layers {
    /// Of a picture taken with this focal length; `planes` overrules how many there are.
    pub fn new(disparity: &Disparity, focal_px: f64, planes: Option<usize>) -> Self {
        let Disparity { width, height, far, .. } = *disparity;
        let longer = width.max(height) as f64;
        let relief = 1.0 - 1.0 / far;
        // By how many pixels the nearest moves, and by how many of these against the farthest.
        let shift = (BAND * longer / relief).min(SHIFT * longer);
        let band = shift * relief;
        let count = planes.unwrap_or((band.ceil() as usize + 1).clamp(*PLANES.start(), *PLANES.end()));
        let margin = shift.ceil() as usize + SPARE as usize;
        let step = relief / (count - 1) as f64;
        let plane = |value: &f32| (((1.0 - f64::from(*value)) / step).round() as usize).min(count - 1) as u16;
        Self {
            planes: Planes { near: 1.0, far, count },
            reach: shift / focal_px,
            margin,
            width,
            height,
            plane_of: disparity.values.iter().map(plane).collect(),
            step_px: (band / (count - 1) as f64) as f32,
        }
    }

    /// Columns and rows with the margin.
    pub fn size(&self) -> (usize, usize) {
        (self.width + 2 * self.margin, self.height + 2 * self.margin)
    }

    /// The pixel of the picture at a place with the margin: mirrored beyond the rim.
    fn pixel(&self, x: usize, y: usize) -> usize {
        let along = |at: usize, length: usize| {
            let period = 2 * length;
            let at = (at + 8 * period - self.margin) % period;
            at.min(period - 1 - at)
        };
        along(y, self.height) * self.width + along(x, self.width)
    }

    /// What plane `plane` shows at each place, with the margin: a pixel of the picture, or [`NOTHING`].
    pub fn plane(&self, plane: usize) -> Vec<u32> {
        let (width, height) = self.size();
        let at: Vec<u32> = (0..width * height).map(|i| self.pixel(i % width, i / width) as u32).collect();
        let of = |i: usize| usize::from(self.plane_of[at[i] as usize]);
        let own: Vec<bool> = (0..at.len()).map(|i| of(i) == plane).collect();
        let nearest = nearest(&own, width);
        let show = |i: usize| {
            if own[i] {
                return at[i];
            }
            let before = of(i);
            if before > plane || nearest[i] == NOTHING {
                return NOTHING;
            }
            // As far as the nearer plane can move off this one.
            let (x, y) = ((i % width) as i64, (i / width) as i64);
            let (qx, qy) = ((nearest[i] as usize % width) as i64, (nearest[i] as usize / width) as i64);
            let distance = (((x - qx).pow(2) + (y - qy).pow(2)) as f32).sqrt();
            if distance > (plane - before) as f32 * self.step_px * DIAGONAL + SPARE {
                return NOTHING;
            }
            // Mirrored at the edge, where what is there lies about as far; otherwise the edge itself.
            let (rx, ry) = (2 * qx - x, 2 * qy - y);
            let inside = (0..width as i64).contains(&rx) && (0..height as i64).contains(&ry);
            let mirrored = (ry * width as i64 + rx) as usize;
            if inside && (plane..=plane + 1).contains(&of(mirrored)) { at[mirrored] } else { at[nearest[i] as usize] }
        };
        (0..at.len()).map(show).collect()
    }
}

/// For each cell the nearest one that is marked, by two sweeps that hand on what they know (Danielsson 1980); [`NOTHING`] where none is.
fn nearest(marked: &[bool], width: usize) -> Vec<u32> {
    let height = marked.len() / width;
    let mut found: Vec<u32> = (0..marked.len() as u32).map(|i| if marked[i as usize] { i } else { NOTHING }).collect();
    let distance = |from: usize, to: u32| {
        let to = to as usize;
        (from % width).abs_diff(to % width).pow(2) + (from / width).abs_diff(to / width).pow(2)
    };
    let better = |found: &[u32], at: usize, x: i64, y: i64| {
        if !(0..width as i64).contains(&x) || !(0..height as i64).contains(&y) {
            return found[at];
        }
        let other = found[y as usize * width + x as usize];
        match (found[at], other) {
            (own, NOTHING) => own,
            (NOTHING, other) => other,
            (own, other) => {
                if distance(at, other) < distance(at, own) {
                    other
                } else {
                    own
                }
            }
        }
    };
    for backwards in [false, true] {
        let sign = if backwards { 1 } else { -1 };
        for row in 0..height {
            let y = if backwards { height - 1 - row } else { row };
            for column in 0..width {
                let x = if backwards { width - 1 - column } else { column };
                let at = y * width + x;
                for (dx, dy) in [(sign, 0), (0, sign), (sign, sign), (-sign, sign)] {
                    found[at] = better(&found, at, x as i64 + dx, y as i64 + dy);
                }
            }
            // The other way along the row, which the sweep itself did not go.
            for column in 0..width {
                let x = if backwards { column } else { width - 1 - column };
                let at = y * width + x;
                found[at] = better(&found, at, x as i64 - sign, y as i64);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::depth::Meaning;

    #[test]
    fn the_nearest_marked_cell_is_found() {
        let width = 23;
        let mut random = 9u32;
        let marked: Vec<bool> = (0..width * 17)
            .map(|_| {
                random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                random >> 27 == 0
            })
            .collect();
        let all: Vec<usize> = (0..marked.len()).filter(|i| marked[*i]).collect();
        let squared =
            |a: usize, b: usize| (a % width).abs_diff(b % width).pow(2) + (a / width).abs_diff(b / width).pow(2);
        for (at, found) in nearest(&marked, width).into_iter().enumerate() {
            let least = all.iter().map(|&other| squared(at, other)).min().unwrap();
            // The sweeps are off by less than a pixel in rare corners.
            assert!((squared(at, found as usize) as f64).sqrt() - (least as f64).sqrt() < 0.5, "{at}");
        }
        assert!(nearest(&[false; 6], 3).iter().all(|found| *found == NOTHING));
    }

    /// A near pillar before a far wall.
    fn pillar() -> Layers {
        let (width, height) = (200, 20);
        let values = (0..width * height).map(|i| if (80..120).contains(&(i % width)) { 1.0 } else { 0.125 }).collect();
        Layers::new(&Disparity { width, height, values, far: 8.0, meaning: Meaning::Depth }, 200.0, None)
    }

    #[test]
    fn planes_reach_on_behind_what_is_nearer() {
        let layers = pillar();
        assert_eq!((layers.planes.count, layers.planes.far), (24, 8.0));
        // 12 pixels of parallax: the camera's range, and the margin with what it then sees beyond the rim.
        assert!((layers.reach * 200.0 * 0.875 - 12.0).abs() < 1e-9);
        assert_eq!(layers.margin, 16);
        let (width, _) = layers.size();
        let row = |plane: usize| layers.plane(plane)[26 * width..27 * width].to_vec();
        let x = |at: usize| at + layers.margin;
        let (front, back) = (row(0), row(23));
        assert!((0..width).all(|at| (front[at] != NOTHING) == (x(80)..x(120)).contains(&at)));
        // The wall is seen, and reaches 12 √2 + 2 pixels behind the pillar from both sides, mirrored.
        let hidden: Vec<usize> = (x(80)..x(120)).filter(|at| back[*at] == NOTHING).collect();
        assert_eq!((hidden[0], hidden.len()), (x(80 + 18), 4));
        assert_eq!(back[x(79)], 10 * 200 + 79);
        assert_eq!(back[x(80)], 10 * 200 + 78);
        assert_eq!(back[x(90)], 10 * 200 + 68);
        // Beyond the rim the picture is mirrored.
        assert_eq!(back[x(0) - 1], 10 * 200);
        assert_eq!(back[x(0) - 5], 10 * 200 + 4);
        assert!((1..23).all(|plane| row(plane).iter().all(|pixel| *pixel == NOTHING)));
    }

    #[test]
    fn of_a_flat_picture_the_camera_s_range_stays_small() {
        let values = (0..200 * 20).map(|i| if i % 200 < 100 { 1.0 } else { 1.0 / 1.05 }).collect();
        let flat = Disparity { width: 200, height: 20, values, far: 1.05, meaning: Meaning::Depth };
        let layers = Layers::new(&flat, 200.0, None);
        assert_eq!((layers.margin, layers.planes.count), (32, 24));
        assert!((layers.reach - 0.15).abs() < 1e-9);
    }

    #[test]
    fn a_slope_has_no_cracks() {
        // A floor that leans from near to far: each plane reaches under the nearer one.
        let (width, height) = (64, 100);
        let values = (0..width * height).map(|i| 0.125 + 0.875 * (i / width) as f32 / 99.0).collect();
        let layers = Layers::new(&Disparity { width, height, values, far: 8.0, meaning: Meaning::Depth }, 64.0, None);
        let (padded, _) = layers.size();
        let column = |plane: usize| -> Vec<bool> {
            layers.plane(plane).iter().skip(layers.margin + 30).step_by(padded).map(|pixel| *pixel != NOTHING).collect()
        };
        for plane in 0..layers.planes.count - 1 {
            let (front, behind) = (column(plane), column(plane + 1));
            let both = front.iter().zip(&behind).filter(|(a, b)| **a && **b).count();
            assert!(both >= 2, "plane {plane}: {both}");
        }
    }
}
