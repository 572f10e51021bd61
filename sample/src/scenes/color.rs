//! Colours: those of words in linear light, and the development of a frame.

use super::words::{Color, Style};
use glam::{Mat3, Vec3};

/// Linear RGB of an sRGB colour in bytes.
pub(crate) fn linear(srgb: [u8; 3]) -> Vec3 {
    Vec3::from(srgb.map(|byte| {
        let value = f32::from(byte) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    }))
}

impl Color {
    /// Its sRGB bytes, as a surface of this colour looks in white light.
    #[must_use]
    pub fn srgb(self) -> [u8; 3] {
        match self {
            Self::Red => [205, 32, 34],
            Self::Orange => [240, 128, 24],
            Self::Yellow => [240, 208, 40],
            Self::Green => [52, 148, 56],
            Self::Blue => [40, 84, 205],
            Self::Purple => [128, 48, 160],
            Self::Pink => [240, 130, 170],
            Self::Brown => [122, 78, 44],
            Self::White => [236, 236, 232],
            Self::Gray => [138, 140, 142],
            Self::Black => [36, 36, 40],
        }
    }

    /// Linear RGB.
    pub(crate) fn linear(self) -> Vec3 {
        linear(self.srgb())
    }
}

/// Texels of the curve from linear light to bytes.
const CURVE: usize = 4096;
/// Radiance above this is white.
const BRIGHTEST: f32 = 4.0;

/// Develops linear light to sRGB bytes in a style.
#[derive(Clone, Debug)]
pub(crate) struct Development {
    matrix: Mat3,
    lift: f32,
    curve: Vec<u8>,
}

/// Weights of a grey value: Rec. 709.
const LUMA: Vec3 = Vec3::new(0.2126, 0.7152, 0.0722);

fn saturated(by: f32) -> Mat3 {
    let gray = Mat3::from_cols(Vec3::splat(LUMA.x), Vec3::splat(LUMA.y), Vec3::splat(LUMA.z));
    gray * (1.0 - by) + Mat3::IDENTITY * by
}

impl Development {
    /// The development of a style.
    pub fn new(style: Style) -> Self {
        let (matrix, lift) = match style {
            Style::Photo => (Mat3::IDENTITY, 0.0),
            Style::Vivid => (saturated(1.45), 0.0),
            Style::Pastel => (saturated(0.6) * 0.8, 0.16),
            Style::Sepia => (Mat3::from_diagonal(Vec3::new(1.12, 0.86, 0.58)) * saturated(0.0), 0.0),
            Style::Monochrome => (saturated(0.0), 0.0),
        };
        // Linear up to 0.7, then a soft shoulder that reaches white at the brightest value; indexed by the square root, which
        // spends texels where the eye sees them.
        let curve = (0..=CURVE).map(|i| {
            let light = BRIGHTEST * (i as f32 / CURVE as f32).powi(2);
            let toned = if light < 0.7 { light } else { 0.7 + 0.3 * (1.0 - (-(light - 0.7) / 0.3).exp()) };
            let srgb = if toned <= 0.003_130_8 { toned * 12.92 } else { 1.055 * toned.powf(1.0 / 2.4) - 0.055 };
            (255.0 * srgb + 0.5).clamp(0.0, 255.0) as u8
        });
        Self { matrix, lift, curve: curve.collect() }
    }

    /// The bytes of a pixel.
    pub fn bytes(&self, radiance: Vec3) -> [u8; 3] {
        let styled = self.matrix * radiance + self.lift;
        styled.to_array().map(|light| {
            let at = (light * (1.0 / BRIGHTEST)).clamp(0.0, 1.0).sqrt() * CURVE as f32 + 0.5;
            self.curve[(at as usize).min(CURVE)]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_photo_gives_back_the_colors_of_words() {
        let photo = Development::new(Style::Photo);
        for color in Color::ALL {
            let bytes = photo.bytes(color.linear());
            for (found, expected) in bytes.into_iter().zip(color.srgb()) {
                assert!(found.abs_diff(expected) <= 6, "{color:?}: found {bytes:?}, expected {:?}", color.srgb());
            }
        }
        assert_eq!(photo.bytes(Vec3::ZERO), [0, 0, 0]);
        assert_eq!(photo.bytes(Vec3::splat(9.0)), [255, 255, 255]);
    }

    #[test]
    fn styles_do_what_they_say() {
        let red = Color::Red.linear();
        let spread = |style: Style| {
            let [r, g, b] = Development::new(style).bytes(red);
            r.max(g).max(b) - r.min(g).min(b)
        };
        assert_eq!(spread(Style::Monochrome), 0);
        assert!(spread(Style::Pastel) < spread(Style::Photo) && spread(Style::Photo) < spread(Style::Vivid));
        let [r, g, b] = Development::new(Style::Sepia).bytes(Vec3::splat(0.3));
        assert!(r > g && g > b, "{r} {g} {b}");
    }
}
