//! Adam (Kingma and Ba 2015) with a step count of its own for every tile: a tile that a step did not touch keeps
//! its moments and does not move (design.md, departure 6).

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
