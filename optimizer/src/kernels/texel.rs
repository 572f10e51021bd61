//! Looping texels and their first moments as they are kept: 16 bits a value.
//!
//! Eight frames of a texel are 64 bytes, one line of cache. Rounding to 1/65535 loses at most half of that at a step,
//! a fifth of a grey level over a whole level of the schedule, and is what the scene is written in anyway.

use super::lanes::{F32x8, LANES, RgbaLanes};
use crate::grid::Rgba;

pub use loop3d_scene::{UNIT, unorm};

/// Premultiplied RGBA of eight frames: 0–65535 is 0–1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C, align(64))]
pub struct TexelU16x8(pub [[u16; LANES]; 4]);

impl TexelU16x8 {
    /// The nearest to values in [0, 1].
    #[inline(always)]
    pub fn of(texel: RgbaLanes) -> Self {
        Self(texel.map(|c| {
            let mut out = [0; LANES];
            for (out, v) in out.iter_mut().zip(c.0) {
                // By way of i32, which processors convert to eight at a time.
                *out = (v * 65535.0 + 0.5) as i32 as u16;
            }
            out
        }))
    }

    /// The same colour in all frames.
    #[inline(always)]
    pub fn splat(texel: Rgba) -> Self {
        Self(texel.map(|v| [unorm(v); LANES]))
    }

    /// Values 0–65535, for weights that are multiplied with [`UNIT`] once for all.
    #[inline(always)]
    pub fn raw(&self) -> RgbaLanes {
        self.0.map(|c| F32x8(c.map(f32::from)))
    }

    /// Values 0–1.
    #[inline(always)]
    pub fn get(&self) -> RgbaLanes {
        self.raw().map(|c| c * UNIT)
    }

    /// One frame.
    pub fn lane(&self, lane: usize) -> [u16; 4] {
        self.0.map(|c| c[lane])
    }

    /// Replaces one frame.
    pub fn set_lane(&mut self, lane: usize, texel: [u16; 4]) {
        for (c, v) in self.0.iter_mut().zip(texel) {
            c[lane] = v;
        }
    }

    /// Adds `sign(self − other)` to `sums`.
    #[inline(always)]
    pub fn add_signs(&self, other: &Self, sums: &mut [[i16; LANES]; 4]) {
        let values = self.0.as_flattened().iter().zip(other.0.as_flattened());
        for ((a, b), sum) in values.zip(sums.as_flattened_mut()) {
            // Saturating differences, since vector units compare no unsigned numbers.
            *sum += a.saturating_sub(*b).min(1) as i16 - b.saturating_sub(*a).min(1) as i16;
        }
    }
}

/// Eight numbers as bfloat16: the upper half of an f32, rounded to nearest, ties to even. Its 8 significant bits are
/// enough for a running mean of gradients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C, align(16))]
pub struct Bf16x8([u16; LANES]);

impl Bf16x8 {
    /// The nearest to finite numbers.
    #[inline(always)]
    pub fn of(values: F32x8) -> Self {
        let mut out = [0; LANES];
        for (out, v) in out.iter_mut().zip(values.0) {
            let bits = v.to_bits();
            *out = ((bits + 0x7fff + ((bits >> 16) & 1)) >> 16) as u16;
        }
        Self(out)
    }

    /// The numbers.
    #[inline(always)]
    pub fn get(self) -> F32x8 {
        F32x8(self.0.map(|half| f32::from_bits(u32::from(half) << 16)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_sixteen_bits_come_back() {
        for v in 0..=u16::MAX {
            let texel = TexelU16x8([[v; LANES]; 4]);
            assert_eq!(TexelU16x8::of(texel.get()), texel);
            assert_eq!(TexelU16x8::splat(texel.get().map(|c| c.0[3])), texel);
        }
    }

    #[test]
    fn brief_numbers_are_within_half_a_step() {
        assert_eq!(Bf16x8::of(F32x8::splat(0.0)).get(), F32x8::ZERO);
        let mut rng = fastrand::Rng::with_seed(1);
        for _ in 0..10_000 {
            let v = (rng.f32() - 0.5) * 10f32.powi(rng.i32(-12..12));
            let found = Bf16x8::of(F32x8::splat(v)).get().0[5];
            assert!((found - v).abs() <= v.abs() / 256.0, "{v} became {found}");
        }
        // Ties go to the even neighbour: 1 + 1/256 lies between 1 and 1 + 1/128.
        assert_eq!(Bf16x8::of(F32x8::splat(1.0 + 1.0 / 256.0)).get().0[0], 1.0);
        assert_eq!(Bf16x8::of(F32x8::splat(1.0 + 3.0 / 256.0)).get().0[0], 1.0 + 1.0 / 64.0);
    }

    #[test]
    fn signs_are_signs() {
        let (a, b) =
            (TexelU16x8([[0; 8], [9; 8], [65535; 8], [7; 8]]), TexelU16x8([[65535; 8], [8; 8], [0; 8], [7; 8]]));
        let mut sums = [[1; LANES]; 4];
        a.add_signs(&b, &mut sums);
        assert_eq!(sums, [[0; 8], [2; 8], [2; 8], [1; 8]]);
    }
}
