//! Renders a view: everything static is traced once for every subsample; a frame then only adds what moves.

use crate::cameras::cameras;
use crate::config::{SampleConfig, VIEWS, first_frame};
use crate::garden::{Garden, Radiance};
use crate::geometry::Ray;
use crate::noise::Noise;
use glam::{DVec2, Vec2, Vec3};
use loop3d_scene::Camera;
use rayon::prelude::*;

/// Subsamples along each side of a pixel.
const SIDE: usize = 3;
/// Subsamples of a pixel.
const SAMPLES: usize = SIDE * SIDE;

/// A piece of a moving thing in a subsample.
#[derive(Clone, Copy)]
struct Fragment {
    motion: u16,
    sample: u16,
    uv: Vec2,
}

/// A pixel with something moving in it.
struct Moving {
    column: usize,
    /// What is behind it, for each subsample.
    fixed: [Radiance; SAMPLES],
    /// Far to near within each subsample.
    fragments: Vec<Fragment>,
}

#[derive(Default)]
struct Row {
    /// Mean over the subsamples, for each pixel.
    fixed: Vec<Radiance>,
    moving: Vec<Moving>,
    /// Depth of the first solid at the middle of each pixel.
    depths: Vec<f32>,
    /// Nearest and farthest depth of anything in any subsample.
    bounds: Option<[f32; 2]>,
}

/// A view, ready to give any frame.
pub struct Stage<'a> {
    garden: &'a Garden,
    width: usize,
    rows: Vec<Row>,
    tone: Vec<f32>,
    flicker: Noise,
    /// Nearest and farthest depth of anything seen.
    pub bounds: [f64; 2],
}

/// Radiance above this is white.
const BRIGHTEST: f32 = 12.0;

/// Sensor values (0–255, not rounded) of radiances `BRIGHTEST · (i/4095)²`: a soft shoulder and gamma 2.2.
fn tone_curve() -> Vec<f32> {
    (0..4097)
        .map(|i| {
            let radiance = BRIGHTEST * (i as f32 / 4095.0).powi(2);
            255.0 * (1.0 - (-1.55 * radiance).exp()).powf(1.0 / 2.2)
        })
        .collect()
}

fn offset(sample: usize) -> DVec2 {
    let side = SIDE as f64;
    DVec2::new((sample % SIDE) as f64 + 0.5, (sample / SIDE) as f64 + 0.5) / side
}

fn ray(camera: &Camera, pixel: DVec2) -> Ray {
    Ray { origin: camera.position().as_vec3(), direction: camera.ray(pixel).as_vec3() }
}

impl<'a> Stage<'a> {
    /// Traces everything static.
    pub fn new(garden: &'a Garden, config: &SampleConfig, camera: &Camera) -> Self {
        let width = config.width as usize;
        let rows: Vec<Row> =
            (0..config.height as usize).into_par_iter().map(|row| trace_row(garden, camera, row)).collect();
        let bounds = rows.iter().filter_map(|r| r.bounds).reduce(|a, b| [a[0].min(b[0]), a[1].max(b[1])]);
        let bounds = bounds.unwrap_or([1.0, 2.0]).map(f64::from);
        Self { garden, width, rows, tone: tone_curve(), flicker: Noise::new(config.seed).salted(51), bounds }
    }

    /// Depth of the first solid (or opaque water) in the middle of each pixel, row-major.
    pub fn depths(&self) -> Vec<f32> {
        self.rows.iter().flat_map(|r| &r.depths).copied().collect()
    }

    /// Fraction of the pixels in which nothing moves.
    pub fn static_fraction(&self) -> f64 {
        let mask = self.static_mask();
        mask.iter().filter(|&&fixed| fixed).count() as f64 / mask.len() as f64
    }

    /// Which pixels have nothing moving in them, row-major.
    pub fn static_mask(&self) -> Vec<bool> {
        let mut mask = vec![true; self.width * self.rows.len()];
        for (y, row) in self.rows.iter().enumerate() {
            for pixel in &row.moving {
                mask[y * self.width + pixel.column] = false;
            }
        }
        mask
    }

    fn encode(&self, radiance: Vec3) -> [f32; 3] {
        (radiance * (1.0 / BRIGHTEST)).to_array().map(|c| {
            let at = c.clamp(0.0, 1.0).sqrt() * 4095.0;
            let i = at as usize;
            self.tone[i] + (self.tone[i + 1] - self.tone[i]) * (at - i as f32)
        })
    }

    /// The frame at `seconds`: sensor values 0–255 before noise and rounding, `[height, width, 3]`.
    pub fn frame(&self, seconds: f32) -> Vec<f32> {
        let poses: Vec<_> = self.garden.motions.iter().map(|m| m.pose(seconds)).collect();
        // Small: what the fire lights must still count as static.
        let glow = 1.0 + 0.035 * self.flicker.line(seconds * 3.1) + 0.02 * self.flicker.salted(1).line(seconds * 6.7);
        let lit = |r: &Radiance| r.steady + r.fire * glow;
        let mut frame = Vec::with_capacity(self.width * self.rows.len() * 3);
        for row in &self.rows {
            let start = frame.len();
            frame.extend(row.fixed.iter().flat_map(|r| self.encode(lit(r))));
            for pixel in &row.moving {
                let mut samples = pixel.fixed.map(|r| lit(&r));
                for fragment in &pixel.fragments {
                    let paint = poses[fragment.motion as usize].paint(fragment.uv);
                    let below = &mut samples[fragment.sample as usize];
                    *below = *below * (1.0 - paint.w) + paint.truncate();
                }
                let mean = samples.iter().sum::<Vec3>() / SAMPLES as f32;
                frame[start + 3 * pixel.column..][..3].copy_from_slice(&self.encode(mean));
            }
        }
        frame
    }
}

fn trace_row(garden: &Garden, camera: &Camera, row: usize) -> Row {
    let mut out = Row::default();
    for column in 0..camera.width as usize {
        let mut fixed = [Radiance::default(); SAMPLES];
        let mut fragments = Vec::new();
        for (sample, radiance) in fixed.iter_mut().enumerate() {
            let ray = ray(camera, DVec2::new(column as f64, row as f64) + offset(sample));
            let Some((hit, material)) = garden.trace(&ray) else { continue };
            let mut before: Vec<(f32, u16, Vec2)> = Vec::new();
            let mut solid = hit.t;
            for (index, motion) in garden.motions.iter().enumerate() {
                if let Some((t, uv)) = motion.sheet().hit(&ray)
                    && t < solid
                    && motion.covers(uv)
                {
                    before.push((t, index as u16, uv));
                    if motion.opaque() {
                        solid = t;
                    }
                }
            }
            before.retain(|b| b.0 <= solid);
            before.sort_by(|a, b| b.0.total_cmp(&a.0));
            if sample == SAMPLES / 2 {
                out.depths.push(solid);
            }
            let near = before.last().map_or(solid, |b| b.0);
            let seen = out.bounds.unwrap_or([near, solid]);
            out.bounds = Some([seen[0].min(near), seen[1].max(solid)]);
            if solid == hit.t {
                // A different point of the fires for each subsample, the same in every pixel: soft shadows, no noise.
                let fifth = ((sample * 5) % SAMPLES) as f32 + 0.5;
                let point = Vec2::new((sample as f32 + 0.5) / SAMPLES as f32, fifth / SAMPLES as f32);
                *radiance = garden.shade(&ray, &hit, material, point);
            }
            fragments.extend(before.iter().map(|&(_, motion, uv)| Fragment { motion, sample: sample as u16, uv }));
        }
        let total = fixed
            .iter()
            .fold(Radiance::default(), |sum, r| Radiance { steady: sum.steady + r.steady, fire: sum.fire + r.fire });
        let weight = 1.0 / SAMPLES as f32;
        out.fixed.push(Radiance { steady: total.steady * weight, fire: total.fire * weight });
        if !fragments.is_empty() {
            out.moving.push(Moving { column, fixed, fragments });
        }
    }
    out
}

/// A sensor: its exposure and its noise.
#[derive(Clone, Copy, Debug)]
pub struct Sensor {
    exposure: f32,
    noise: Option<Noise>,
}

/// Standard deviation of the sensor noise, of 255.
const SENSOR_SIGMA: f32 = 1.0;

impl Sensor {
    /// The sensor of a view: an exposure of its own (within 1.5 %) and noise.
    pub fn of_view(seed: u64, view: usize) -> Self {
        let noise = Noise::new(seed).salted(52);
        // Spread evenly, so that they always differ.
        let exposure = 1.0 + 0.0075 * (2.0 * ((view * 4) % VIEWS) as f32 / (VIEWS - 1) as f32 - 1.0);
        Self { exposure, noise: Some(noise.salted(view as u32)) }
    }

    /// Without noise, exposure 1.
    pub fn ideal() -> Self {
        Self { exposure: 1.0, noise: None }
    }

    /// Rounded RGB bytes of a frame; `index` is its number.
    pub fn read(&self, frame: &[f32], index: usize) -> Vec<u8> {
        let grain = |i: usize| {
            self.noise.map_or(0.0, |noise| {
                // The sum of four random bytes is near enough to a normal distribution: mean 510, σ 147.8.
                let bytes = noise.bits(i as i32, index as i32, 3).to_le_bytes();
                SENSOR_SIGMA * (bytes.iter().map(|&b| i32::from(b)).sum::<i32>() - 510) as f32 / 147.8
            })
        };
        frame.iter().enumerate().map(|(i, &v)| (v * self.exposure + grain(i) + 0.5).clamp(0.0, 255.0) as u8).collect()
    }
}

/// Renders one frame of one view as its sensor sees it: RGB bytes `[height, width, 3]`. `frame` counts from the
/// beginning of the view's own stretch of time. For many frames of a view use [`write`](crate::write()), which traces it once.
///
/// # Panics
/// Where `view` is not below 9.
pub fn render_view(config: &SampleConfig, view: usize, frame: usize) -> Vec<u8> {
    let garden = Garden::new(config.seed);
    let stage = Stage::new(&garden, config, &cameras(config)[view]);
    let index = first_frame(config, view) + frame;
    Sensor::of_view(config.seed, view).read(&stage.frame((index as f64 / config.fps) as f32), index)
}

/// True depth (along the camera's axis, in the scene's own units) of what is static, and of the water in the
/// basin, at the middle of each pixel of a view: `[height, width]`.
///
/// # Panics
/// Where `view` is not below 9.
pub fn depth_map(config: &SampleConfig, view: usize) -> Vec<f32> {
    let garden = Garden::new(config.seed);
    Stage::new(&garden, config, &cameras(config)[view]).depths()
}
