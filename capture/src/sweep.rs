//! Nearest and farthest depth estimated from the images themselves, for poses without points: a coarse plane sweep.
//!
//! For some views each pixel's inverse depth is the one at which its surroundings look most like those in its neighbours' images
//! (normalised cross-correlation, so that exposure does not matter). Only confident pixels count.

use crate::bounds::percentile;
use glam::DVec2;
use loop3d_scene::Camera;
use rayon::prelude::*;

/// Width of the images that are compared.
pub(crate) const WIDTH: u32 = 128;
/// Frames at the beginning of each clip whose mean is compared.
pub(crate) const FRAMES: usize = 50;
/// Reference views, spread evenly over all.
const LOOKED_FROM: usize = 6;
/// Nearest other views that each is compared with.
const NEIGHBOURS: usize = 3;
/// How many of those must see a place, where there are as many.
const WITNESSES: usize = 2;
/// Half a window's side.
const RADIUS: usize = 3;
/// Planes, evenly in inverse depth.
const PLANES: usize = 120;
/// Parallax of the nearest plane, in image widths.
const MOST_PARALLAX: f64 = 0.6;

/// What makes a pixel confident: a contrast (deviation of grey, 0 to 1), a likeness, and a lead over other depths.
const CONTRAST: f32 = 0.015;
const LIKENESS: f32 = 0.8;
const LEAD: f32 = 0.04;
/// Planes around the best that do not count as other depths.
const AROUND: usize = 4;

/// Pixels around a confident one (of 8) that must be at its depth, within this many planes: surfaces are larger than a pixel.
const COMPANY: usize = 5;
const SAME_DEPTH: usize = 2;

/// Fraction of confident pixels that may be nearer than the near bound, and farther than the far one: tuned on campfire, fountain and fern,
/// whose bounds are known. What is beyond the far bound still lands on the farthest plane; what is before the near one has none.
const NEARER: f64 = 0.01;
const FARTHER: f64 = 0.02;
/// Fraction of all pixels that must be confident.
const FEWEST: f64 = 0.01;

/// A small grey image and its camera.
pub(crate) struct GreyView {
    pub camera: Camera,
    /// `[height, width]`, 0 to 1.
    pub grey: Vec<f32>,
}

/// Nearest and farthest depth of the scene. The error says what was found and what was expected.
pub(crate) fn bounds(views: &[GreyView]) -> Result<[f64; 2], String> {
    let from: Vec<usize> =
        (0..views.len().min(LOOKED_FROM)).map(|i| i * views.len() / views.len().min(LOOKED_FROM)).collect();
    let sweeps: Vec<Sweep<'_>> = from.iter().filter_map(|&index| Sweep::new(views, index)).collect();
    if sweeps.is_empty() {
        return Err("all views are in one place; expected at least two places".to_owned());
    }
    let pixels: usize = sweeps.iter().map(|sweep| sweep.reference.grey.len()).sum();
    let sure: Vec<(f64, f64)> =
        sweeps.iter().flat_map(|sweep| sweep.sure().into_iter().map(|inverse| (inverse, sweep.step))).collect();
    let fraction = sure.len() as f64 / pixels as f64;
    if fraction < FEWEST {
        return Err(format!(
            "{:.1} % of the pixels could be matched in another view; expected at least {:.0} % (more texture, views nearer to each \
             other, or poses with points)",
            100.0 * fraction,
            100.0 * FEWEST
        ));
    }
    let mut inverses: Vec<f64> = sure.iter().map(|&(inverse, _)| inverse).collect();
    inverses.sort_by(f64::total_cmp);
    let step = sure.iter().map(|&(_, step)| step).fold(0.0, f64::max);
    // A little wider: the sweep is no finer than its steps.
    let nearest = percentile(&inverses, 1.0 - NEARER) + step;
    let farthest = (percentile(&inverses, FARTHER) - 0.5 * step).max(0.5 * step);
    Ok([1.0 / nearest, 1.0 / farthest])
}

/// One view and what it is compared with.
struct Sweep<'a> {
    reference: &'a GreyView,
    neighbours: Vec<&'a GreyView>,
    /// Between planes, in inverse depth.
    step: f64,
}

impl<'a> Sweep<'a> {
    /// `None` where all other views are in the same place.
    fn new(views: &'a [GreyView], index: usize) -> Option<Self> {
        let reference = &views[index];
        let away = |view: &GreyView| view.camera.position().distance(reference.camera.position());
        let mut others: Vec<&GreyView> = views.iter().filter(|view| away(view) > 0.0).collect();
        others.sort_by(|a, b| away(a).total_cmp(&away(b)));
        others.truncate(NEIGHBOURS);
        let widest = others.last().map(|view| away(view))?;
        let most = MOST_PARALLAX * f64::from(reference.camera.width);
        let step = most / (reference.camera.focal_px.x * widest) / PLANES as f64;
        Some(Self { reference, neighbours: others, step })
    }

    /// Inverse depths of the confident pixels.
    fn sure(&self) -> Vec<f64> {
        let (width, height) = size(&self.reference.camera);
        let own = Moments::of(&self.reference.grey, width, height);
        let likeness: Vec<Vec<f32>> = (1..=PLANES).into_par_iter().map(|plane| self.likeness(plane, &own)).collect();
        let decide = |pixel: usize| {
            if own.deviation(pixel) < CONTRAST {
                return None;
            }
            let at = |plane: usize| likeness[plane][pixel];
            let best = (0..PLANES).max_by(|&a, &b| at(a).total_cmp(&at(b)))?;
            let others = (0..PLANES).filter(|plane| plane.abs_diff(best) > AROUND).map(at);
            let second = others.fold(f32::NEG_INFINITY, f32::max);
            // The nearest plane of all is where what is nearer ends up too.
            (at(best) >= LIKENESS && at(best) - second >= LEAD && best + 1 < PLANES).then_some(best)
        };
        let planes: Vec<Option<usize>> = (0..width * height).into_par_iter().map(decide).collect();
        let in_company = |pixel: usize, plane: usize| {
            let (column, row) = (pixel % width, pixel / width);
            let rows = row.saturating_sub(1)..(row + 2).min(height);
            let around =
                rows.flat_map(|row| (column.saturating_sub(1)..(column + 2).min(width)).map(move |c| row * width + c));
            let like = around.filter(|&other| planes[other].is_some_and(|other| other.abs_diff(plane) <= SAME_DEPTH));
            like.count() > COMPANY // itself included
        };
        let sure = planes.iter().enumerate().filter_map(|(pixel, plane)| plane.map(|plane| (pixel, plane)));
        sure.filter(|&(pixel, plane)| in_company(pixel, plane))
            .map(|(_, plane)| self.step * (plane + 1) as f64)
            .collect()
    }

    /// How similar the neighbours are on one plane: `[height, width]`, −1 to 1; −1 where too few see it.
    fn likeness(&self, plane: usize, own: &Moments) -> Vec<f32> {
        let (width, height) = size(&self.reference.camera);
        let depth = 1.0 / (self.step * plane as f64);
        // The lowest similarity of all that see the place: what is really there looks alike to all of them.
        let mut least = vec![(f32::INFINITY, 0); width * height];
        for neighbour in &self.neighbours {
            let seen = self.warped(neighbour, depth);
            // Outside the neighbour's image grey is NaN, and so is every window that touches it.
            let moments = Moments::of(&seen, width, height);
            let product: Vec<f32> = seen.iter().zip(&self.reference.grey).map(|(a, b)| a * b).collect();
            let product = boxes(&product, width, height);
            for (pixel, (least, count)) in least.iter_mut().enumerate() {
                let covariance = product[pixel] - moments.mean[pixel] * own.mean[pixel];
                let like = covariance / (moments.deviation(pixel) * own.deviation(pixel)).max(1e-6);
                if like.is_finite() {
                    *least = least.min(like);
                    *count += 1;
                }
            }
        }
        let witnesses = self.neighbours.len().min(WITNESSES);
        least.into_iter().map(|(least, count)| if count >= witnesses { least } else { -1.0 }).collect()
    }

    /// The neighbour's grey at each pixel of the reference, if the scene were a plane at `depth`; NaN where it does not see it.
    fn warped(&self, neighbour: &GreyView, depth: f64) -> Vec<f32> {
        let camera = &self.reference.camera;
        let (width, height) = size(camera);
        let neighbour_from_world = neighbour.camera.world_from_camera.inverse();
        let neighbour_from_reference = neighbour_from_world * camera.world_from_camera;
        let mut seen = Vec::with_capacity(width * height);
        for row in 0..height {
            for column in 0..width {
                let pixel = DVec2::new(column as f64 + 0.5, row as f64 + 0.5);
                let ray = ((pixel - camera.center_px) / camera.focal_px).extend(1.0);
                let point = neighbour_from_reference.transform_point3(ray * depth);
                let at = point.truncate() / point.z * neighbour.camera.focal_px + neighbour.camera.center_px;
                seen.push(if point.z > 0.0 { sample(neighbour, at - 0.5) } else { f32::NAN });
            }
        }
        seen
    }
}

fn size(camera: &Camera) -> (usize, usize) {
    (camera.width as usize, camera.height as usize)
}

/// Bilinear; NaN outside the outermost centres.
fn sample(view: &GreyView, at: DVec2) -> f32 {
    let (width, height) = size(&view.camera);
    let inside = at.x >= 0.0 && at.y >= 0.0 && at.x < (width - 1) as f64 && at.y < (height - 1) as f64;
    if !inside {
        return f32::NAN;
    }
    let (x, y) = (at.x as usize, at.y as usize);
    let (right, lower) = ((at.x - x as f64) as f32, (at.y - y as f64) as f32);
    let row = |y: usize| {
        let values = &view.grey[y * width + x..][..2];
        values[0] + right * (values[1] - values[0])
    };
    row(y) + lower * (row(y + 1) - row(y))
}

/// Mean and mean square over the window of each pixel.
struct Moments {
    mean: Vec<f32>,
    square: Vec<f32>,
}

impl Moments {
    fn of(grey: &[f32], width: usize, height: usize) -> Self {
        let squares: Vec<f32> = grey.iter().map(|value| value * value).collect();
        Self { mean: boxes(grey, width, height), square: boxes(&squares, width, height) }
    }

    fn deviation(&self, pixel: usize) -> f32 {
        let variance = self.square[pixel] - self.mean[pixel] * self.mean[pixel];
        if variance.is_nan() { variance } else { variance.max(0.0).sqrt() }
    }
}

/// Mean over the window of each pixel; NaN where it leaves the image. Summed window by window, because running sums would carry NaN along.
fn boxes(values: &[f32], width: usize, height: usize) -> Vec<f32> {
    const SIDE: usize = 2 * RADIUS + 1;
    let mut lines = vec![f32::NAN; values.len()];
    for (line, values) in lines.chunks_exact_mut(width).zip(values.chunks_exact(width)) {
        for (mean, window) in line.iter_mut().skip(RADIUS).zip(values.windows(SIDE)) {
            *mean = window.iter().sum::<f32>() / SIDE as f32;
        }
    }
    let mut means = vec![f32::NAN; values.len()];
    for row in RADIUS..height.saturating_sub(RADIUS) {
        for column in 0..width {
            let sum: f32 = (row - RADIUS..=row + RADIUS).map(|row| lines[row * width + column]).sum();
            means[row * width + column] = sum / SIDE as f32;
        }
    }
    means
}

#[cfg(test)]
mod tests {
    use super::*;
    use glam::{DAffine3, DVec3};

    /// Grey of a wall at `depth`, everywhere different.
    fn wall(point: DVec3) -> f32 {
        let wave = |a: f64, b: f64, c: f64| (a * point.x + b * point.y + c * point.z).sin();
        (0.5 + 0.2 * wave(3.1, 1.7, 0.4) + 0.15 * wave(-4.3, 6.1, 1.0) + 0.12 * wave(11.0, 7.0, 2.0)) as f32
    }

    /// Three cameras in a row: two walls, the upper one at 3 and the lower one at 8.
    fn views(spacing: f64, scene: impl Fn(DVec3) -> f32) -> Vec<GreyView> {
        let view = |index: u32| {
            let camera = Camera {
                width: 128,
                height: 72,
                focal_px: DVec2::splat(120.0),
                center_px: DVec2::new(64.0, 36.0),
                world_from_camera: DAffine3::from_translation(DVec3::new(f64::from(index) * spacing, 0.0, 0.0)),
            };
            let grey = (0..72 * 128).map(|at| {
                let ray = camera.ray(DVec2::new(f64::from(at % 128) + 0.5, f64::from(at / 128) + 0.5));
                let depth = if at / 128 < 36 { 3.0 } else { 8.0 };
                scene(camera.position() + ray * depth)
            });
            GreyView { grey: grey.collect(), camera }
        };
        (0..3).map(view).collect()
    }

    #[test]
    fn two_walls_are_found() {
        let [near, far] = bounds(&views(0.2, wall)).unwrap();
        assert!((2.5..3.0).contains(&near), "{near}");
        assert!((8.0..12.0).contains(&far), "{far}");
    }

    #[test]
    fn nothing_to_see_is_told() {
        let error = bounds(&views(0.2, |_| 0.5)).unwrap_err();
        assert!(error.starts_with("0.0 % of the pixels"), "{error}");
        assert!(bounds(&views(0.0, wall)).unwrap_err().contains("one place"));
    }
}
