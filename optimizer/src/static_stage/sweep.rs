//! The start of the static stage: a plane sweep (Collins 1996; Szeliski and Golland 1999).
//!
//! Every texel of every plane is looked up in all views; where they agree, a surface is likely. Over the planes that a
//! reference pixel's ray meets, agreement, smoothed by semi-global matching, becomes a distribution `p`, and opacities are set so that the reference
//! camera gives plane k the weight `p_k`: `αₖ = pₖ / (1 − Σ_{j<k} pⱼ)`. Descent from grey fog (METHOD §2.4, D11) instead
//! finds the same surfaces late, or explains coarse images by a single plane.

use super::StaticView;
use super::model::logit;
use super::semiglobal::Volume;
use crate::grid::{Rgba, TexelGrid};
use crate::layout::Layout;
use glam::{DVec2, DVec3};
use loop3d_scene::Camera;
use rayon::prelude::*;

/// Disagreement that means nothing: three grey levels, about the noise of a long exposure. The unit of costs.
const NOISE: f32 = 3.0 / 255.0;
/// Cost beyond which disagreement means nothing more: an occlusion, or no surface at all.
const MOST: f32 = 6.0;
/// Cost where fewer than two views look: neighbours decide.
const UNSEEN: f32 = 3.0;
/// How fast weight falls with smoothed cost.
const SHARPNESS: f32 = 6.0;
/// Texels on each side whose disagreement is averaged.
const RADIUS: i64 = 1;
/// Opacities start inside these, so that descent can still move them.
const ALPHA: std::ops::RangeInclusive<f32> = 0.001..=0.98;

/// One plane's look-up: mean colour and cost (disagreement in units of [`NOISE`]), by texel of the whole plane.
struct Sweep {
    colour: Vec<[f32; 3]>,
    cost: Vec<f32>,
}

/// Logits for each texel of `grid`, which must hold static tiles only.
pub fn start(grid: &TexelGrid, layout: &Layout, views: &[StaticView]) -> Vec<Rgba> {
    let (columns, rows) = (grid.table.columns * grid.side, grid.table.rows * grid.side);
    let sweeps: Vec<Sweep> = (0..layout.planes.count)
        .into_par_iter()
        .map(|plane| sweep(grid, layout, views, plane, columns, rows))
        .collect();
    let volume = Volume {
        rows,
        columns,
        planes: sweeps.len(),
        costs: (0..columns * rows).flat_map(|i| sweeps.iter().map(move |s| s.cost[i])).collect(),
    };
    let smooth = volume.smoothed();
    let mut weights: Vec<Vec<f32>> = vec![vec![0.0; columns * rows]; sweeps.len()];
    for i in 0..columns * rows {
        let best = smooth.at(i).iter().copied().fold(f32::INFINITY, f32::min);
        for (weights, cost) in weights.iter_mut().zip(smooth.at(i)) {
            weights[i] = (-SHARPNESS * (cost - best)).exp();
        }
    }
    let totals: Vec<f32> = (0..columns * rows).map(|i| weights.iter().map(|w| w[i]).sum::<f32>().max(1e-6)).collect();
    let mut left = vec![1.0f32; columns * rows];
    let mut alphas = Vec::with_capacity(sweeps.len());
    for weights in &weights {
        let alpha: Vec<f32> = (0..columns * rows)
            .map(|i| {
                let p = weights[i] / totals[i];
                let alpha = if left[i] > 1e-3 { (p / left[i]).min(1.0) } else { 0.0 };
                left[i] -= p;
                alpha
            })
            .collect();
        alphas.push(alpha);
    }
    let side = grid.side;
    let mut logits = Vec::with_capacity(grid.static_texel_count());
    for (plane, row, column, _) in grid.places() {
        for i in 0..grid.tile_texels() {
            let at = (row * side + i / side) * columns + column * side + i % side;
            let [r, g, b] = sweeps[plane].colour[at];
            logits.push([logit(r), logit(g), logit(b), logit(alphas[plane][at].clamp(*ALPHA.start(), *ALPHA.end()))]);
        }
    }
    logits
}

fn sweep(grid: &TexelGrid, layout: &Layout, views: &[StaticView], plane: usize, columns: usize, rows: usize) -> Sweep {
    let depth = layout.planes.depth(plane);
    let reference = &layout.reference;
    let [ox, oy] = grid.table.origin_px.map(f64::from);
    let px = 1.0 / grid.texels_per_px();
    let mut colour = vec![[0.5; 3]; columns * rows];
    let mut raw = vec![f32::INFINITY; columns * rows];
    for row in 0..rows {
        for column in 0..columns {
            let at_px = DVec2::new(ox + (column as f64 + 0.5) * px, oy + (row as f64 + 0.5) * px);
            let in_camera = ((at_px - reference.center_px) / reference.focal_px).extend(1.0) * depth;
            let point = reference.world_from_camera.transform_point3(in_camera);
            let (n, mean, variance) = agreement(views, point);
            if n > 0 {
                colour[row * columns + column] = mean;
            }
            if n > 1 {
                raw[row * columns + column] = variance;
            }
        }
    }
    let cost = |variance: f32| if variance.is_finite() { (variance.sqrt() / NOISE).min(MOST) } else { UNSEEN };
    let cost = (0..rows as i64 * columns as i64)
        .map(|i| cost(box_mean(&raw, columns as i64, rows as i64, i % columns as i64, i / columns as i64)))
        .collect();
    Sweep { colour, cost }
}

/// Number of views that see a point, their mean colour, and their variance summed over channels.
fn agreement(views: &[StaticView], point: DVec3) -> (usize, [f32; 3], f32) {
    let (mut n, mut sum, mut squares) = (0, [0.0f32; 3], [0.0f32; 3]);
    for view in views {
        let Some(c) = look(&view.camera, view, point) else { continue };
        n += 1;
        for k in 0..3 {
            sum[k] += c[k];
            squares[k] += c[k] * c[k];
        }
    }
    let count = n.max(1) as f32;
    let mean = sum.map(|s| s / count);
    // Unbiased, so that a point that two views see does not look more certain than one that eight do.
    let variance =
        (0..3).map(|k| (squares[k] - count * mean[k] * mean[k]).max(0.0)).sum::<f32>() / (count - 1.0).max(1.0);
    (n, mean, variance)
}

/// Bilinear colour of a point in a view, `None` outside its image.
fn look(camera: &Camera, view: &StaticView, point: DVec3) -> Option<[f32; 3]> {
    let (height, width) = view.size;
    let p = camera.project(point)? - DVec2::splat(0.5);
    if !(p.x >= -0.5 && p.y >= -0.5 && p.x <= width as f64 - 0.5 && p.y <= height as f64 - 0.5) {
        return None;
    }
    let (x0, y0) = (p.x.floor(), p.y.floor());
    let (fx, fy) = ((p.x - x0) as f32, (p.y - y0) as f32);
    let at = |x: f64, y: f64| {
        let (x, y) = ((x.max(0.0) as usize).min(width - 1), (y.max(0.0) as usize).min(height - 1));
        view.image[y * width + x]
    };
    let (a, b, c, d) = (at(x0, y0), at(x0 + 1.0, y0), at(x0, y0 + 1.0), at(x0 + 1.0, y0 + 1.0));
    Some(std::array::from_fn(|k| (a[k] * (1.0 - fx) + b[k] * fx) * (1.0 - fy) + (c[k] * (1.0 - fx) + d[k] * fx) * fy))
}

/// Mean of the finite values around (x, y); infinite where the value itself is.
fn box_mean(values: &[f32], columns: i64, rows: i64, x: i64, y: i64) -> f32 {
    if !values[(y * columns + x) as usize].is_finite() {
        return f32::INFINITY;
    }
    let (mut sum, mut n) = (0.0, 0.0);
    for v in (y - RADIUS).max(0)..=(y + RADIUS).min(rows - 1) {
        for u in (x - RADIUS).max(0)..=(x + RADIUS).min(columns - 1) {
            let value = values[(v * columns + u) as usize];
            if value.is_finite() {
                sum += value;
                n += 1.0;
            }
        }
    }
    sum / n
}
