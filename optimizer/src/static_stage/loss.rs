//! Losses of the static stage on the rendered window, and their gradients (METHOD §3.3).
//!
//! All are in units of one colour value's squared error: the published mean over pixels is left out, since Adam does
//! not see a common factor; the published weights are carried over to sums by the factors given below.

use crate::grid::Rgba;

/// Weight of the total variation of colour: a twentieth of 0.2 over 32 layers. More of it smears what is finer than a
/// few texels: at half of it, as once, fern had 1 dB less (docs/EXPERIMENTS.md).
pub const TV_RGB: f32 = 0.05 * 0.2 / 32.0;
/// Weight of the total variation of opacity: a thirtieth of 0.5 over 32 layers, times 3 (there are three colour values to
/// one α).
pub const TV_ALPHA: f32 = 0.05 / 32.0;
/// The published weight of a ray's sparsity, 0.004 / √32, times 3.
pub const PUBLISHED_SPARSITY: f32 = 0.004 * 3.0 / 5.657;
/// Weight of the sparsity term: a fifth of the published one. A larger weight removes more tiles, including thin ones that the loop needs: at three
/// fifths campfire's mean image has 0.2 dB less before the looping stage, and 1 dB less after it (docs/EXPERIMENTS.md).
pub const SPARSITY: f32 = 0.2 * PUBLISHED_SPARSITY;

/// The exposure that brings the render to the target: `(3 + exp(mean log ratio)) / 4` (METHOD §3.3).
pub fn exposure(image: &[Rgba], target: &[[f32; 3]]) -> f32 {
    let mut sum = 0.0f64;
    for (c, t) in image.iter().zip(target) {
        for k in 0..3 {
            sum += f64::from((t[k] + 0.01) / (c[k] + 0.01)).ln();
        }
    }
    let s = (sum / (3 * image.len().max(1)) as f64).exp();
    ((s + 3.0) / 4.0) as f32
}

/// Squared error of the exposed render; returns its mean over colour values and writes dL/d(RGBA), `2 s (s·C − I)`.
pub fn squared_error(image: &[Rgba], target: &[[f32; 3]], exposure: f32, gradient: &mut Vec<Rgba>) -> f64 {
    gradient.clear();
    let mut sum = 0.0f64;
    for (c, t) in image.iter().zip(target) {
        let mut g = [0.0; 4];
        for k in 0..3 {
            let r = exposure * c[k] - t[k];
            sum += f64::from(r * r);
            g[k] = 2.0 * exposure * r;
        }
        gradient.push(g);
    }
    sum / (3 * image.len().max(1)) as f64
}
