//! Random numbers of one purpose: SplitMix64 over (seed, index, purpose), so that a scene depends on nothing but its index.

/// A short sequence of random numbers.
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

/// The finalizer of SplitMix64: every input bit reaches every output bit.
fn finalize(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

impl Dice {
    /// The numbers of `purpose` in the sample `index` of a seed. All 64 bits count, so that samples do not collide.
    pub fn new(seed: u64, index: u64, purpose: u64) -> Self {
        let mixed = finalize(seed ^ finalize(index ^ finalize(purpose.wrapping_add(0x9e37_79b9_7f4a_7c15))));
        Self(mixed)
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        finalize(self.0)
    }

    /// Uniform in [0, 1).
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Uniform in [low, high).
    pub fn within(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit() as f32
    }

    /// Uniform in 0..count.
    pub fn below(&mut self, count: usize) -> usize {
        ((self.unit() * count as f64) as usize).min(count.saturating_sub(1))
    }

    /// True with a probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// One of several values, each as likely.
    pub fn pick<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.below(values.len())]
    }
}
