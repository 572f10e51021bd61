//! Which plane each pixel belongs to, and what each plane shows: its own pixels, and what is filled in behind nearer ones.

use crate::depth::Disparity;
use crate::edges::{Edge, soften};
use crate::fill::{self, Hole};
use crate::grid::squared;
use crate::nearest::{NONE, nearest};
use crate::picture::Picture;
use crate::sweep::behind;
use loop3d_scene::Planes;
use rayon::prelude::*;

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
/// Planes whose distance transforms are in memory at a time.
const AT_A_TIME: usize = 8;

/// What a plane shows at a place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Paint {
    /// A pixel of the picture, at each moment what it shows `delay` frames later on the loop's circle.
    Pixel {
        /// Row · width + column.
        pixel: u32,
        /// In frames of the loop.
        delay: u16,
    },
    /// A soft edge: index into [`Layers::edges`].
    Edge(u32),
    /// What a pixel shows when nothing comes by before it: one image.
    Behind(u32),
    /// What comes by before that.
    Matte(u32),
    /// A pixel of the clean plate.
    Plate(u32),
}

/// A picture in layers, padded by what lies beyond its rim.
#[derive(Clone, Debug)]
pub struct Layers {
    /// Where the planes are, in units of the nearest depth.
    pub planes: Planes,
    /// How far the camera may go to each side, in the same units.
    pub reach: f64,
    /// Pixels around the picture.
    pub margin: usize,
    /// Soft edges.
    pub edges: Vec<Edge>,
    /// Of each pixel of the picture before which something nearer comes by: its plane, and what is behind it.
    pub swept: Vec<Option<(u16, [u8; 3])>>,
    /// Columns of the picture.
    width: usize,
    /// Rows of the picture.
    height: usize,
    /// The plane of each pixel of the picture.
    plane_of: Vec<u16>,
    /// The soft edge at each pixel of the picture, or [`NONE`].
    edge_of: Vec<u32>,
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
        let plane = |value: &f32| plane_at(*value, relief, count);
        Self {
            planes: Planes { near: 1.0, far, count },
            reach: shift / focal_px,
            margin,
            edges: Vec::new(),
            swept: vec![None; width * height],
            width,
            height,
            plane_of: disparity.values.iter().map(plane).collect(),
            edge_of: vec![NONE; width * height],
            step_px: (band / (count - 1) as f64) as f32,
        }
    }

    /// Tells what comes by before other things from these, at each pixel where `sweeps` has a nearer disparity. From then on the picture shows
    /// what is behind, where that is known; other pixels belong to what comes by.
    #[must_use]
    pub fn with_sweeps(mut self, sweeps: &[f32], picture: &mut Picture) -> Self {
        let (count, relief) = (self.planes.count, 1.0 - 1.0 / self.planes.far);
        for (pixel, nearer) in sweeps.iter().enumerate().filter(|(_, nearer)| **nearer > 0.0) {
            let plane = plane_at(*nearer, relief, count);
            match behind(pixel as u32, picture) {
                Some(color) => {
                    self.swept[pixel] = Some((plane, color));
                    picture.paint(pixel as u32, color);
                }
                None => self.plane_of[pixel] = plane,
            }
        }
        self
    }

    /// Gives edges of depth the part that covers what is behind, where the colours of both sides tell it.
    #[must_use]
    pub fn with_soft_edges(mut self, picture: &Picture) -> Self {
        let apart = (EDGE_PX / self.step_px).ceil().max(1.0) as u16;
        self.edges = soften(&mut self.plane_of, apart, picture);
        for (index, edge) in self.edges.iter().enumerate() {
            self.edge_of[edge.pixel as usize] = index as u32;
        }
        self
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

    /// What each plane shows, the nearest first: places with the margin, in their order. What is behind things is continued from what is seen
    /// beside them, but for pixels where a clean plate shows it: `plated`, if there is one.
    pub fn covers(&self, picture: &Picture, plated: Option<&[bool]>) -> Vec<Vec<(u32, Paint)>> {
        let (width, height) = self.size();
        let at: Vec<u32> = (0..width * height).map(|i| self.pixel(i % width, i / width) as u32).collect();
        let plane_at: Vec<u16> = at.iter().map(|pixel| self.plane_of[*pixel as usize]).collect();
        let mut holes = self.holes(&at, &plane_at);
        let surface = (SURFACE_PX / self.step_px).ceil() as u16;
        let known =
            fill::Known { width, at: &at, plane_at: &plane_at, plane_of: &self.plane_of, step_px: self.step_px };
        fill::fill(&mut holes, &known, surface, picture);
        let mut covers: Vec<Vec<(u32, Paint)>> = vec![Vec::new(); self.planes.count];
        // Where something comes by, what is behind it is shown there and wherever it is copied to.
        let of_pixel = |pixel: u32, delay: u16| match self.swept[pixel as usize] {
            Some(_) => Paint::Behind(pixel),
            None => Paint::Pixel { pixel, delay },
        };
        for (place, plane) in plane_at.iter().enumerate() {
            let pixel = at[place];
            let paint = match self.edge_of[pixel as usize] {
                NONE => of_pixel(pixel, 0),
                edge => Paint::Edge(edge),
            };
            covers[usize::from(*plane)].push((place as u32, paint));
            if let Some((plane, _)) = self.swept[pixel as usize] {
                covers[usize::from(plane)].push((place as u32, Paint::Matte(pixel)));
            }
        }
        // The nearest hole behind a soft edge shows what the edge was told by: there the picture is as it was.
        holes.sort_unstable_by_key(|hole| (hole.place, hole.plane));
        let mut last = NONE;
        for hole in holes {
            let Hole { place, pixel, delay, deep, .. } = hole;
            let edge = self.edges.get(self.edge_of[at[place as usize] as usize] as usize).filter(|_| place != last);
            let (pixel, delay) = edge.map_or((pixel, delay), |edge| (edge.back, 0));
            last = place;
            let own = at[place as usize];
            let plated = deep && plated.is_some_and(|plated| plated[own as usize]);
            let paint = if plated { Paint::Plate(own) } else { of_pixel(pixel, delay) };
            covers[usize::from(hole.plane)].push((place, paint));
        }
        covers.par_iter_mut().for_each(|cover| cover.sort_unstable_by_key(|(place, _)| *place));
        covers
    }

    /// What planes show behind nearer ones, before anything is searched: what lies mirrored at the edge.
    fn holes(&self, at: &[u32], plane_at: &[u16]) -> Vec<Hole> {
        let (width, height) = self.size();
        // How near the nearest pixel is of all planes farther than the one at hand, where that reaches a place.
        let mut closest = vec![f32::INFINITY; at.len()];
        let mut holes = Vec::new();
        let planes: Vec<u16> = (1..self.planes.count as u16).rev().collect();
        for several in planes.chunks(AT_A_TIME) {
            let transform = |plane: &u16| {
                // What is half there says little about what goes on behind.
                let own: Vec<bool> =
                    (0..at.len()).map(|i| plane_at[i] == *plane && self.edge_of[at[i] as usize] == NONE).collect();
                own.contains(&true).then(|| nearest(&own, width))
            };
            let found: Vec<Option<Vec<u32>>> = several.par_iter().map(transform).collect();
            for (&plane, nearest) in several.iter().zip(found) {
                let Some(nearest) = nearest else { continue };
                for (place, &from) in nearest.iter().enumerate() {
                    let before = plane_at[place];
                    if before >= plane {
                        continue;
                    }
                    let away = (squared(place, from as usize, width) as f32).sqrt();
                    // As far as the nearer plane can move off this one, and not where something farther goes on from closer by.
                    let parallax = f32::from(plane - before) * self.step_px;
                    if away > parallax * DIAGONAL + SPARE || away > closest[place] + SPARE {
                        continue;
                    }
                    closest[place] = closest[place].min(away);
                    // Mirrored at the edge, where what is there lies about as far; otherwise the edge itself.
                    let (x, y) = ((place % width) as i64, (place / width) as i64);
                    let (qx, qy) = ((from as usize % width) as i64, (from as usize / width) as i64);
                    let (rx, ry) = (2 * qx - x, 2 * qy - y);
                    let inside = (0..width as i64).contains(&rx) && (0..height as i64).contains(&ry);
                    let mirrored = (ry * width as i64 + rx) as usize;
                    let like =
                        |i: usize| (plane..=plane + 1).contains(&plane_at[i]) && self.edge_of[at[i] as usize] == NONE;
                    let pixel = if inside && like(mirrored) { at[mirrored] } else { at[from as usize] };
                    let deep = parallax > SURFACE_PX;
                    holes.push(Hole { place: place as u32, plane, pixel, delay: 0, deep });
                }
            }
        }
        holes
    }
}

/// The plane of a disparity.
fn plane_at(disparity: f32, relief: f64, count: usize) -> u16 {
    let step = relief / (count - 1) as f64;
    (((1.0 - f64::from(disparity)) / step).round() as usize).min(count - 1) as u16
}

/// Parallax from which on two neighbouring pixels are an edge of depth and no slope, in pixels at the end of the range.
const EDGE_PX: f32 = 1.75;
/// Parallax within which planes are taken for one surface.
const SURFACE_PX: f32 = 2.5;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::depth::Meaning;

    fn layers(width: usize, height: usize, far: f64, disparity: impl Fn(usize, usize) -> f32) -> Layers {
        let values = (0..width * height).map(|i| disparity(i % width, i / width)).collect();
        let disparity = Disparity { width, height, values, far, meaning: Meaning::Depth, nearest: None };
        Layers::new(&disparity, width as f64, None)
    }

    /// What a plane shows at each place before anything is searched, or [`NONE`].
    fn shown(layers: &Layers, plane: usize) -> Vec<u32> {
        let (width, height) = layers.size();
        let at: Vec<u32> = (0..width * height).map(|i| layers.pixel(i % width, i / width) as u32).collect();
        let plane_at: Vec<u16> = at.iter().map(|pixel| layers.plane_of[*pixel as usize]).collect();
        let own = |(pixel, of): (&u32, &u16)| if usize::from(*of) == plane { *pixel } else { NONE };
        let mut shown: Vec<u32> = at.iter().zip(&plane_at).map(own).collect();
        for hole in layers.holes(&at, &plane_at).iter().filter(|hole| usize::from(hole.plane) == plane) {
            assert_eq!(shown[hole.place as usize], NONE);
            shown[hole.place as usize] = hole.pixel;
        }
        shown
    }

    /// A near pillar before a far wall.
    fn pillar() -> Layers {
        layers(200, 20, 8.0, |x, _| if (80..120).contains(&x) { 1.0 } else { 0.125 })
    }

    #[test]
    fn planes_reach_on_behind_what_is_nearer() {
        let layers = pillar();
        assert_eq!((layers.planes.count, layers.planes.far), (24, 8.0));
        // 12 pixels of parallax: the camera's range, and the margin with what it then sees beyond the rim.
        assert!((layers.reach * 200.0 * 0.875 - 12.0).abs() < 1e-9);
        assert_eq!(layers.margin, 16);
        let (width, _) = layers.size();
        let row = |plane: usize| shown(&layers, plane)[26 * width..27 * width].to_vec();
        let x = |at: usize| at + layers.margin;
        let (front, back) = (row(0), row(23));
        assert!((0..width).all(|at| (front[at] != NONE) == (x(80)..x(120)).contains(&at)));
        // The wall is seen, and reaches 12 √2 + 2 pixels behind the pillar from both sides, mirrored.
        let hidden: Vec<usize> = (x(80)..x(120)).filter(|at| back[*at] == NONE).collect();
        assert_eq!((hidden[0], hidden.len()), (x(80 + 18), 4));
        assert_eq!(back[x(79)], 10 * 200 + 79);
        assert_eq!(back[x(80)], 10 * 200 + 78);
        assert_eq!(back[x(90)], 10 * 200 + 68);
        // Beyond the rim the picture is mirrored.
        assert_eq!(back[x(0) - 1], 10 * 200);
        assert_eq!(back[x(0) - 5], 10 * 200 + 4);
        assert!((1..23).all(|plane| row(plane).iter().all(|pixel| *pixel == NONE)));
    }

    #[test]
    fn where_a_farther_thing_goes_on_from_closer_by_a_nearer_one_ends() {
        // A pillar before a bush on its left and a wall on its right: behind it each reaches as far as it is the closest.
        let layers = layers(200, 20, 8.0, |x, _| match x {
            90..110 => 1.0,
            0..90 => 0.3,
            _ => 0.125,
        });
        let (width, _) = layers.size();
        let bush = usize::from(layers.plane_of[0]);
        let row = |plane: usize| shown(&layers, plane)[26 * width + layers.margin..][..200].to_vec();
        let (bush, wall) = (row(bush), row(23));
        // 9.6 √2 + 2 pixels of the bush would be 15; the wall reaches 18 from the other side, and the bush ends where that is closer.
        let ends = |row: &[u32]| (90..110).filter(|x| row[*x] != NONE).collect::<Vec<_>>();
        assert_eq!((ends(&wall)[0], ends(&bush).last()), (92, Some(&100)));
    }

    #[test]
    fn a_clean_plate_is_shown_behind_things_and_nowhere_else() {
        let layers = pillar();
        let picture = Picture::of(vec![vec![90; 200 * 20 * 3]], 200, 1);
        let covers = layers.covers(&picture, Some(&[true; 200 * 20]));
        let plated: Vec<u32> = covers
            .iter()
            .flatten()
            .filter_map(|(_, paint)| if let Paint::Plate(pixel) = paint { Some(*pixel) } else { None })
            .collect();
        assert_eq!(plated.len(), 36 * (20 + 2 * layers.margin));
        assert!(plated.iter().all(|pixel| (80..120).contains(&(pixel % 200))));
    }

    #[test]
    fn of_a_flat_picture_the_camera_s_range_stays_small() {
        let layers = layers(200, 20, 1.05, |x, _| if x < 100 { 1.0 } else { 1.0 / 1.05 });
        assert_eq!((layers.margin, layers.planes.count), (32, 24));
        assert!((layers.reach - 0.15).abs() < 1e-9);
    }

    #[test]
    fn a_slope_has_no_cracks() {
        // A floor that leans from near to far: each plane reaches under the nearer one.
        let layers = layers(64, 100, 8.0, |_, y| 0.125 + 0.875 * y as f32 / 99.0);
        let (padded, _) = layers.size();
        let column = |plane: usize| -> Vec<bool> {
            shown(&layers, plane).iter().skip(layers.margin + 30).step_by(padded).map(|pixel| *pixel != NONE).collect()
        };
        for plane in 0..layers.planes.count - 1 {
            let (front, behind) = (column(plane), column(plane + 1));
            let both = front.iter().zip(&behind).filter(|(a, b)| **a && **b).count();
            assert!(both >= 2, "plane {plane}: {both}");
        }
    }

    #[test]
    fn what_comes_by_is_before_what_is_behind_it() {
        // A flag in columns 40 to 59, whose tip is in 60 to 63 at one moment of five.
        let layers = layers(100, 20, 8.0, |x, _| if (40..60).contains(&x) { 1.0 } else { 0.125 });
        let frame = |moment: usize| {
            (0..2000).flat_map(move |i| match i % 100 {
                40..60 => [200, 10, 10],
                60..64 if moment == 3 => [190, 10, 10],
                x => [90 + x as u8, 90, 90],
            })
        };
        let mut picture = Picture::of((0..5).map(|moment| frame(moment).collect()).collect(), 100, 5);
        let sweeps: Vec<f32> = (0..2000).map(|i| if (60..64).contains(&(i % 100)) { 1.0 } else { 0.0 }).collect();
        let layers = layers.with_sweeps(&sweeps, &mut picture);
        assert_eq!(layers.swept[62], Some((0, [152, 90, 90])));
        assert_eq!(picture.color(62, 3), [152, 90, 90]);
        let covers = layers.covers(&picture, None);
        let at = |plane: usize, x: usize| {
            let place = ((layers.margin + 5) * layers.size().0 + layers.margin + x) as u32;
            covers[plane].iter().find(|(there, _)| *there == place).map(|(_, paint)| *paint)
        };
        assert_eq!((at(0, 62), at(23, 62)), (Some(Paint::Matte(562)), Some(Paint::Behind(562))));
        assert_eq!((at(0, 70), at(23, 70)), (None, Some(Paint::Pixel { pixel: 570, delay: 0 })));
    }
}
