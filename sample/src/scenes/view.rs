//! Renders a view of a scene: what is still is traced once for every subsample; a frame then only adds what moves.

use super::ids;
use super::moving::{Bound, Layers, Posed};
use super::scene::{SKY_DEPTH_M, Scene};
use crate::geometry::Ray;
use glam::{DVec2, Vec3};
use loop3d_scene::Camera;
use rayon::prelude::*;
use std::ops::Range;

/// What the centres of the pixels show in one frame, row-major `[height, width]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Geometry {
    /// Depth along the camera's axis in metres, of the nearest surface that covers at least half;
    /// at most [`SKY_DEPTH_M`], the depth of the sky.
    pub depth_m: Vec<f32>,
    /// What the surface is, see [`ids`].
    pub ids: Vec<u8>,
}

impl Geometry {
    /// Which pixels show the ground.
    #[must_use]
    pub fn ground(&self) -> Vec<bool> {
        self.ids.iter().map(|id| *id == ids::GROUND).collect()
    }
}

/// A camera in the stage's axes, in single precision.
#[derive(Clone, Copy, Debug)]
struct Lens {
    origin: Vec3,
    /// Direction of the image's upper left corner, and its change from pixel to pixel.
    corner: Vec3,
    right: Vec3,
    down: Vec3,
    /// Size of a pixel a metre away, in metres.
    pixel: f32,
}

impl Lens {
    fn new(scene: &Scene, camera: &Camera) -> Self {
        let stage_from_world = scene.world_from_stage().transpose();
        let ray = |x: f64, y: f64| stage_from_world * camera.ray(DVec2::new(x, y));
        let corner = ray(0.0, 0.0);
        Self {
            origin: (stage_from_world * camera.position()).as_vec3(),
            corner: corner.as_vec3(),
            right: (ray(1.0, 0.0) - corner).as_vec3(),
            down: (ray(0.0, 1.0) - corner).as_vec3(),
            pixel: (1.0 / camera.focal_px.x) as f32,
        }
    }

    fn ray(&self, x: f32, y: f32) -> Ray {
        Ray { origin: self.origin, direction: self.corner + self.right * x + self.down * y }
    }
}

/// A subsample of a pixel in which something may move.
#[derive(Clone, Debug)]
struct Sample {
    radiance: Vec3,
    t: f32,
    id: u8,
    /// Its parts in the row's list.
    parts: Range<u32>,
}

/// A row of the image.
#[derive(Clone, Debug, Default)]
struct Row {
    /// Bytes where nothing moves.
    bytes: Vec<u8>,
    /// Depth and id at the centre of each pixel where nothing moves.
    depth_m: Vec<f32>,
    ids: Vec<u8>,
    /// Columns in which something may move.
    moving: Vec<u32>,
    /// The subsamples of these, then their centres, pixel after pixel.
    samples: Vec<Sample>,
    /// Moving things and their parts, of all samples.
    parts: Vec<(u16, u16)>,
}

/// Where a moving thing may ever be seen: as a whole, and its parts.
type Bounds = (Option<Bound>, Vec<Bound>);

/// A view of a scene, ready to give any frame.
pub struct View<'a> {
    scene: &'a Scene,
    lens: Lens,
    width: usize,
    side: usize,
    rows: Vec<Row>,
}

impl<'a> View<'a> {
    /// Traces everything still, with 3×3 samples a pixel, or 4×4 in images of less than 32 pixels.
    #[must_use]
    pub fn new(scene: &'a Scene, camera: &Camera) -> Self {
        let side = if camera.width.min(camera.height) < 32 { 4 } else { 3 };
        let lens = Lens::new(scene, camera);
        let bounds: Vec<Bounds> = scene.moving.iter().map(|moving| (moving.whole(), moving.parts())).collect();
        let width = camera.width as usize;
        let trace = |row: usize| trace_row(scene, &lens, &bounds, width, side, row);
        let rows = (0..camera.height as usize).into_par_iter().map(trace).collect();
        Self { scene, lens, width, side, rows }
    }

    /// Which pixels may ever change, row-major.
    #[must_use]
    pub fn moving_mask(&self) -> Vec<bool> {
        let mut mask = vec![false; self.width * self.rows.len()];
        for (y, row) in self.rows.iter().enumerate() {
            for column in &row.moving {
                mask[y * self.width + *column as usize] = true;
            }
        }
        mask
    }

    /// Frame `index` of a clip of `frames`: RGB bytes `[height, width, 3]`. The clip is a loop: frame `frames` is frame 0.
    #[must_use]
    pub fn frame(&self, index: usize, frames: usize) -> Vec<u8> {
        self.moment((index % frames.max(1)) as f32 / frames.max(1) as f32)
    }

    /// The frame at `phase`, the time in clips.
    #[must_use]
    pub fn moment(&self, phase: f32) -> Vec<u8> {
        let poses = self.poses(phase);
        let count = self.side * self.side;
        let rows = self.rows.par_iter().enumerate().map(|(y, row)| {
            let mut bytes = row.bytes.clone();
            let mut layers = Layers::new(0.0, self.lens.pixel, self.scene.haze());
            for (column, samples) in row.moving.iter().zip(row.samples.chunks_exact(count + 1)) {
                let mut sum = Vec3::ZERO;
                for (index, sample) in samples[..count].iter().enumerate() {
                    let ray = subsample(&self.lens, *column as usize, y, index, self.side);
                    sum += self.layers(&mut layers, sample, row, &poses, &ray).over(sample.radiance);
                }
                let pixel = self.scene.development.bytes(sum / count as f32);
                bytes[3 * *column as usize..][..3].copy_from_slice(&pixel);
            }
            bytes
        });
        rows.collect::<Vec<_>>().concat()
    }

    /// What is where in frame `index` of a clip of `frames`.
    #[must_use]
    pub fn geometry(&self, index: usize, frames: usize) -> Geometry {
        let poses = self.poses((index % frames.max(1)) as f32 / frames.max(1) as f32);
        let count = self.side * self.side;
        let rows = self.rows.par_iter().enumerate().map(|(y, row)| {
            let (mut depth_m, mut ids) = (row.depth_m.clone(), row.ids.clone());
            let mut layers = Layers::new(0.0, self.lens.pixel, self.scene.haze());
            for (column, samples) in row.moving.iter().zip(row.samples.chunks_exact(count + 1)) {
                let (column, center) = (*column as usize, &samples[count]);
                let ray = self.lens.ray(column as f32 + 0.5, y as f32 + 0.5);
                let layers = self.layers(&mut layers, center, row, &poses, &ray);
                (depth_m[column], ids[column]) = seen(layers, center.t, center.id);
            }
            (depth_m, ids)
        });
        let (mut depth_m, mut ids) = (Vec::new(), Vec::new());
        for (depths, row_ids) in rows.collect::<Vec<_>>() {
            depth_m.extend(depths);
            ids.extend(row_ids);
        }
        Geometry { depth_m, ids }
    }

    fn poses(&self, phase: f32) -> Vec<Box<dyn Posed + '_>> {
        self.scene.moving.iter().map(|moving| moving.pose(phase)).collect()
    }

    fn layers<'b>(
        &self,
        layers: &'b mut Layers,
        sample: &Sample,
        row: &Row,
        poses: &[Box<dyn Posed + '_>],
        ray: &Ray,
    ) -> &'b Layers {
        layers.clear(sample.t, ray);
        for (moving, part) in &row.parts[sample.parts.start as usize..sample.parts.end as usize] {
            poses[usize::from(*moving)].paint(usize::from(*part), ray, layers);
        }
        layers
    }
}

/// Depth and id of the nearest surface that covers half.
fn seen(layers: &Layers, t: f32, id: u8) -> (f32, u8) {
    let mut clear = 1.0;
    for layer in layers.iter() {
        clear *= 1.0 - layer.paint.w;
        if clear <= 0.5 {
            return (if layer.id == ids::SKY { SKY_DEPTH_M } else { layer.t }, layer.id);
        }
    }
    (if id == ids::SKY { SKY_DEPTH_M } else { t.min(SKY_DEPTH_M) }, id)
}

/// Depth in metres and id of what the ray through any place of the image (in pixels) meets at `phase`.
#[must_use]
pub fn probe(scene: &Scene, camera: &Camera, pixel: DVec2, phase: f32) -> (f32, u8) {
    let lens = Lens::new(scene, camera);
    let ray = lens.ray(pixel.x as f32, pixel.y as f32);
    let still = scene.trace(&ray, lens.pixel);
    let mut layers = Layers::new(still.t, lens.pixel, scene.haze());
    layers.clear(still.t, &ray);
    for moving in &scene.moving {
        let pose = moving.pose(phase);
        for (part, bound) in moving.parts().iter().enumerate() {
            if bound.meets(&ray, still.t, still.id) {
                pose.paint(part, &ray, &mut layers);
            }
        }
    }
    seen(&layers, still.t, still.id)
}

fn subsample(lens: &Lens, column: usize, row: usize, index: usize, side: usize) -> Ray {
    let at = |k: usize| (k as f32 + 0.5) / side as f32;
    lens.ray(column as f32 + at(index % side), row as f32 + at(index / side))
}

fn trace_row(scene: &Scene, lens: &Lens, bounds: &[Bounds], width: usize, side: usize, y: usize) -> Row {
    let count = side * side;
    let mut row = Row::default();
    let mut samples: Vec<Sample> = Vec::with_capacity(count + 1);
    for column in 0..width {
        samples.clear();
        let first_part = row.parts.len();
        let mut sum = Vec3::ZERO;
        for index in 0..=count {
            if index == count && side % 2 == 1 {
                // The middle subsample is the centre.
                samples.push(samples[count / 2].clone());
                break;
            }
            let ray = if index < count {
                subsample(lens, column, y, index, side)
            } else {
                lens.ray(column as f32 + 0.5, y as f32 + 0.5)
            };
            let still = scene.trace(&ray, lens.pixel);
            let start = row.parts.len() as u32;
            let reached = bounds
                .iter()
                .enumerate()
                .filter(|(_, (whole, _))| whole.is_none_or(|whole| whole.meets(&ray, still.t, still.id)));
            for (moving, (_, parts)) in reached {
                for (part, bound) in parts.iter().enumerate() {
                    if bound.meets(&ray, still.t, still.id) {
                        row.parts.push((moving as u16, part as u16));
                    }
                }
            }
            let parts = start..row.parts.len() as u32;
            samples.push(Sample { radiance: still.radiance, t: still.t, id: still.id, parts });
            if index < count {
                sum += still.radiance;
            }
        }
        let center = &samples[count];
        row.depth_m.push(center.t.min(SKY_DEPTH_M));
        row.ids.push(center.id);
        row.bytes.extend(scene.development.bytes(sum / count as f32));
        if row.parts.len() > first_part {
            row.moving.push(column as u32);
            row.samples.append(&mut samples);
        }
    }
    row
}
