//! Hit lists: for each pixel of a window, near to far, the texels that it sees and with what weight.
//!
//! A plane is a homography of the image (METHOD §2.6, §5.3, D3); the list keeps the part of it that has tiles.

use crate::grid::TexelGrid;
use loop3d_scene::{Camera, PlaneProjector, Planes};
use rayon::prelude::*;

/// A rectangle of one view's image, in pixels of the level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// First column.
    pub x: usize,
    /// First row.
    pub y: usize,
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

impl Window {
    /// Number of pixels.
    pub fn pixels(&self) -> usize {
        self.width * self.height
    }
}

/// One pixel's view of one plane: four texels (top left, top right, bottom left, bottom right) and where between
/// them the pixel's centre lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    /// Texel ids (see [`TexelGrid`]).
    pub taps: [u32; 4],
    /// Fractions (right, down), each in [0, 1).
    pub fraction: [f32; 2],
}

impl Hit {
    /// Bilinear weights of the taps; they sum to 1.
    #[inline(always)]
    pub fn weights(&self) -> [f32; 4] {
        let [x, y] = self.fraction;
        [(1.0 - x) * (1.0 - y), x * (1.0 - y), (1.0 - x) * y, x * y]
    }
}

/// The hits of a window, pixel by pixel (row-major), near to far.
#[derive(Clone, Debug, Default)]
pub struct Hits {
    /// Pixel p's hits are `hits[start[p]..start[p + 1]]`.
    pub start: Vec<u32>,
    /// All hits.
    pub hits: Vec<Hit>,
    /// Plane of each hit.
    pub plane: Vec<u16>,
}

impl Hits {
    /// Lists what `camera` sees in `window`. Planes that no pixel's four texels touch leave no hit.
    pub fn new(grid: &TexelGrid, reference: &Camera, planes: &Planes, camera: &Camera, window: Window) -> Self {
        let projector = PlaneProjector::new(reference, planes, camera);
        let rows: Vec<Self> = (0..window.height)
            .into_par_iter()
            .map(|row| {
                let mut out = Self::default();
                for column in 0..window.width {
                    out.start.push(out.hits.len() as u32);
                    let (x, y) = ((window.x + column) as f64 + 0.5, (window.y + row) as f64 + 0.5);
                    out.pixel(grid, &projector, x, y);
                }
                out
            })
            .collect();
        let total = rows.iter().map(|r| r.hits.len()).sum();
        let mut all = Self {
            start: Vec::with_capacity(window.pixels() + 1),
            hits: Vec::with_capacity(total),
            plane: Vec::with_capacity(total),
        };
        for row in rows {
            let before = all.hits.len() as u32;
            all.start.extend(row.start.iter().map(|s| before + s));
            all.hits.extend(row.hits);
            all.plane.extend(row.plane);
        }
        all.start.push(all.hits.len() as u32);
        all
    }

    fn pixel(&mut self, grid: &TexelGrid, projector: &PlaneProjector, x: f64, y: f64) {
        let Some((a, b)) = projector.pixel_slopes(x, y) else { return };
        let (scale, [ox, oy]) = (grid.texels_per_px(), grid.table.origin_px.map(f64::from));
        let side = grid.side as i64;
        let (columns, rows) = ((grid.table.columns * grid.side) as f64, (grid.table.rows * grid.side) as f64);
        let nothing = grid.static_texel_count() as u32;
        for plane in projector.planes() {
            let (xr, yr) = projector.on_plane(plane, a, b);
            let (u, v) = ((xr - ox) * scale - 0.5, (yr - oy) * scale - 0.5);
            // Written so that NaN (a camera beside the plane) is outside, too.
            if !(u > -1.0 && v > -1.0 && u < columns && v < rows) {
                continue;
            }
            let (left, top) = (u.floor(), v.floor());
            let fraction = [(u - left) as f32, (v - top) as f32];
            let (i, j) = (left as i64, top as i64);
            let taps = if i >= 0 && j >= 0 && i % side != side - 1 && j % side != side - 1 {
                // All four in one tile: the common case.
                let Some(first) = grid.first_texel(grid.table.get(plane, j / side, i / side)) else { continue };
                let t = first + ((j % side) * side + i % side) as u32;
                [t, t + 1, t + side as u32, t + side as u32 + 1]
            } else {
                let t = [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(dx, dy)| grid.texel(plane, i + dx, j + dy));
                if t == [nothing; 4] {
                    continue;
                }
                t
            };
            self.hits.push(Hit { taps, fraction });
            self.plane.push(plane as u16);
        }
    }

    /// Number of pixels.
    pub fn pixels(&self) -> usize {
        self.start.len().saturating_sub(1)
    }

    /// Range of a pixel's hits.
    #[inline(always)]
    pub fn of(&self, pixel: usize) -> std::ops::Range<usize> {
        self.start[pixel] as usize..self.start[pixel + 1] as usize
    }

    /// Hit numbers of each plane, in pixel order.
    pub fn by_plane(&self, planes: usize) -> Vec<Vec<u32>> {
        let mut out = vec![Vec::new(); planes];
        for (hit, plane) in self.plane.iter().enumerate() {
            out[usize::from(*plane)].push(hit as u32);
        }
        out
    }
}
