//! Measures a scene from one clip against the other cameras of its capture: `relief CAPTURE VIEW SCENE [FOLDER]`. The capture comes from
//! `loop3d sample --scene … --depth`: its poses and depths tell which pixels the clip saw.
//!
//! For each other camera, the table has a row each for pixels that VIEW saw, for pixels that it uncovers, and for pixels beyond the rim of its
//! picture: the PSNR of still pixels against the mean of the camera's clip, the same for stretched edges (the picture on a mesh of its depth,
//! torn nowhere), and the deviation over time of moving pixels, as a fraction of the truth's. FOLDER gets images to look at: the truth, the
//! render, and the stretched edges, one above the other.
#![allow(clippy::print_stdout, reason = "a table is what it is for")]

use anyhow::{Context, Result, ensure};
use glam::{DAffine3, DVec2};
use loop3d_capture::{Clip, LoadOptions, PosedCapture, PosedView, load_poses, loopable_mask, read_npy};
use loop3d_scene::{Camera, render};
use rayon::prelude::*;
use std::path::{Path, PathBuf};

/// How much nearer or farther, as a part, a point may be than the depth of the pixel that it falls on, and still be what it shows.
const SAME: f64 = 0.02;
/// The kinds of pixels.
const KINDS: [&str; 3] = ["seen", "uncovered", "beyond the rim"];

fn main() -> Result<()> {
    let mut given = std::env::args().skip(1);
    let mut next = || given.next().context("expected CAPTURE VIEW SCENE [FOLDER]");
    let (capture, view, scene) = (PathBuf::from(next()?), next()?.parse::<usize>()?, next()?);
    let folder = given.next().map(PathBuf::from);
    let scene = loop3d_scene::load(Path::new(&scene))?;
    let posed = load_poses(&capture, &LoadOptions::default())?;
    let of = posed.views.get(view).context("no such view")?;
    let reference = Seen::of(of, &posed)?;
    // The scene's unit is the nearest depth of its picture.
    let nearest = scene.fit["one_clip_depth"]["nearest"].as_f64().unwrap_or(1.0);
    let unit = posed.normalisation.scale * nearest;
    println!("view  distance  pixels          part  PSNR  stretched  deviation over time, of the truth's");
    for (index, other) in posed.views.iter().enumerate().filter(|(index, _)| *index != view) {
        let truth = Seen::of(other, &posed)?;
        let placed = place(of, other, unit);
        let kinds = kinds(&truth, &reference);
        let shown: Vec<Vec<u8>> =
            (0..scene.frames).into_par_iter().map(|t| render(&scene, &placed, t as f64).to_rgb8()).collect();
        let stretched = stretched(&reference, of, other);
        let still: Vec<bool> = loopable_mask(&truth.clip).iter().map(|moving| !moving).collect();
        let mean = mean(&truth.clip);
        if let Some(folder) = &folder {
            std::fs::create_dir_all(folder)?;
            let both = [truth.clip.frame(0), &shown[0], &stretched].concat();
            let (width, height) = (truth.clip.width as u32, truth.clip.height as u32);
            image::save_buffer(folder.join(format!("{index}.png")), &both, width, 3 * height, image::ColorType::Rgb8)?;
        }
        for (kind, name) in KINDS.iter().enumerate() {
            let pixels: Vec<usize> = (0..kinds.len()).filter(|at| kinds[*at] == kind).collect();
            let of_still: Vec<usize> = pixels.iter().copied().filter(|at| still[*at]).collect();
            let of_moving: Vec<usize> = pixels.iter().copied().filter(|at| !still[*at]).collect();
            let frames: Vec<&[u8]> = (0..truth.clip.frames).map(|t| truth.clip.frame(t)).collect();
            let shown_frames: Vec<&[u8]> = shown.iter().map(Vec::as_slice).collect();
            println!(
                "{:4}  {:8.2}  {name:14}  {:3.0} %  {:5.1}  {:5.1}  {:6.2} ({} pixels)",
                other.name,
                placed.position().length(),
                100.0 * pixels.len() as f64 / kinds.len() as f64,
                psnr(&shown[0], &mean, &of_still),
                psnr(&stretched, &mean, &of_still),
                deviation(&shown_frames, &of_moving) / deviation(&frames, &of_moving),
                of_moving.len(),
            );
        }
    }
    Ok(())
}

/// A view with its true depth.
struct Seen {
    camera: Camera,
    clip: Clip,
    /// In the capture's normalised units; the median over time.
    depth: Vec<f64>,
}

impl Seen {
    fn of(view: &PosedView, capture: &PosedCapture) -> Result<Self> {
        let clip = view.read()?;
        let bytes = std::fs::read(capture.dir.join("depth").join(format!("{}.npy", view.name)))?;
        let npy = read_npy(&bytes).map_err(anyhow::Error::msg)?;
        let pixels = clip.width * clip.height;
        ensure!(npy.values.len() % pixels == 0, "depth of another size: {:?}", npy.shape);
        let frames = npy.values.len() / pixels;
        let median = |at: usize| {
            let mut over_time: Vec<f64> = (0..frames).map(|t| npy.values[t * pixels + at]).collect();
            capture.normalisation.scale * *over_time.select_nth_unstable_by(frames / 2, f64::total_cmp).1
        };
        Ok(Self { camera: view.camera, clip, depth: (0..pixels).map(median).collect() })
    }
}

/// The camera of another view in the world of a scene whose reference camera is `of`.
fn place(of: &PosedView, other: &PosedView, unit: f64) -> Camera {
    let relative = of.camera.world_from_camera.inverse() * other.camera.world_from_camera;
    Camera { world_from_camera: DAffine3 { translation: relative.translation / unit, ..relative }, ..other.camera }
}

/// Whether each pixel of a view was seen by the reference, is behind something there, or is beyond its rim.
fn kinds(view: &Seen, reference: &Seen) -> Vec<usize> {
    let (width, height) = (view.clip.width, view.clip.height);
    let of = |at: usize| {
        let pixel = DVec2::new((at % width) as f64 + 0.5, (at / width) as f64 + 0.5);
        let point = view.camera.position() + view.camera.ray(pixel) * view.depth[at];
        let Some(there) = reference.camera.project(point) else { return 2 };
        let (x, y) = (there.x.floor(), there.y.floor());
        if x < 0.0 || y < 0.0 || x >= width as f64 || y >= height as f64 {
            return 2;
        }
        let depth = reference.camera.world_from_camera.inverse().transform_point3(point).z;
        // Seen where any pixel around is about as far.
        let around = [(0.0, 0.0), (-0.5, 0.0), (0.5, 0.0), (0.0, -0.5), (0.0, 0.5)].map(|(dx, dy)| {
            let at = (
                (there.x + dx).clamp(0.0, width as f64 - 1.0) as usize,
                (there.y + dy).clamp(0.0, height as f64 - 1.0) as usize,
            );
            reference.depth[at.1 * width + at.0]
        });
        usize::from(!around.iter().any(|there| (depth / there - 1.0).abs() < SAME))
    };
    (0..width * height).into_par_iter().map(of).collect()
}

/// The mean of the reference's clip as a mesh of its depth, seen from another view: black where nothing is.
fn stretched(reference: &Seen, of: &PosedView, other: &PosedView) -> Vec<u8> {
    let (width, height) = (reference.clip.width, reference.clip.height);
    let picture = mean(&reference.clip);
    let (mut out, mut nearest) = (vec![0u8; picture.len()], vec![f64::INFINITY; width * height]);
    let corner = |at: usize| {
        let pixel = DVec2::new((at % width) as f64 + 0.5, (at / width) as f64 + 0.5);
        let point = of.camera.position() + of.camera.ray(pixel) * reference.depth[at];
        let depth = other.camera.world_from_camera.inverse().transform_point3(point).z;
        (other.camera.project(point).unwrap_or(DVec2::NAN), depth, at)
    };
    for at in (0..width * height).filter(|at| at % width + 1 < width && at / width + 1 < height) {
        let [a, b, c, d] = [at, at + 1, at + width, at + width + 1].map(corner);
        for triangle in [[a, b, c], [b, d, c]] {
            let [(p, ..), (q, ..), (r, ..)] = triangle;
            let area = (q - p).perp_dot(r - p);
            let (low, high) = (p.min(q).min(r).floor(), p.max(q).max(r).ceil());
            if !area.is_finite() || area.abs() < 1e-12 {
                continue;
            }
            for y in low.y.max(0.0) as usize..(high.y.max(0.0) as usize).min(height) {
                for x in low.x.max(0.0) as usize..(high.x.max(0.0) as usize).min(width) {
                    let here = DVec2::new(x as f64 + 0.5, y as f64 + 0.5);
                    let w = [(r - q).perp_dot(here - q), (p - r).perp_dot(here - r), (q - p).perp_dot(here - p)]
                        .map(|w| w / area);
                    let depth: f64 = w.iter().zip(&triangle).map(|(w, corner)| w * corner.1).sum();
                    if w.iter().any(|w| *w < -1e-9) || depth >= nearest[y * width + x] {
                        continue;
                    }
                    nearest[y * width + x] = depth;
                    for channel in 0..3 {
                        let value: f64 = w
                            .iter()
                            .zip(&triangle)
                            .map(|(w, corner)| w * f64::from(picture[3 * corner.2 + channel]))
                            .sum();
                        out[3 * (y * width + x) + channel] = value.round() as u8;
                    }
                }
            }
        }
    }
    out
}

fn mean(clip: &Clip) -> Vec<u8> {
    let sum = |i: usize| (0..clip.frames).map(|t| u32::from(clip.frame(t)[i])).sum::<u32>();
    (0..clip.frame(0).len()).map(|i| ((sum(i) + clip.frames as u32 / 2) / clip.frames as u32) as u8).collect()
}

fn psnr(shown: &[u8], truth: &[u8], pixels: &[usize]) -> f64 {
    let squared =
        |at: &usize| (3 * at..3 * at + 3).map(|i| (f64::from(shown[i]) - f64::from(truth[i])).powi(2)).sum::<f64>();
    let mse = pixels.iter().map(squared).sum::<f64>() / (3 * pixels.len()).max(1) as f64;
    10.0 * (255.0f64.powi(2) / mse).log10()
}

/// Mean standard deviation over time.
fn deviation(frames: &[&[u8]], pixels: &[usize]) -> f64 {
    let of = |i: usize| {
        let values = frames.iter().map(|frame| f64::from(frame[i]));
        let mean = values.clone().sum::<f64>() / frames.len() as f64;
        (values.map(|value| (value - mean).powi(2)).sum::<f64>() / frames.len() as f64).sqrt()
    };
    pixels.iter().flat_map(|at| 3 * at..3 * at + 3).map(of).sum::<f64>() / (3 * pixels.len()).max(1) as f64
}
