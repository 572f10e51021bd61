//! The standard part's textures: PNG with straight alpha, so that any glTF viewer shows them correctly.
//!
//! Pixels are changed slightly, towards what PNG's predictor expects, so that they take fewer bytes: alpha by at most
//! [`Tolerance::alpha`], colour by at most [`Tolerance::colour`] after multiplication with alpha. Under alpha 0 colour is free: it
//! continues the neighbours, because viewers filter straight colours.

use crate::ExportError;
use crate::png::png;
use image::codecs::png::{CompressionType, FilterType};
use loop3d_scene::{Packing, Scene, unorm8};

/// How far pixels may be changed, in steps of 8 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tolerance {
    /// Of alpha.
    pub alpha: u8,
    /// Of premultiplied colour.
    pub colour: u8,
}

/// A page of static tiles, or of looping ones at frame 0, `scale` texels to a pixel both ways.
pub(crate) fn page(
    packing: &Packing,
    page: usize,
    scene: &Scene,
    scale: usize,
    tolerance: Tolerance,
) -> Result<Vec<u8>, ExportError> {
    let [width, height] = packing.pages[page];
    let mut texels = vec![0; width * height * 4];
    packing.fill(page, scene, 0, |value| value, &mut texels);
    let size = [width / scale, height / scale];
    let mut straight = straight(&shrunk(&texels, [width, height], scale));
    extend(&mut straight, size);
    smooth(&mut straight, size[0], tolerance);
    png(&straight, size, CompressionType::Best, FilterType::Paeth)
}

/// Averages of `scale × scale` texels.
fn shrunk(texels: &[u16], [width, height]: [usize; 2], scale: usize) -> Vec<u16> {
    let mut small = Vec::with_capacity(texels.len() / (scale * scale));
    let count = (scale * scale) as u32;
    for (y, x) in (0..height / scale).flat_map(|y| (0..width / scale).map(move |x| (y, x))) {
        for channel in 0..4 {
            let near = (0..scale).flat_map(|dy| (0..scale).map(move |dx| (y * scale + dy) * width + x * scale + dx));
            let sum: u32 = near.map(|at| u32::from(texels[4 * at + channel])).sum();
            small.push(((sum + count / 2) / count) as u16);
        }
    }
    small
}

/// Premultiplied texels of 16 bits as straight RGBA of 8.
pub(crate) fn straight(texels: &[u16]) -> Vec<u8> {
    let pixels = texels.as_chunks::<4>().0.iter();
    pixels
        .flat_map(|&[r, g, b, a]| {
            let alpha = u32::from(unorm8(a));
            // Against the rounded alpha, so that the product is right.
            let whole = (alpha * 257).max(1);
            let colour = |c: u16| ((u32::from(c) * 255 + whole / 2) / whole).min(255) as u8;
            if alpha == 0 { [0; 4] } else { [colour(r), colour(g), colour(b), alpha as u8] }
        })
        .collect()
}

/// Gives transparent pixels the mean colour of their neighbours, weighted by alpha.
pub(crate) fn extend(pixels: &mut [u8], [width, height]: [usize; 2]) {
    let old = pixels.to_vec();
    for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
        let at = (y * width + x) * 4;
        if old[at + 3] > 0 {
            continue;
        }
        let mut sums = [0u32; 4];
        for (y, x) in (y.saturating_sub(1)..(y + 2).min(height))
            .flat_map(|y| (x.saturating_sub(1)..(x + 2).min(width)).map(move |x| (y, x)))
        {
            let near = (y * width + x) * 4;
            let alpha = u32::from(old[near + 3]);
            for (sum, &c) in sums.iter_mut().zip(&old[near..near + 3]) {
                *sum += alpha * u32::from(c);
            }
            sums[3] += alpha;
        }
        for c in 0..3 {
            pixels[at + c] = sums[c].checked_div(sums[3]).unwrap_or(0) as u8;
        }
    }
}

/// Changes pixels towards the prediction of PNG's filter 4 (Paeth) from the pixels already changed.
fn smooth(pixels: &mut [u8], width: usize, tolerance: Tolerance) {
    let row = 4 * width;
    for at in 0..pixels.len() {
        let (x, channel) = (at % row, at % 4);
        let left = if x >= 4 { i32::from(pixels[at - 4]) } else { 0 };
        let up = if at >= row { i32::from(pixels[at - row]) } else { 0 };
        let corner = if x >= 4 && at >= row { i32::from(pixels[at - row - 4]) } else { 0 };
        let predicted = paeth(left, up, corner);
        let value = i32::from(pixels[at]);
        let most = if channel == 3 {
            // Fully transparent and fully opaque stay so.
            if matches!(value, 0 | 255) { 0 } else { i32::from(tolerance.alpha) }
        } else {
            // Alpha comes after colour in a pixel: this one has not been moved yet.
            let alpha = i32::from(pixels[at - channel + 3]);
            // A pixel beside a visible one contributes up to half when filtered.
            if alpha == 0 { FREE } else { (i32::from(tolerance.colour) * 255 / alpha).min(FREE) }
        };
        let step = 2 * most + 1;
        let difference = value - predicted;
        let quantised = (difference.abs() + most) / step * step * difference.signum();
        let moved = predicted + quantised;
        // Beyond the range, rounding would exceed the tolerance.
        pixels[at] = if (0..=255).contains(&moved) { moved as u8 } else { value as u8 };
    }
}

/// The most that a colour changes, however little of it shows.
const FREE: i32 = 48;

fn paeth(left: i32, up: i32, corner: i32) -> i32 {
    let estimate = left + up - corner;
    let far = |v: i32| (estimate - v).abs();
    if far(left) <= far(up) && far(left) <= far(corner) {
        left
    } else if far(up) <= far(corner) {
        up
    } else {
        corner
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn straight_colours_times_alpha_are_the_texels_again() {
        let mut random = fastrand::Rng::with_seed(1);
        for _ in 0..10_000 {
            let alpha = random.u16(..);
            let texel = [random.u16(..=alpha), random.u16(..=alpha), random.u16(..=alpha), alpha];
            let mut back = Vec::new();
            loop3d_package_format::premultiplied(&straight(&texel), &mut back);
            for (&a, &b) in texel.iter().zip(&back) {
                assert!((f64::from(a) - f64::from(b)).abs() <= 257.0, "{texel:?} {back:?}");
            }
        }
    }

    #[test]
    fn pixels_move_by_no_more_than_the_tolerance() {
        let mut random = fastrand::Rng::with_seed(2);
        let size = [37, 21];
        let mut pixels: Vec<u8> = (0..size[0] * size[1] * 4).map(|i| (random.u8(..) & 31) + (i % 150) as u8).collect();
        pixels.iter_mut().skip(3).step_by(12).for_each(|alpha| *alpha = 0);
        pixels.iter_mut().skip(7).step_by(20).for_each(|alpha| *alpha = 255);
        let old = pixels.clone();
        smooth(&mut pixels, size[0], Tolerance { alpha: 1, colour: 2 });
        let mut moved = 0;
        for (new, old) in pixels.chunks(4).zip(old.chunks(4)) {
            assert!(new[3].abs_diff(old[3]) <= 1);
            assert!(!matches!(old[3], 0 | 255) || new[3] == old[3]);
            for c in 0..3 {
                let shown = u32::from(new[c].abs_diff(old[c])) * u32::from(old[3]);
                assert!(shown <= 2 * 255, "{new:?} {old:?}");
                moved += u32::from(new[c] != old[c]);
            }
        }
        assert!(moved > 1000);
        let mut same = old.clone();
        smooth(&mut same, size[0], Tolerance { alpha: 0, colour: 0 });
        assert!(same.chunks(4).zip(old.chunks(4)).all(|(new, old)| old[3] == 0 || new == old));
    }

    #[test]
    fn colour_continues_under_transparency() {
        let mut pixels = [0; 3 * 4 * 2];
        pixels[..4].copy_from_slice(&[200, 100, 50, 255]);
        extend(&mut pixels, [3, 2]);
        assert_eq!(pixels[4..8], [200, 100, 50, 0]);
        assert_eq!(pixels[8..12], [0; 4]);
        assert_eq!(pixels[16..20], [200, 100, 50, 0]);
    }
}
