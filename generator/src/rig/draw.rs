//! A drawing of a rig: from above on the left, from the side on the right, at one scale.
//!
//! From above, the world's x (forward for the reference of our shapes) points up and its y to the left. From the side, x points to
//! the right and z up.

use super::{Rig, RigError};
use glam::{DVec2, DVec3};
use loop3d_media::{Size, images};
use std::path::Path;

/// Side of a panel in pixels.
const PANEL: f64 = 480.0;
/// Free border of a panel.
const MARGIN: f64 = 48.0;
/// Radius of a camera's disc.
const DISC: f64 = 5.0;

const PAPER: [u8; 3] = [255, 255, 255];
const SIGHT: [u8; 3] = [200, 208, 216];
const REFERENCE: [u8; 3] = [206, 66, 43];
const CAMERA: [u8; 3] = [28, 92, 158];
const CENTER: [u8; 3] = [24, 140, 72];
const FRAME: [u8; 3] = [120, 120, 120];

/// An image of a rig, and where in it things are.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawing {
    /// Width and height in pixels.
    pub size: Size,
    /// `[height, width, 3]`.
    pub rgb: Vec<u8>,
    /// Pixels of each camera: from above, from the side. The reference (first) is red, the others are blue.
    pub cameras: Vec<[DVec2; 2]>,
    /// Pixels of the common point, a green cross.
    pub center: [DVec2; 2],
}

impl Rig {
    /// Draws the cameras, their lines of sight and the point that they look at.
    #[must_use]
    pub fn draw(&self) -> Drawing {
        let positions: Vec<DVec3> = self.cameras.iter().map(|camera| camera.world_from_camera.translation).collect();
        let everything = || positions.iter().chain([&self.center]);
        let low = everything().fold(DVec3::INFINITY, |low, p| low.min(*p));
        let high = everything().fold(DVec3::NEG_INFINITY, |high, p| high.max(*p));
        let scale = (PANEL - 2.0 * MARGIN) / (high - low).max_element().max(1e-9);
        let place = |p: DVec3| {
            let q = (p - 0.5 * (low + high)) * scale;
            let middle = DVec2::splat(PANEL / 2.0);
            [middle + DVec2::new(-q.y, -q.x), middle + DVec2::new(PANEL + q.x, -q.z)]
        };
        let size = (2 * PANEL as u32, PANEL as u32);
        let mut canvas = Canvas { size, rgb: PAPER.repeat((size.0 * size.1) as usize) };
        let center = place(self.center);
        for (camera, position) in self.cameras.iter().zip(&positions) {
            let forward = camera.world_from_camera.matrix3.z_axis;
            let end = place(*position + forward * self.distance(camera));
            for (from, to) in place(*position).into_iter().zip(end) {
                canvas.line(from, to, SIGHT);
            }
        }
        canvas.line(DVec2::new(PANEL, 0.0), DVec2::new(PANEL, PANEL), FRAME);
        let cameras: Vec<[DVec2; 2]> = positions.iter().map(|position| place(*position)).collect();
        for (index, places) in cameras.iter().enumerate().rev() {
            for place in places {
                canvas.disc(*place, DISC, if index == 0 { REFERENCE } else { CAMERA });
            }
        }
        for middle in center {
            for arm in [DVec2::new(6.0, 6.0), DVec2::new(6.0, -6.0)] {
                canvas.line(middle - arm, middle + arm, CENTER);
            }
        }
        Drawing { size, rgb: canvas.rgb, cameras, center }
    }
}

impl Drawing {
    /// Writes it as the format that the file's extension names, PNG or JPEG.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, file: &Path) -> Result<(), RigError> {
        Ok(images::write(file, &self.rgb, self.size)?)
    }
}

struct Canvas {
    size: Size,
    rgb: Vec<u8>,
}

impl Canvas {
    fn put(&mut self, place: DVec2, color: [u8; 3]) {
        let (width, height) = (f64::from(self.size.0), f64::from(self.size.1));
        if place.cmpge(DVec2::ZERO).all() && place.x < width && place.y < height {
            let at = 3 * (place.y as usize * self.size.0 as usize + place.x as usize);
            self.rgb[at..at + 3].copy_from_slice(&color);
        }
    }

    fn line(&mut self, from: DVec2, to: DVec2, color: [u8; 3]) {
        let steps = (to - from).abs().max_element().ceil().clamp(1.0, 4.0 * PANEL);
        for step in 0..=steps as usize {
            self.put(from.lerp(to, step as f64 / steps), color);
        }
    }

    fn disc(&mut self, middle: DVec2, radius: f64, color: [u8; 3]) {
        let reach = radius.ceil() as i32;
        for (dx, dy) in (-reach..=reach).flat_map(|dx| (-reach..=reach).map(move |dy| (dx, dy))) {
            let offset = DVec2::new(f64::from(dx), f64::from(dy));
            if offset.length() <= radius {
                self.put(middle + offset, color);
            }
        }
    }
}
