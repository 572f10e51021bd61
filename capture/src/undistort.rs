//! Images of a real lens become those of a pinhole with the same focal length, cropped to the largest rectangle in which every
//! pixel was seen. So nothing invented reaches a fit, and no masks are needed.

use crate::lens::Lens;
use glam::DVec2;
use loop3d_media::Size;
use loop3d_scene::Camera;
use rayon::prelude::*;

/// Cells along the longer side on which the rectangle is searched; exact to the pixel for images up to this size.
const CELLS: u32 = 512;

/// The map from a lens's images to a pinhole's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Undistortion {
    lens: Lens,
    /// Of the images on disk: size, focal lengths and principal point.
    source: Camera,
    /// First column and row that is kept.
    corner: Size,
    /// Columns and rows that are kept.
    size: Size,
}

impl Undistortion {
    /// For images that `source` (its pose does not matter) took through `lens`; `None` where no pixel is left.
    pub(crate) fn new(lens: Lens, source: Camera) -> Option<Self> {
        let (corner, size) = largest_where(&lens, &source, |_| true)?;
        Some(Self { lens, source, corner, size })
    }

    /// The pinhole: same pose and focal length, the kept size, the principal point moved by what was cropped.
    pub(crate) fn camera(&self) -> Camera {
        let moved = DVec2::new(f64::from(self.corner.0), f64::from(self.corner.1));
        Camera { width: self.size.0, height: self.size.1, center_px: self.source.center_px - moved, ..self.source }
    }

    /// The taps of every kept pixel: computed once for a clip.
    pub(crate) fn map(&self) -> UndistortionMap {
        let (width, height) = (self.size.0 as usize, self.size.1 as usize);
        let mut taps = vec![Tap { first: 0, weight: [0.0; 2] }; width * height];
        taps.par_chunks_mut(width).enumerate().for_each(|(row, taps)| {
            for (column, tap) in taps.iter_mut().enumerate() {
                let pixel = DVec2::new(column as f64 + 0.5, row as f64 + 0.5);
                let pixel = pixel + DVec2::new(f64::from(self.corner.0), f64::from(self.corner.1));
                let at = bend(&self.lens, &self.source, pixel).unwrap_or(pixel);
                *tap = Tap::new(at, (self.source.width, self.source.height));
            }
        });
        UndistortionMap { pitch: self.source.width as usize, taps, width }
    }
}

/// Four neighbours of a place in the source: the first of them, and the weights of the right and lower ones.
#[derive(Clone, Copy, Debug)]
struct Tap {
    first: u32,
    weight: [f32; 2],
}

impl Tap {
    fn new(at: DVec2, (width, height): Size) -> Self {
        // Up to half a pixel outside the outermost centres, whose pixels then count alone.
        let side = |at: f64, count: u32| {
            let at = (at - 0.5).clamp(0.0, f64::from(count - 1));
            let first = (at.floor() as u32).min(count.saturating_sub(2));
            (first, (at - f64::from(first)) as f32)
        };
        let ((x, right), (y, lower)) = (side(at.x, width), side(at.y, height));
        Self { first: y * width + x, weight: [right, lower] }
    }
}

/// See [`Undistortion::map`].
pub(crate) struct UndistortionMap {
    /// Pixels in a row of the source.
    pitch: usize,
    width: usize,
    taps: Vec<Tap>,
}

impl UndistortionMap {
    /// Undistorts `source`, RGB bytes of the lens's size, into RGB bytes of the kept size. Bilinear.
    pub(crate) fn apply(&self, source: &[u8]) -> Vec<u8> {
        let mut target = vec![0u8; self.taps.len() * 3];
        let row_taps = self.taps.par_chunks(self.width);
        target.par_chunks_mut(self.width * 3).zip(row_taps).for_each(|(row, taps)| {
            for (pixel, tap) in row.as_chunks_mut::<3>().0.iter_mut().zip(taps) {
                let [right, lower] = tap.weight;
                let upper_left = tap.first as usize * 3;
                for (channel, value) in pixel.iter_mut().enumerate() {
                    let at = |offset: usize| f32::from(source[upper_left + offset * 3 + channel]);
                    let upper = at(0) + right * (at(1) - at(0));
                    let below = at(self.pitch) + right * (at(self.pitch + 1) - at(self.pitch));
                    *value = (upper + lower * (below - upper) + 0.5) as u8;
                }
            }
        });
        target
    }
}

/// Where in the lens's image the pinhole's `pixel` is.
pub(crate) fn bend(lens: &Lens, source: &Camera, pixel: DVec2) -> Option<DVec2> {
    Some(lens.distort((pixel - source.center_px) / source.focal_px)? * source.focal_px + source.center_px)
}

/// Corner and size of the largest rectangle of the source's canvas in which each pixel was seen, at a `good` place of the
/// lens's image; `None` where there is none, or it is less than 2 pixels wide or high.
pub(crate) fn largest_where(lens: &Lens, source: &Camera, good: impl Fn(DVec2) -> bool + Sync) -> Option<(Size, Size)> {
    let (width, height) = (source.width, source.height);
    let size = DVec2::new(f64::from(width), f64::from(height));
    let reach = size.max(source.center_px).max(size - source.center_px) / source.focal_px;
    let limit = lens.one_to_one_up_to(reach.length());
    let seen = |pixel: DVec2| {
        ((pixel - source.center_px) / source.focal_px).length() <= limit
            && bend(lens, source, pixel)
                .is_some_and(|at| at.cmpge(DVec2::ZERO).all() && at.cmple(size).all() && good(at))
    };
    let cell = width.max(height).div_ceil(CELLS);
    let (columns, rows) = (width.div_ceil(cell), height.div_ceil(cell));
    // A cell holds pixels `first ..= last`; lenses are smooth, so its corners are enough.
    let ends = |index: u32, count: u32| {
        let (first, end) = (index * cell, ((index + 1) * cell).min(count));
        [f64::from(first) + 0.5, f64::from(end) - 0.5]
    };
    let valid: Vec<Vec<bool>> = (0..rows)
        .into_par_iter()
        .map(|row| {
            let whole = |column| {
                let (x, y) = (ends(column, width), ends(row, height));
                [(0, 0), (0, 1), (1, 0), (1, 1)].iter().all(|&(i, j): &(usize, usize)| seen(DVec2::new(x[i], y[j])))
            };
            (0..columns).map(whole).collect()
        })
        .collect();
    let [x, y, wide, high] = largest_rectangle(&valid)?;
    let (left, top) = (x * cell, y * cell);
    let kept = (((x + wide) * cell).min(width) - left, ((y + high) * cell).min(height) - top);
    (kept.0 >= 2 && kept.1 >= 2).then_some(((left, top), kept))
}

/// Column, row, width and height of the largest rectangle of `true` cells: for each row the heights of the columns that end
/// there, and a stack of those that still grow.
fn largest_rectangle(cells: &[Vec<bool>]) -> Option<[u32; 4]> {
    let mut heights = vec![0u32; cells.first()?.len()];
    let mut best = None;
    let mut most = 0u64;
    for (row, line) in (1u32..).zip(cells) {
        for (height, &valid) in heights.iter_mut().zip(line) {
            *height = if valid { *height + 1 } else { 0 };
        }
        // (first column, height), heights growing.
        let mut open: Vec<(u32, u32)> = Vec::new();
        for (column, height) in (0u32..).zip(heights.iter().copied().chain([0])) {
            let mut from = column;
            while let Some(&(first, tall)) = open.last().filter(|&&(_, tall)| tall >= height) {
                let area = u64::from(tall) * u64::from(column - first);
                if area > most {
                    most = area;
                    best = Some([first, row - tall, column - first, tall]);
                }
                from = first;
                open.pop();
            }
            open.push((from, height));
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use glam::DAffine3;

    const SIZE: (u32, u32) = (320, 240);

    fn camera() -> Camera {
        Camera {
            width: SIZE.0,
            height: SIZE.1,
            focal_px: DVec2::new(260.0, 264.0),
            center_px: DVec2::new(163.0, 118.5),
            world_from_camera: DAffine3::IDENTITY,
        }
    }

    fn lenses() -> Vec<Lens> {
        vec![
            Lens::brown([-0.2, 0.05, 0., 0.], [0.; 3], [0.002, -0.001]),
            Lens::brown([0.12, 0., 0., 0.], [0.05, 0., 0.], [0.; 2]),
            Lens::Fisheye { k: [0.02, -0.01, 0., 0.] },
            Lens::Fov { omega: 0.7 },
            Lens::ThinPrismFisheye { k: [0.02, 0., 0., 0.], tangential: [0.001; 2], prism: [0.002, 0.001] },
            Lens::RadTanThinPrismFisheye { k: [0.02, 0., 0., 0., 0., 0.], tangential: [0.001; 2], prism: [0.001; 4] },
            Lens::Division { k: -0.15 },
            Lens::Eucm { alpha: 0.5, beta: 1.1 },
        ]
    }

    /// What a lens sees of a plane at depth 1: `scene` of the pinhole's pixel. Pixels are inverted by iteration.
    fn seen_through(lens: &Lens, scene: impl Fn(DVec2) -> f64) -> Vec<u8> {
        let camera = camera();
        let mut rgb = Vec::new();
        for row in 0..SIZE.1 {
            for column in 0..SIZE.0 {
                let wanted = DVec2::new(f64::from(column) + 0.5, f64::from(row) + 0.5);
                let mut pixel = wanted;
                for _ in 0..60 {
                    let off = bend(lens, &camera, pixel).map_or(DVec2::ZERO, |at| wanted - at);
                    pixel += 0.7 * off;
                }
                rgb.extend([(scene(pixel).clamp(0.0, 1.0) * 255.0).round() as u8; 3]);
            }
        }
        rgb
    }

    fn grey(image: &[u8], camera: &Camera, column: u32, row: u32) -> f64 {
        f64::from(image[(row as usize * camera.width as usize + column as usize) * 3])
    }

    /// A checkerboard with edges a few pixels soft. Along each edge of the undistorted image the place of the middle grey is
    /// known to a fraction of a pixel: it must lie where the pinhole says, so that lines are straight too.
    #[test]
    fn the_lines_of_a_checkerboard_become_straight_to_a_tenth_of_a_pixel() {
        const SIDE: f64 = 32.0;
        let wave = |x: f64| (4.0 * (std::f64::consts::PI * x / SIDE).sin()).tanh();
        let board = |p: DVec2| 0.5 + 0.45 * wave(p.x) * wave(p.y);
        for lens in lenses() {
            let undistortion = Undistortion::new(lens, camera()).unwrap();
            let straight = undistortion.map().apply(&seen_through(&lens, board));
            let pinhole = undistortion.camera();
            assert_eq!(straight.len(), (pinhole.width * pinhole.height * 3) as usize);
            let corner = camera().center_px - pinhole.center_px;
            let mut edges = 0;
            for row in 0..pinhole.height {
                let y = f64::from(row) + 0.5 + corner.y;
                if wave(y).abs() < 0.9 {
                    continue; // too near to a corner of squares: no contrast across the edge
                }
                for column in 0..pinhole.width - 1 {
                    let [a, b] = [0, 1].map(|step| grey(&straight, &pinhole, column + step, row) - 127.5);
                    if a * b < 0.0 {
                        let x = f64::from(column) + 0.5 + a / (a - b) + corner.x;
                        let off = x - (x / SIDE).round() * SIDE;
                        assert!(off.abs() < 0.1, "{lens:?}: edge at {x}, row {row}, is {off} px off");
                        edges += 1;
                    }
                }
            }
            assert!(edges > 500, "{lens:?}: {edges} edges");
        }
    }

    #[test]
    fn a_point_lands_where_the_pinhole_says() {
        // A soft dot around the direction (0.21, −0.13, 1).
        let place = DVec2::new(0.21, -0.13) * camera().focal_px + camera().center_px;
        let dot = |p: DVec2| (-(p - place).length_squared() / 18.0).exp();
        for lens in lenses() {
            let undistortion = Undistortion::new(lens, camera()).unwrap();
            let pinhole = undistortion.camera();
            assert_eq!(pinhole.focal_px, camera().focal_px);
            let straight = undistortion.map().apply(&seen_through(&lens, dot));
            let (mut sum, mut total) = (DVec2::ZERO, 0.0);
            for row in 0..pinhole.height {
                for column in 0..pinhole.width {
                    let value = grey(&straight, &pinhole, column, row);
                    sum += value * DVec2::new(f64::from(column) + 0.5, f64::from(row) + 0.5);
                    total += value;
                }
            }
            let expected = pinhole.project(glam::DVec3::new(0.21, -0.13, 1.0)).unwrap();
            assert!((sum / total).abs_diff_eq(expected, 0.05), "{lens:?}: {} expected {expected}", sum / total);
        }
    }

    #[test]
    fn nothing_that_was_not_seen_is_kept() {
        // Pincushion: the rim of the canvas would have to come from outside the image.
        let white = vec![255; (SIZE.0 * SIZE.1 * 3) as usize];
        for lens in lenses() {
            let undistortion = Undistortion::new(lens, camera()).unwrap();
            assert!(undistortion.map().apply(&white).iter().all(|&value| value == 255));
            let pinhole = undistortion.camera();
            for corner in [(0, 0), (pinhole.width, 0), (0, pinhole.height), (pinhole.width, pinhole.height)] {
                let inner = |at: u32, count: u32| if at == 0 { 0.5 } else { f64::from(count) - 0.5 };
                let pixel = DVec2::new(inner(corner.0, pinhole.width), inner(corner.1, pinhole.height));
                let at = bend(&lens, &camera(), pixel + camera().center_px - pinhole.center_px).unwrap();
                assert!(at.cmpge(DVec2::ZERO).all() && at.x <= 320.0 && at.y <= 240.0, "{lens:?}: {at}");
            }
        }
        let barrel = Undistortion::new(lenses()[0], camera()).unwrap().camera();
        assert_eq!((barrel.width, barrel.height), SIZE, "a barrel lens sees more than the canvas: nothing is cut");
        let pincushion = Undistortion::new(lenses()[1], camera()).unwrap().camera();
        assert!(pincushion.width < 316 && pincushion.width > 290, "{}", pincushion.width);
    }

    #[test]
    fn the_largest_rectangle_is_found() {
        let rows = ["..##..", ".####.", ".####.", "..###."];
        let cells: Vec<Vec<bool>> = rows.map(|row| row.chars().map(|c| c == '#').collect()).to_vec();
        assert_eq!(largest_rectangle(&cells), Some([2, 1, 3, 3]));
        assert_eq!(largest_rectangle(&[vec![false; 4]]), None);
        assert_eq!(largest_rectangle(&[vec![true; 4], vec![true; 4]]), Some([0, 0, 4, 2]));
    }
}
