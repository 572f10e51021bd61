//! Compositor of one-frame texels (the static stage), forward and backward.
//!
//! Samples of a window are kept from the forward to the backward pass: with one frame they are small.

use crate::grid::Rgba;
use crate::hits::Hits;
use crate::kernels::planewise;
use rayon::prelude::*;

/// Result of the forward pass.
pub struct Forward {
    /// Composited premultiplied RGBA of each pixel.
    pub image: Vec<Rgba>,
    /// Bilinear sample of each hit.
    pub samples: Vec<Rgba>,
}

/// Sample of a hit.
#[inline(always)]
fn sample(texels: &[Rgba], hit: &crate::hits::Hit) -> Rgba {
    let w = hit.weights();
    let [a, b, c, d] = hit.taps.map(|t| texels[t as usize]);
    std::array::from_fn(|i| w[0] * a[i] + w[1] * b[i] + w[2] * c[i] + w[3] * d[i])
}

/// Cuts a per-hit array into runs of pixels, so each thread owns its hits.
fn by_pixel_runs<'a, T>(hits: &Hits, mut data: &'a mut [T], run: usize) -> Vec<(usize, &'a mut [T])> {
    let mut out = Vec::new();
    for first in (0..hits.pixels()).step_by(run) {
        let last = (first + run).min(hits.pixels());
        let (head, tail) = data.split_at_mut((hits.start[last] - hits.start[first]) as usize);
        out.push((first, head));
        data = tail;
    }
    out
}

/// Pixels that one task handles.
const RUN: usize = 512;

/// Renders the window that `hits` lists. `texels` holds premultiplied RGBA and ends with the transparent texel.
pub fn forward(hits: &Hits, texels: &[Rgba]) -> Forward {
    let mut samples = vec![[0.0; 4]; hits.hits.len()];
    let mut image = vec![[0.0; 4]; hits.pixels()];
    let runs = by_pixel_runs(hits, &mut samples, RUN);
    runs.into_par_iter().zip(image.par_chunks_mut(RUN)).for_each(|((first, samples), image)| {
        let base = hits.start[first] as usize;
        for (offset, out) in image.iter_mut().enumerate() {
            let mut through = 1.0;
            for k in hits.of(first + offset) {
                let s = sample(texels, &hits.hits[k]);
                for c in 0..4 {
                    out[c] += through * s[c];
                }
                through *= 1.0 - s[3];
                samples[k - base] = s;
            }
        }
    });
    Forward { image, samples }
}

/// ‖a‖₂ of a ray that hits nothing, about: it is divided by.
pub const EMPTY: f32 = 1e-6;

/// Gradients of the samples, in place of them.
///
/// `image_gradient`: dL/d(RGBA) of each pixel. `sparsity`: weight of `‖a‖₁/‖a‖₂` over the pixel's samples (METHOD §3.3).
pub fn backward(hits: &Hits, samples: &mut [Rgba], image_gradient: &[Rgba], sparsity: f32) {
    by_pixel_runs(hits, samples, RUN).into_par_iter().for_each(|(first, samples)| {
        let base = hits.start[first] as usize;
        let mut through = Vec::new();
        for (pixel, g) in image_gradient.iter().enumerate().skip(first).take(RUN) {
            let range = hits.of(pixel);
            let samples = &mut samples[range.start - base..range.end - base];
            through.clear();
            let (mut t, mut l1, mut l2) = (1.0, 0.0, 0.0);
            for s in samples.iter() {
                through.push(t);
                t *= 1.0 - s[3];
                l1 += s[3];
                l2 += s[3] * s[3];
            }
            let l2 = l2.sqrt().max(EMPTY);
            let mut behind = [0.0; 4];
            for (s, t) in samples.iter_mut().zip(&through).rev() {
                let hidden: f32 = (0..4).map(|c| g[c] * behind[c]).sum();
                let a = s[3];
                for c in 0..4 {
                    behind[c] = s[c] + (1.0 - a) * behind[c];
                    s[c] = t * g[c];
                }
                s[3] += sparsity * (1.0 / l2 - l1 * a / (l2 * l2 * l2)) - t * hidden;
            }
        }
    });
}

/// Gradient of the texels (premultiplied RGBA), and how much of the window's pixels each texel made up (Σ weights).
pub struct TexelGradient {
    /// dL/d(texel).
    pub gradient: Vec<Rgba>,
    /// Σ of bilinear weights.
    pub coverage: Vec<f32>,
}

/// Carries gradients of samples to the texels: the transpose of sampling. `starts`: see [`planewise::static_starts`].
pub fn scatter(hits: &Hits, sample_gradients: &[Rgba], starts: &[usize], out: &mut TexelGradient) {
    let by_plane = hits.by_plane(starts.len() - 1);
    let gradients = planewise::split(&mut out.gradient, starts);
    let coverages = planewise::split(&mut out.coverage, starts);
    by_plane.par_iter().zip(gradients).zip(coverages).zip(starts).for_each(|(((list, gradient), coverage), start)| {
        gradient.fill([0.0; 4]);
        coverage.fill(0.0);
        for &k in list {
            let (hit, g) = (&hits.hits[k as usize], sample_gradients[k as usize]);
            for (tap, w) in hit.taps.into_iter().zip(hit.weights()) {
                // The transparent texel lies behind every plane's range.
                let Some(out) = gradient.get_mut((tap as usize).wrapping_sub(*start)) else { continue };
                for c in 0..4 {
                    out[c] += w * g[c];
                }
                coverage[tap as usize - start] += w;
            }
        }
    });
}
