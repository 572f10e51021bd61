//! Premultiplied RGBA as a video frame, colour over alpha, and back.
//!
//! A coded frame is twice as high as its page. The upper half is premultiplied colour in YCbCr of BT.709, limited range, 8 bits, chroma
//! halved both ways. The lower half is alpha as luma of the same range, with chroma 128.

use loop3d_scene::{UNIT, unorm};

/// Width and height of a page in texels, both even.
pub type PageSize = [usize; 2];

/// Weights of red, green and blue in luma (ITU-R BT.709).
const LUMA: [f32; 3] = [0.2126, 0.7152, 0.0722];
/// Range of luma: 16 is 0, 235 is 1.
const LUMA_RANGE: f32 = 219.0;
/// Range of chroma around 128.
const CHROMA_RANGE: f32 = 224.0;
/// Divisors of (blue − luma) and (red − luma).
const BLUE: f32 = 2.0 * (1.0 - LUMA[2]);
const RED: f32 = 2.0 * (1.0 - LUMA[0]);

/// A page of premultiplied texels (`[height, width, 4]`, 65535 = 1) as a frame of `width × 2·height` pixels, planes Y, Cb and Cr one
/// after the other, 4:2:0.
pub fn yuv_from_rgba([width, height]: PageSize, texels: &[u16], frame: &mut Vec<u8>) {
    let area = width * height;
    frame.clear();
    frame.resize(3 * area, 128);
    let (luma, chroma) = frame.split_at_mut(2 * area);
    let (colour, alpha) = luma.split_at_mut(area);
    let (blue, red) = chroma.split_at_mut(area / 2);
    let to_byte = |v: f32| (v + 0.5) as u8;
    for (x, y) in (0..height / 2).flat_map(|y| (0..width / 2).map(move |x| (x, y))) {
        let mut sums = [0.0; 2];
        for (dx, dy) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
            let at = (2 * y + dy) * width + 2 * x + dx;
            let [r, g, b, a] = [0, 1, 2, 3].map(|c| f32::from(texels[4 * at + c]) * UNIT);
            let l = LUMA[0] * r + LUMA[1] * g + LUMA[2] * b;
            colour[at] = to_byte(16.0 + LUMA_RANGE * l);
            alpha[at] = to_byte(16.0 + LUMA_RANGE * a);
            sums = [sums[0] + b - l, sums[1] + r - l];
        }
        let at = y * (width / 2) + x;
        blue[at] = to_byte(128.0 + CHROMA_RANGE / (4.0 * BLUE) * sums[0]);
        red[at] = to_byte(128.0 + CHROMA_RANGE / (4.0 * RED) * sums[1]);
    }
}

/// The texels of a coded frame: the inverse of [`yuv_from_rgba`] except for rounding and chroma. Colour is clamped to alpha.
///
/// `frame` has `3 · width · height` bytes.
pub fn rgba_from_yuv([width, height]: PageSize, frame: &[u8], texels: &mut Vec<u16>) {
    let area = width * height;
    texels.clear();
    let (luma, chroma) = frame.split_at(2 * area);
    let (colour, alpha) = luma.split_at(area);
    let (blue, red) = chroma.split_at(area / 2);
    for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
        let at = y * width + x;
        let chroma_at = (y / 2) * (width / 2) + x / 2;
        let unit = |byte: u8| (f32::from(byte) - 16.0) / LUMA_RANGE;
        let l = unit(colour[at]);
        let a = unit(alpha[at]).clamp(0.0, 1.0);
        let b = l + (f32::from(blue[chroma_at]) - 128.0) / CHROMA_RANGE * BLUE;
        let r = l + (f32::from(red[chroma_at]) - 128.0) / CHROMA_RANGE * RED;
        let g = (l - LUMA[0] * r - LUMA[2] * b) / LUMA[1];
        texels.extend([r.clamp(0.0, a), g.clamp(0.0, a), b.clamp(0.0, a), a].map(unorm));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A 2×2 page of one texel.
    fn coded(texel: [u16; 4]) -> Vec<u8> {
        let mut frame = Vec::new();
        yuv_from_rgba([2, 2], &texel.repeat(4), &mut frame);
        frame
    }

    #[test]
    fn colours_are_those_of_bt_709_in_limited_range_over_alpha() {
        let full = u16::MAX;
        for (texel, [y, alpha, cb, cr]) in [
            ([full; 4], [235, 235, 128, 128]),
            ([0, 0, 0, 0], [16, 16, 128, 128]),
            ([full, 0, 0, full], [63, 235, 102, 240]),
            ([0, full, 0, full], [173, 235, 42, 26]),
            ([0, 0, full, full], [32, 235, 240, 118]),
        ] {
            let expected = [[y; 4], [alpha; 4]].concat().into_iter().chain([cb, 128, cr, 128]).collect::<Vec<u8>>();
            assert_eq!(coded(texel), expected, "{texel:?}");
        }
    }

    #[test]
    fn texels_come_back_to_a_step_of_eight_bits_and_never_above_alpha() {
        let mut texels = Vec::new();
        for red in (0..=u16::MAX).step_by(4369) {
            for alpha in (red..=u16::MAX).step_by(8738) {
                let texel = [red, red / 2, red / 3, alpha];
                rgba_from_yuv([2, 2], &coded(texel), &mut texels);
                for (&found, expected) in texels[..4].iter().zip(texel) {
                    assert!(found.abs_diff(expected) <= 500, "{texel:?} {:?}", &texels[..4]);
                }
                assert!(texels[..3].iter().all(|&c| c <= texels[3]));
            }
        }
        // What a coder makes of an edge.
        rgba_from_yuv([2, 2], &[235, 235, 235, 235, 16, 16, 16, 16, 128, 128, 128, 128], &mut texels);
        assert_eq!(texels, [0; 16]);
    }
}
