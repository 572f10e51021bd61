//! Hue, saturation and value as OpenCV has them for bytes: hue 0…179, the others 0…255, divisions by tables of 12 fractional bits.
//!
//! With v = max, d = max − min: S = (d·⌊255·2¹²/v⌉ + 2¹¹) ≫ 12, H = (x·⌊180·2¹²/(6d)⌉ + 2¹¹) ≫ 12 (+180 if negative), where x is
//! g − b, b − r + 2d or r − g + 4d as red, green or blue is the largest.

const BITS: i32 = 12;

/// The tables, by v and by d.
pub(super) struct Hsv {
    by_value: [i32; 256],
    by_range: [i32; 256],
}

impl Hsv {
    pub(super) fn new() -> Self {
        let table = |numerator: f64| {
            let entry = |i: usize| {
                if i == 0 { 0 } else { (numerator * f64::from(1 << BITS) / i as f64).round_ties_even() as i32 }
            };
            std::array::from_fn(entry)
        };
        Self { by_value: table(255.0), by_range: table(30.0) }
    }

    pub(super) fn pixel(&self, rgb: [u8; 3]) -> [u8; 3] {
        let [r, g, b] = rgb.map(i32::from);
        let value = r.max(g).max(b);
        let range = value - r.min(g).min(b);
        let round = |x: i32| (x + (1 << (BITS - 1))) >> BITS;
        let saturation = round(range * self.by_value[value as usize]);
        let x = if value == r {
            g - b
        } else if value == g {
            b - r + 2 * range
        } else {
            r - g + 4 * range
        };
        let hue = round(x * self.by_range[range as usize]);
        [hue + if hue < 0 { 180 } else { 0 }, saturation, value].map(|x| x.clamp(0, 255) as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn primary_colours_and_greys() {
        let hsv = Hsv::new();
        assert_eq!(hsv.pixel([255, 0, 0]), [0, 255, 255]);
        assert_eq!(hsv.pixel([0, 255, 0]), [60, 255, 255]);
        assert_eq!(hsv.pixel([0, 0, 255]), [120, 255, 255]);
        assert_eq!(hsv.pixel([255, 0, 10]), [179, 255, 255]);
        assert_eq!(hsv.pixel([90, 90, 90]), [0, 0, 90]);
        assert_eq!(hsv.pixel([0, 0, 0]), [0, 0, 0]);
    }
}
