//! Adam (Kingma and Ba 2015) with a step count of its own for every tile: a tile that a step did not touch keeps
//! its moments and does not move (METHOD D6).

use super::lanes::{F32x8, RgbaLanes};
use super::texel::Bf16x8;
use crate::grid::Rgba;

/// Decay of the first moment.
pub const BETA1: f32 = 0.9;
/// Decay of the second moment.
pub const BETA2: f32 = 0.999;

/// The step size of one tile at one step, bias corrections folded in.
#[derive(Clone, Copy, Debug)]
pub struct AdamStep {
    size: f32,
    epsilon: f32,
}

impl AdamStep {
    /// Step number `step` (from 1) at learning rate `lr`. Gradients well below `epsilon` move a parameter in proportion to
    /// themselves, those above it by about `lr`.
    pub fn new(lr: f32, step: u32, epsilon: f32) -> Self {
        let power = |beta: f32| f64::from(beta).powf(f64::from(step));
        let second = (1.0 - power(BETA2)).sqrt();
        Self { size: (f64::from(lr) * second / (1.0 - power(BETA1))) as f32, epsilon: epsilon * second as f32 }
    }

    /// Updates a texel's moments by its gradient; returns what is added to its channels. They share one second moment, the
    /// mean over channels: it only sets the size of a step, and four of them would be a fifth of all memory.
    #[inline(always)]
    pub fn texel(&self, g: &Rgba, m: &mut Rgba, v: &mut f32) -> Rgba {
        *v += (1.0 - BETA2) * (0.25 * ((g[0] * g[0] + g[1] * g[1]) + (g[2] * g[2] + g[3] * g[3])) - *v);
        let size = -self.size / (v.sqrt() + self.epsilon);
        std::array::from_fn(|c| {
            m[c] += (1.0 - BETA1) * (g[c] - m[c]);
            size * m[c]
        })
    }

    /// [`Self::texel`] for eight frames, first moments kept as bfloat16.
    #[inline(always)]
    pub fn texel8(&self, g: &RgbaLanes, m: &mut [Bf16x8; 4], v: &mut F32x8) -> RgbaLanes {
        let square = ((g[0] * g[0] + g[1] * g[1]) + (g[2] * g[2] + g[3] * g[3])) * 0.25;
        *v = *v + (square - *v) * (1.0 - BETA2);
        let size = v.map(|v| -self.size / (v.sqrt() + self.epsilon));
        std::array::from_fn(|c| {
            let old = m[c].get();
            let mean = old + (g[c] - old) * (1.0 - BETA1);
            m[c] = Bf16x8::of(mean);
            size * mean
        })
    }

    /// Updates the moments `m`, `v` by gradient `g`; returns what is added to the parameter.
    #[inline(always)]
    pub fn delta(&self, g: f32, m: &mut f32, v: &mut f32) -> f32 {
        *m += (1.0 - BETA1) * (g - *m);
        *v += (1.0 - BETA2) * (g * g - *v);
        -self.size * *m / (v.sqrt() + self.epsilon)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_share_the_size_of_a_step() {
        let adam = AdamStep::new(0.5, 1, 1e-8);
        let (g, mut m, mut v) = ([-3.0, 0.0, 1.0, 0.5], [0.0; 4], 0.0);
        // First step: lr·g over the root of the mean square, √(10.25 / 4).
        let expected = g.map(|g: f32| -0.5 * g / (10.25f32 / 4.0).sqrt());
        let found = adam.texel(&g, &mut m, &mut v);
        assert!((0..4).all(|c| (found[c] - expected[c]).abs() < 1e-5), "{found:?}, expected {expected:?}");
        // Eight frames are eight texels; after two steps bfloat16 moments are off by their rounding alone.
        let (mut m8, mut v8) = ([Bf16x8::default(); 4], F32x8::ZERO);
        let g8 = |scale: f32| g.map(|g| F32x8(std::array::from_fn(|lane| scale * g * (lane as f32 - 2.5))));
        let first = adam.texel8(&g8(1.0), &mut m8, &mut v8);
        let second = AdamStep::new(0.5, 2, 1e-8).texel8(&g8(-0.3), &mut m8, &mut v8);
        for lane in 0..8 {
            let (mut m, mut v) = ([0.0; 4], 0.0);
            let at = |g8: RgbaLanes| g8.map(|c| c.0[lane]);
            assert_eq!(at(first), adam.texel(&at(g8(1.0)), &mut m, &mut v), "lane {lane}");
            let expected = AdamStep::new(0.5, 2, 1e-8).texel(&at(g8(-0.3)), &mut m, &mut v);
            let found = at(second);
            assert!((0..4).all(|c| (found[c] - expected[c]).abs() < 0.005), "lane {lane}: {found:?} {expected:?}");
        }
    }

    #[test]
    fn matches_the_published_update() {
        // By hand: m = 0.1 g, v = 0.001 g², both corrected to g and g²: the first step is lr·sign(g).
        let (mut m, mut v) = (0.0, 0.0);
        let first = AdamStep::new(0.5, 1, 1e-8).delta(-3.0, &mut m, &mut v);
        assert!((first - 0.5).abs() < 1e-5, "{first}");
        // Second step with g = 1: m = 0.9·(−0.3) + 0.1 = −0.17, v = 0.999·0.009 + 0.001 = 0.009991.
        let second = AdamStep::new(0.5, 2, 1e-8).delta(1.0, &mut m, &mut v);
        let expected = -0.5 * (-0.17 / 0.19) / (0.009_991f64 / 0.001_999).sqrt();
        assert!((f64::from(second) - expected).abs() < 1e-4, "{second} {expected}");
    }
}
