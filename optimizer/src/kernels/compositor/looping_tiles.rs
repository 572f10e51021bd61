//! Compositor of looping texels, forward and backward, eight frames at a time.
//!
//! Everything that has frames is stored chunk-major: chunk q holds frames `8q..8q+8`. Chunks write to nothing in common, so
//! each is one task and results do not depend on the number of threads. The backward pass evaluates a pixel's samples again
//! instead of storing them for all frames: nothing of size T × pixels × planes exists.

use crate::grid::{LOOPING, Rgba};
use crate::hits::{Hit, Hits};
use crate::kernels::lanes::{F32x8, LANES, RgbLanes, RgbaLanes};
use crate::kernels::texel::{TexelU16x8, UNIT};
use multiversion::multiversion;

/// Rays stop when no frame of a chunk lets through more than this: a quarter of the 8-bit step.
const STOP: f32 = 1.0 / 1024.0;

/// The texels of one chunk of frames.
#[derive(Clone, Copy)]
pub struct Texels<'a> {
    /// Static texels, the same for all chunks, with the transparent texel at the end.
    pub static_texels: &'a [Rgba],
    /// This chunk's looping texels.
    pub looping_texels: &'a [TexelU16x8],
}

/// Gradients of one chunk of frames.
pub struct Gradients<'a> {
    /// dL/d(static texel), this chunk's part; has the transparent texel at the end.
    pub static_texels: &'a mut [Rgba],
    /// dL/d(looping texel), in rows that the caller numbers.
    pub looping_texels: &'a mut [RgbaLanes],
}

#[inline(always)]
fn sample(texels: Texels<'_>, hit: &Hit) -> RgbaLanes {
    let weights = hit.weights();
    if hit.taps.iter().all(|t| t & LOOPING == 0) {
        let mut s = [0.0; 4];
        for (tap, w) in hit.taps.into_iter().zip(weights) {
            let texel = texels.static_texels[tap as usize];
            for c in 0..4 {
                s[c] += w * texel[c];
            }
        }
        return s.map(F32x8::splat);
    }
    let mut s = [F32x8::ZERO; 4];
    for (tap, w) in hit.taps.into_iter().zip(weights) {
        if tap & LOOPING == 0 {
            let texel = texels.static_texels[tap as usize];
            for c in 0..4 {
                s[c] = s[c] + F32x8::splat(w * texel[c]);
            }
        } else {
            let (texel, w) = (texels.looping_texels[(tap & !LOOPING) as usize].raw(), w * UNIT);
            for c in 0..4 {
                s[c] = s[c] + texel[c] * w;
            }
        }
    }
    s
}

/// Renders a chunk: RGB of the pixels from `first` on.
#[multiversion(targets("x86_64+avx2"))]
pub fn forward(hits: &Hits, first: usize, texels: Texels<'_>, image: &mut [RgbLanes]) {
    for (pixel, out) in (first..).zip(image) {
        *out = [F32x8::ZERO; 3];
        let mut through = F32x8::splat(1.0);
        for hit in &hits.hits[hits.of(pixel)] {
            let s = sample(texels, hit);
            for c in 0..3 {
                out[c] = out[c] + through * s[c];
            }
            through = through - through * s[3];
            if through.max() < STOP {
                break;
            }
        }
    }
}

/// The data term and sparsity of one chunk.
#[derive(Clone, Copy, Debug)]
pub struct DataTerm {
    /// Exposure that the render is multiplied with.
    pub exposure: f32,
    /// Frames of this chunk that exist (the last chunk may be padded).
    pub frames: usize,
    /// Weight of `‖a‖₁/‖a‖₂` over the opacities of a ray's samples (METHOD §3.3).
    pub sparsity: f32,
}

/// ‖a‖₂ below which a ray is empty: less than an 8-bit step of opacity. From there on the sparsity term only counts `‖a‖₁`, whose
/// slope stays finite.
pub const EMPTY: f32 = 1.0 / 256.0;

/// Width of the robust penalty: 0.1, four times squared (METHOD §4.4).
const WIDTH: f32 = 0.04;

/// Geman–McClure of a colour, `3 ψ(|r| / √3)` with `ψ(x) = 2 x² / (x² + 0.04)` (METHOD §4.4, D25), from the square `|r|²` of its
/// difference over three channels.
#[inline(always)]
pub fn robust(square: f32) -> f32 {
    2.0 * square / (square / 3.0 + WIDTH)
}

/// What a channel's difference is multiplied by to give the slope of [`robust`] along that channel: the same for all three.
#[inline(always)]
pub fn robust_weight(square: f32) -> f32 {
    let d = square / 3.0 + WIDTH;
    4.0 * WIDTH / (d * d)
}

/// Renders a chunk again, compares it with `target` (RGB bytes as `[pixel][channel][frame]`, 255 = 1.0) by the robust
/// penalty, and adds the gradients of the texels, those of the sparsity of rays included. `rows`: the taps of each hit, looping
/// ones as rows of `out.looping_texels`. Returns the sum of the penalties.
#[multiversion(targets("x86_64+avx2"))]
pub fn backward(
    hits: &Hits,
    rows: &[[u32; 4]],
    texels: Texels<'_>,
    target: &[[[u8; LANES]; 3]],
    term: DataTerm,
    out: &mut Gradients<'_>,
) -> f64 {
    let mut exists = F32x8::ZERO;
    exists.0[..term.frames].fill(1.0);
    let mut samples: Vec<(RgbaLanes, F32x8)> = Vec::new();
    let mut loss = 0.0f64;
    for (pixel, target) in target.iter().enumerate() {
        let of_pixel = hits.of(pixel);
        let (hits, rows) = (&hits.hits[of_pixel.clone()], &rows[of_pixel]);
        let mut color = [F32x8::ZERO; 3];
        let mut through = F32x8::splat(1.0);
        let (mut l1, mut l2) = (F32x8::ZERO, F32x8::ZERO);
        samples.clear();
        for hit in hits {
            let s = sample(texels, hit);
            samples.push((s, through));
            l1 = l1 + s[3];
            l2 = l2 + s[3] * s[3];
            for c in 0..3 {
                color[c] = color[c] + through * s[c];
            }
            through = through - through * s[3];
            if through.max() < STOP {
                break;
            }
        }
        let mut gradient = [F32x8::ZERO; 3];
        let mut square = F32x8::ZERO;
        for c in 0..3 {
            let wanted = F32x8(target[c].map(|b| f32::from(b) / 255.0));
            gradient[c] = (color[c] * term.exposure - wanted) * exists;
            square = square + gradient[c] * gradient[c];
        }
        loss += f64::from(square.map(robust).sum());
        let weight = square.map(robust_weight) * term.exposure;
        for channel in &mut gradient {
            *channel = *channel * weight;
        }
        // d(‖a‖₁/‖a‖₂)/da = 1/‖a‖₂ − a ‖a‖₁/‖a‖₂³.
        let spread = l2.map(|square| term.sparsity / square.sqrt().max(EMPTY)) * exists;
        let peaked = (spread * l1).zip(l2, |s, square| if square > EMPTY * EMPTY { s / square } else { 0.0 });
        let mut behind = [F32x8::ZERO; 3];
        for ((hit, rows), (s, through)) in hits.iter().zip(rows).zip(&samples).rev() {
            let mut g = [F32x8::ZERO; 4];
            let mut hidden = F32x8::ZERO;
            for c in 0..3 {
                hidden = hidden + gradient[c] * behind[c];
                behind[c] = s[c] + behind[c] - s[3] * behind[c];
                g[c] = *through * gradient[c];
            }
            g[3] = spread - peaked * s[3] - *through * hidden;
            for (&tap, w) in rows.iter().zip(hit.weights()) {
                if tap & LOOPING == 0 {
                    let texel = &mut out.static_texels[tap as usize];
                    for c in 0..4 {
                        texel[c] += w * g[c].sum();
                    }
                } else {
                    let texel = &mut out.looping_texels[(tap & !LOOPING) as usize];
                    for c in 0..4 {
                        texel[c] = texel[c] + g[c] * w;
                    }
                }
            }
        }
    }
    loss
}
