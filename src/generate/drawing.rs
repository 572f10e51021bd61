//! A drawing of a rig: from above, from the side, and from behind the reference camera.
//!
//! The first two squares have one scale and show the point that the cameras look at; the third shows the cameras alone, larger. The
//! number of a camera is that of its clip: 1 is `cam01`, the reference.

use crate::canvas::{
    CAMERA, Dot, FieldOfView, PAPER, Rectangle, SQUARE, cross, dots, field_of_view, fill, ruler, text,
};
use glam::DVec3;
use image::{Rgb, RgbImage};
use loop3d_generator::rig::{Rig, RigCamera, RigReport};

/// Size of the drawing and of its squares, in pixels.
const SIZE: (u32, u32) = (1420, 560);
const SIDE: f64 = 420.0;
/// Left edges of the squares, and their upper edge.
const LEFT: [f64; 3] = [40.0, 500.0, 960.0];
const TOP: f64 = 60.0;
/// Free border in a square.
const MARGIN: f64 = 40.0;

const REFERENCE: Rgb<u8> = Rgb([206, 66, 43]);
const CENTRE: Rgb<u8> = Rgb([24, 140, 72]);

/// Right, up and forward of the whole rig: up is what the cameras agree on, forward the way from the reference to the point they
/// look at, as far as it is level.
struct Axes([DVec3; 3]);

impl Axes {
    fn of(rig: &Rig, reference: &RigCamera) -> Self {
        let pose = reference.world_from_camera;
        let up = -rig.cameras.iter().map(|camera| camera.world_from_camera.matrix3.y_axis).sum::<DVec3>();
        let up = up.try_normalize().unwrap_or(-pose.matrix3.y_axis);
        let level = |v: DVec3| (v - up * v.dot(up)).try_normalize();
        let forward = level(rig.center - pose.translation).or_else(|| level(pose.matrix3.z_axis));
        let forward = forward.unwrap_or_else(|| up.any_orthonormal_vector());
        Self([forward.cross(up), up, forward])
    }

    /// A vector as this square shows it, y downwards.
    fn flat(&self, square: usize, v: DVec3) -> [f64; 2] {
        let [right, up, forward] = self.0.map(|axis| axis.dot(v));
        match square {
            0 => [right, -forward],
            1 => [forward, -up],
            _ => [right, -up],
        }
    }
}

/// Draws a rig whose images have this shape, height over width, with a caption from its report.
pub fn draw(rig: &Rig, reference: &RigCamera, report: &RigReport, shape: f64) -> RgbImage {
    let mut canvas = RgbImage::from_pixel(SIZE.0, SIZE.1, PAPER);
    let axes = Axes::of(rig, reference);
    let position = |camera: &RigCamera| camera.world_from_camera.translation;
    let everything: Vec<DVec3> = rig.cameras.iter().map(position).chain([rig.center]).collect();
    let scale = [0, 1].map(|square| scale(&everything, &axes, square)).into_iter().fold(f64::INFINITY, f64::min);
    for (square, title) in ["from above", "from the side", "from behind camera 1"].into_iter().enumerate() {
        let left = LEFT[square];
        let inside: Rectangle = [left, TOP, left + SIDE, TOP + SIDE];
        fill(&mut canvas, inside, SQUARE);
        text(&mut canvas, (left as i64, 30), title);
        let shown = if square == 2 { &everything[..rig.cameras.len()] } else { &everything[..] };
        let scale = if square == 2 { self::scale(shown, &axes, square) } else { scale };
        let [low, high] = extent(shown, &axes, square);
        let at = |place: DVec3| {
            let flat = axes.flat(square, place);
            let corner = [left, TOP];
            [0, 1].map(|i| corner[i] + SIDE / 2.0 + scale * (flat[i] - (low[i] + high[i]) / 2.0))
        };
        ruler(&mut canvas, [left, TOP + SIDE + 18.0], scale, "m");
        if square < 2 {
            let half_width = 0.5 / rig.focal * if square == 0 { 1.0 } else { shape };
            for (index, camera) in rig.cameras.iter().enumerate() {
                let [x, y] = axes.flat(square, camera.world_from_camera.matrix3.z_axis);
                let length = x.hypot(y).max(1e-9);
                let seen = FieldOfView {
                    at: at(position(camera)),
                    towards: [x / length, y / length],
                    half_width,
                    length: scale * rig.distance(camera) * length,
                    colour: colour(index),
                };
                field_of_view(&mut canvas, &seen, inside);
            }
            cross(&mut canvas, at(rig.center), CENTRE);
        }
        let dot = |(index, camera): (usize, &RigCamera)| Dot {
            at: at(position(camera)),
            colour: colour(index),
            number: index + 1,
        };
        dots(&mut canvas, &rig.cameras.iter().enumerate().map(dot).collect::<Vec<_>>());
    }
    text(&mut canvas, (LEFT[0] as i64, 530), &caption(rig, reference, report));
    canvas
}

fn colour(index: usize) -> Rgb<u8> {
    if index == 0 { REFERENCE } else { CAMERA }
}

/// One line about the whole rig.
fn caption(rig: &Rig, reference: &RigCamera, report: &RigReport) -> String {
    format!(
        "{} cameras, up to {:.2} m apart, {:.1}° aside and {:.1}° up or down from camera 1, {:.2} m from the cross",
        report.cameras,
        report.baseline_m,
        report.azimuth_deg,
        report.elevation_deg,
        rig.distance(reference)
    )
}

/// Least and largest coordinates of places in a square.
fn extent(places: &[DVec3], axes: &Axes, square: usize) -> [[f64; 2]; 2] {
    let flat = || places.iter().map(|place| axes.flat(square, *place));
    let each = |pick: fn(f64, f64) -> f64, start: f64| [0, 1].map(|i| flat().map(|p| p[i]).fold(start, pick));
    [each(f64::min, f64::INFINITY), each(f64::max, f64::NEG_INFINITY)]
}

/// Pixels for a metre, so that all places are in a square.
fn scale(places: &[DVec3], axes: &Axes, square: usize) -> f64 {
    let [low, high] = extent(places, axes, square);
    (SIDE - 2.0 * MARGIN) / (high[0] - low[0]).max(high[1] - low[1]).max(1e-9)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canvas::can_write;
    use loop3d_generator::rig::{RigConfig, RigShape};

    fn drawn(config: &RigConfig) -> RgbImage {
        let rig = config.build().unwrap();
        let report = rig.report(832).unwrap();
        assert!(can_write(&caption(&rig, &rig.cameras[0], &report)));
        draw(&rig, &rig.cameras[0], &report, 480.0 / 832.0)
    }

    /// Centres of the discs of a colour in a square, found by their middle rows.
    fn count(canvas: &RgbImage, square: usize, colour: Rgb<u8>) -> usize {
        let (left, right) = (LEFT[square] as u32, (LEFT[square] + SIDE) as u32);
        let inside = |x: u32, y: u32| (left..right).contains(&x) && (60..480).contains(&y);
        canvas.enumerate_pixels().filter(|(x, y, pixel)| inside(*x, *y) && **pixel == colour).count()
    }

    #[test]
    fn every_camera_of_a_wide_rig_is_a_disc_and_the_reference_is_red() {
        let ring = RigConfig { elevation_deg: 20.0, shape: RigShape::Hemi36, ..RigConfig::default() };
        let canvas = drawn(&ring);
        // No two of the 36 touch from above; a disc has about 81 pixels of its full colour.
        let blue = count(&canvas, 0, CAMERA) as f64 / 35.0;
        assert!((75.0..100.0).contains(&blue), "{blue}");
        assert!((75..100).contains(&count(&canvas, 0, REFERENCE)));
        for square in [0, 1] {
            assert!(count(&canvas, square, CENTRE) > 10, "{square}");
        }
        assert_eq!(count(&canvas, 2, CENTRE), 0);
    }

    #[test]
    fn the_grid_is_apart_from_behind_and_below_the_cross_from_above() {
        let canvas = drawn(&RigConfig::default());
        let blue = count(&canvas, 2, CAMERA) as f64 / 8.0;
        assert!((75.0..100.0).contains(&blue), "{blue}");
        // Cameras above and below the reference do not hide it.
        assert!((75..100).contains(&count(&canvas, 0, REFERENCE)));
        let rows = |colour: Rgb<u8>| {
            let found =
                canvas.enumerate_pixels().filter(|(x, y, p)| *x < 460 && (60..480).contains(y) && **p == colour);
            found.map(|(_, y, _)| y).collect::<Vec<_>>()
        };
        // Forward is up: the reference stands 340 pixels below the point it looks at.
        let middle = |rows: Vec<u32>| f64::from(rows.iter().sum::<u32>()) / rows.len() as f64;
        let apart = middle(rows(REFERENCE)) - middle(rows(CENTRE));
        assert!((330.0..342.0).contains(&apart), "{apart}");
    }
}
