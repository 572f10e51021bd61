//! Random choices of a run that every view shares.

/// Steele, Lea and Flood's generator: a few lines that never change, so that a resumed run draws the same.
pub(super) struct SplitMix(u64);

impl SplitMix {
    /// The draws of a step.
    pub(super) fn of_step(seed: i64, step: usize) -> Self {
        Self(seed as u64 ^ (step as u64).rotate_left(32))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let x = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    /// A number below `n`; its bias of n/2⁶⁴ does not matter here.
    pub(super) fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(n)) >> 64) as u64
    }
}
