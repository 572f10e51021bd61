//! Eight frames at once: the vector that the looping kernels are written in.
//!
//! Plain arrays, which the compiler vectorises for the target of the calling function. Products and sums are never fused,
//! so the result is the same on every processor.

use std::ops::{Add, Mul, Sub};

/// Frames in one [`F32x8`].
pub const LANES: usize = 8;

/// The same value of eight consecutive frames.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(C, align(32))]
pub struct F32x8(pub [f32; LANES]);

/// Premultiplied RGBA of eight frames.
pub type RgbaLanes = [F32x8; 4];
/// RGB of eight frames.
pub type RgbLanes = [F32x8; 3];

impl F32x8 {
    /// All lanes 0.
    pub const ZERO: Self = Self([0.0; LANES]);

    /// All lanes `value`.
    #[inline(always)]
    pub fn splat(value: f32) -> Self {
        Self([value; LANES])
    }

    /// Lane by lane.
    #[inline(always)]
    pub fn map(self, f: impl Fn(f32) -> f32) -> Self {
        let mut out = self;
        for x in &mut out.0 {
            *x = f(*x);
        }
        out
    }

    /// Lane by lane with another.
    #[inline(always)]
    pub fn zip(self, other: Self, f: impl Fn(f32, f32) -> f32) -> Self {
        let mut out = self;
        for (x, y) in out.0.iter_mut().zip(other.0) {
            *x = f(*x, y);
        }
        out
    }

    /// The largest lane.
    #[inline(always)]
    pub fn max(self) -> f32 {
        self.0.into_iter().fold(f32::MIN, f32::max)
    }

    /// The sum of the lanes, in a fixed order.
    #[inline(always)]
    pub fn sum(self) -> f32 {
        let [a, b, c, d, e, f, g, h] = self.0;
        ((a + e) + (b + f)) + ((c + g) + (d + h))
    }
}

impl Add for F32x8 {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }
}

impl Sub for F32x8 {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.zip(other, |a, b| a - b)
    }
}

impl Mul for F32x8 {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self.zip(other, |a, b| a * b)
    }
}

impl Mul<f32> for F32x8 {
    type Output = Self;
    #[inline(always)]
    fn mul(self, factor: f32) -> Self {
        self.map(|a| a * factor)
    }
}
