//! How many bytes and operations a kernel needs: estimates, to say how near it is to what the machine can do.
//!
//! Bytes are what must come from or go to memory if caches hold all that is used twice; operations are the additions,
//! multiplications and comparisons of the method itself. Addresses, conversions and loops are what the rest is.

use crate::ceiling::Ceiling;
use loop3d_optimizer::grid::{LOOPING, TexelGrid};
use loop3d_optimizer::hits::Hits;
use loop3d_optimizer::kernels::lanes::LANES;
use loop3d_optimizer::patches::{Axis, Grid, PatchError, TargetSettings};
use loop3d_scene::{Scene, TILE, UNIT};
use serde::{Deserialize, Serialize};

/// Bytes of RGBA in f32.
const RGBA: f64 = 16.0;
/// Bytes of a looping texel, and of its first moments, in a frame: 16 bits a value.
const STORED: f64 = 8.0;
/// Bytes of a listed hit.
const HIT: f64 = 24.0;
/// Rays end where less light than this is left (kernels/compositor/looping_tiles.rs).
const STOP: f32 = 1.0 / 1024.0;
/// Operations on each value of the kernel matrix in the balanced choice: the exponential, and two for each of eight
/// iterations twice over.
const BALANCED: f64 = 16.0 + 8.0 * 4.0;

/// What a kernel needs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Work {
    /// Bytes read and written.
    pub bytes: f64,
    /// Operations on f32.
    pub operations: f64,
}

/// What bounds a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Limit {
    /// Memory bandwidth.
    Memory,
    /// Multiply-adds.
    Arithmetic,
}

impl Work {
    /// The limit that takes longer, and its fraction of the measured `seconds`: 1 is as fast as the machine can.
    pub fn share(&self, ceiling: &Ceiling, seconds: f64) -> (Limit, f64) {
        let memory = self.bytes / ceiling.bytes_per_second;
        let arithmetic = self.operations / ceiling.operations_per_second;
        let limit = if memory > arithmetic { Limit::Memory } else { Limit::Arithmetic };
        (limit, memory.max(arithmetic) / seconds)
    }
}

/// The looping target: distances of every pixel, sums over segments, patches and time, and the choice.
///
/// # Errors
/// A window that has no grid.
pub fn looping_target(
    (height, width): (usize, usize),
    (frames, captured): (usize, usize),
    settings: &TargetSettings,
) -> Result<Work, PatchError> {
    let grid = Grid::new(height, width, settings.patch, settings.stride)?;
    let joins = |axis: &Axis| (0..axis.len()).map(|at| axis.segments_of(at).len() - 1).sum::<usize>() as f64;
    let (pixels, locations) = ((height * width) as f64, grid.len() as f64);
    let pairs = (frames * captured) as f64;
    // Three differences, three squares, two sums, and one into the segment.
    let distances = 9.0 * pixels;
    let sums = joins(&grid.rows) * grid.columns.segment_count() as f64 + joins(&grid.columns) * grid.rows.len() as f64;
    let choice = match (settings.entropic_epsilon, settings.rho) {
        (Some(_), _) => BALANCED,
        (None, Some(_)) => 3.0,
        (None, None) => 1.0,
    };
    let time = (settings.patch_frames - 1) as f64;
    // The render in f32; the clip read, turned, and read twice; the chosen keys; the target.
    let values = 3.0 * pixels;
    let bytes =
        values * (4.0 * frames as f64 + 4.0 * captured as f64 + frames as f64) + 4.0 * locations * frames as f64;
    Ok(Work { bytes, operations: pairs * (distances + sums + locations * (time + choice)) })
}

/// What a window's rays meet before they end.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RayCounts {
    pixels: f64,
    static_hits: f64,
    looping_hits: f64,
    static_texels: f64,
    looping_texels: f64,
    frames: f64,
}

impl RayCounts {
    /// Follows the rays of the first frame. `grid` is the scene's own.
    pub fn new(scene: &Scene, grid: &TexelGrid, hits: &Hits) -> Self {
        let texels = TILE * TILE;
        let alpha = |tap: u32| {
            let at = (tap & !LOOPING) as usize;
            let value = if tap & LOOPING == 0 {
                scene.static_texels.get(at * 4 + 3)
            } else {
                scene.looping_texels.get((at / texels * scene.frames * texels + at % texels) * 4 + 3)
            };
            value.map_or(0.0, |a| f32::from(*a) * UNIT)
        };
        let mut seen = Self { pixels: hits.pixels() as f64, frames: scene.frames as f64, ..Self::default() };
        let (mut static_seen, mut looping_seen) =
            (vec![false; grid.static_texel_count() + 1], vec![false; grid.looping_texel_count()]);
        for pixel in 0..hits.pixels() {
            let mut through = 1.0;
            for hit in &hits.hits[hits.of(pixel)] {
                let loops = hit.taps.iter().any(|tap| tap & LOOPING != 0);
                *(if loops { &mut seen.looping_hits } else { &mut seen.static_hits }) += 1.0;
                let mut a = 0.0;
                for (tap, w) in hit.taps.into_iter().zip(hit.weights()) {
                    let flags = if tap & LOOPING == 0 { &mut static_seen } else { &mut looping_seen };
                    flags[(tap & !LOOPING) as usize] = true;
                    a += w * alpha(tap);
                }
                through *= 1.0 - a;
                if through < STOP {
                    break;
                }
            }
        }
        let count = |flags: &[bool]| flags.iter().filter(|seen| **seen).count() as f64;
        Self { static_texels: count(&static_seen), looping_texels: count(&looping_seen), ..seen }
    }

    fn chunks(&self) -> f64 {
        (self.frames / LANES as f64).ceil()
    }

    /// Forward and backward through the looping compositor.
    pub fn compositor(&self) -> Work {
        // Texels and gradients: read, read, written. Every chunk of frames reads the list of hits.
        let gradient = 2.0 * RGBA;
        let looping = (STORED + gradient) * self.looping_texels * self.frames;
        let texels = looping + (RGBA + gradient) * self.static_texels * self.chunks();
        let hits = (self.static_hits + self.looping_hits) * HIT * self.chunks();
        // Sampling four taps, compositing, its gradient, and carrying it to four taps, each for RGBA. A fixed hit is
        // sampled once for a chunk, and its gradient summed over the chunk's frames.
        let (sample, over, pixel) = (32.0, 8.0 + 19.0, 3.0 * 10.0);
        let looping = self.looping_hits * (sample + over + 32.0);
        let fixed = self.static_hits * (sample / LANES as f64 + over + 16.0);
        let target = 3.0 * self.pixels * self.frames;
        Work { bytes: texels + hits + target, operations: self.frames * (looping + fixed + self.pixels * pixel) }
    }

    /// Total variation and Adam on the texels that were seen.
    pub fn step(&self) -> Work {
        // Once through the cache, in and out: the gradient (cleared), the value, its first moment, one second moment.
        let texel = 2.0 * (RGBA + STORED + STORED + 4.0);
        let fixed = 2.0 * RGBA * self.chunks() + 2.0 * (RGBA + RGBA + 4.0);
        // Four neighbours of four values: compare twice, scale, add; Adam's seven for each value and five for the texel, and
        // the projection. Static neighbours are compared once for all frames.
        let (variation, adam) = (4.0 * 4.0 * 4.0, 4.0 * 7.0 + 5.0 + 8.0);
        Work {
            bytes: self.looping_texels * self.frames * texel + self.static_texels * fixed,
            operations: self.looping_texels * self.frames * (variation + adam)
                + self.static_texels * (variation + adam),
        }
    }
}

/// Forward, backward and scattering of the static compositor, whose rays do not end early.
pub fn static_compositor(hits: &Hits, texels: usize) -> Work {
    let (count, pixels) = (hits.hits.len() as f64, hits.pixels() as f64);
    // The hit twice, its plane, its place by plane written and read, its sample written, changed and read.
    let of_hit = 2.0 * HIT + 2.0 + 8.0 + 4.0 * RGBA;
    // Gradient and coverage: cleared, read and written.
    let of_texel = 3.0 * (RGBA + 4.0);
    Work {
        bytes: count * of_hit + texels as f64 * of_texel + pixels * 3.0 * RGBA,
        operations: count * (32.0 + 8.0 + 25.0 + 36.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::{ViewWindow, looping_model};
    use crate::synthetic;

    const CEILING: Ceiling = Ceiling { bytes_per_second: 10.0, operations_per_second: 100.0 };

    #[test]
    fn the_slower_limit_counts() {
        let work = Work { bytes: 10.0, operations: 50.0 };
        assert_eq!(work.share(&CEILING, 4.0), (Limit::Memory, 0.25));
        assert_eq!(Work { operations: 400.0, ..work }.share(&CEILING, 4.0), (Limit::Arithmetic, 1.0));
    }

    #[test]
    fn the_large_patches_take_about_three_billion() {
        let work = looping_target((180, 320), (50, 100), &TargetSettings::REFERENCE).unwrap();
        assert!((2.5e9..3.5e9).contains(&work.operations), "{work:?}");
    }

    #[test]
    fn one_patch_is_counted_by_hand() {
        // A window of one patch: nine pixels, one location, no sums over segments; two additions over time, one choice.
        let work = looping_target((3, 3), (4, 5), &TargetSettings::OTHER).unwrap();
        assert_eq!(work.operations, 20.0 * (9.0 * 9.0 + 3.0));
        assert_eq!(work.bytes, 27.0 * (16.0 + 20.0 + 4.0) + 16.0);
    }

    #[test]
    fn rays_end_in_the_dark() {
        let mut scene = synthetic::scene(64, 48, 9);
        let (view_window, model) = (ViewWindow::new(&scene).unwrap(), looping_model(&scene));
        let hits = view_window.hits(&scene, &model.grid);
        let half = RayCounts::new(&scene, &model.grid, &hits);
        // Half of the light ten times over: all eight planes are met.
        assert_eq!(half.static_hits + half.looping_hits, hits.hits.len() as f64);
        scene.static_texels.iter_mut().chain(&mut scene.looping_texels).for_each(|value| *value = 65535);
        let opaque = RayCounts::new(&scene, &model.grid, &hits);
        assert!(opaque.static_hits + opaque.looping_hits < 0.6 * hits.hits.len() as f64);
        assert!(opaque.compositor().operations < half.compositor().operations);
        assert!(opaque.step().bytes < half.step().bytes);
    }
}
