//! Values from 0 to 1 as integers: 65535 or 255 is 1.

/// A step of 16 bits: `f32::from(texel) * UNIT` is its value.
pub const UNIT: f32 = 1.0 / 65535.0;

/// A value from 0 to 1 in 16 bits, rounded to the nearest; other values are clamped.
#[inline(always)]
pub fn unorm(value: f32) -> u16 {
    (65535.0 * value + 0.5) as u16
}

/// 16 bits to the nearest 8 (255·257 = 65535).
pub fn unorm8(value: u16) -> u8 {
    ((u32::from(value) + 128) / 257) as u8
}

/// 8 bits as the same value in 16.
pub fn unorm16(value: u8) -> u16 {
    u16::from(value) * 257
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_the_nearest_and_come_back() {
        for value in 0..=u16::MAX {
            assert_eq!(unorm8(value), (255.0 * f64::from(value) / 65535.0).round() as u8);
            assert_eq!(unorm(f32::from(value) * UNIT), value);
        }
        assert!((0..=255).all(|value| unorm8(unorm16(value)) == value));
        assert_eq!([-1.0, 0.0, 1.0, 2.0, f32::NAN].map(unorm), [0, 0, 65535, 65535, 0]);
    }
}
