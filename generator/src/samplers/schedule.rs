//! Noise levels of a run (generate-syncammaster §5), computed in f32 by libtorch so that they are those of the published code to
//! the last bit: s falls from σ₀ to 0 in equal steps, σ = shift · s / (1 + (shift − 1) s), t = 1000 σ.

use super::SamplerError;
use tch::{Device, Kind, Tensor};

const F32: (Kind, Device) = (Kind::Float, Device::Cpu);
/// Times per unit of σ.
const TIMES: f64 = 1000.0;

/// The noise levels of a run of n steps: n + 1 falling numbers, the last one 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    sigmas: Vec<f32>,
}

impl Schedule {
    /// The published schedule. `strength` is σ₀ before the shift: 1 begins with pure noise.
    ///
    /// # Errors
    /// No steps, a shift that is not positive, or a strength outside of 0…1.
    pub fn new(steps: usize, shift: f64, strength: f64) -> Result<Self, SamplerError> {
        checked(steps, shift, strength)?;
        let s = Tensor::linspace(strength, 0.0, steps as i64 + 1, F32);
        Ok(Self::ending(&shifted(&s.narrow(0, 0, steps as i64), shift)))
    }

    /// The schedule of UniPC with flow sigmas, as diffusers has it: s falls to a thousandth before it ends at 0, and pure noise
    /// is a millionth below 1, since λ is infinite at 1.
    ///
    /// # Errors
    /// No steps, a shift that is not positive, or a strength outside of 0…1.
    pub fn unipc(steps: usize, shift: f64, strength: f64) -> Result<Self, SamplerError> {
        checked(steps, shift, strength)?;
        let s = Tensor::linspace(strength, 1.0 / TIMES, steps as i64 + 1, (Kind::Double, Device::Cpu));
        let sigmas = shifted(&s.narrow(0, 0, steps as i64), shift).clamp_max(1.0 - 1e-6);
        Ok(Self::ending(&sigmas.to_kind(Kind::Float)))
    }

    fn ending(sigmas: &Tensor) -> Self {
        let values = (0..sigmas.size()[0]).map(|k| sigmas.double_value(&[k]) as f32);
        Self { sigmas: values.chain([0.0]).collect() }
    }

    /// n.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.sigmas.len() - 1
    }

    /// σ before each step, and 0 after the last.
    #[must_use]
    pub fn sigmas(&self) -> &[f32] {
        &self.sigmas
    }

    /// 1000 σ before each step, as the models take it.
    #[must_use]
    pub fn times(&self) -> Vec<f32> {
        self.sigmas[..self.steps()].iter().map(|sigma| sigma * TIMES as f32).collect()
    }
}

/// The weight of each time in the training loss: exp(−2 ((t − n/2) / n)²) less its least value, with a mean of 1, for n
/// times `[n]`.
pub fn training_weights(times: &Tensor) -> Tensor {
    let n = times.numel() as f64;
    let weights = (((times - n / 2.0) / n).pow_tensor_scalar(2) * -2.0).exp();
    let weights = &weights - weights.min();
    let sum = weights.sum(None);
    weights * (sum.reciprocal() * n)
}

fn shifted(s: &Tensor, shift: f64) -> Tensor {
    s * shift / (s * (shift - 1.0) + 1.0)
}

fn checked(steps: usize, shift: f64, strength: f64) -> Result<(), SamplerError> {
    let refused = |name, found: String, expected| Err(SamplerError::Setting { name, found, expected });
    if steps == 0 {
        return refused("steps", steps.to_string(), "at least 1");
    }
    if !(shift.is_finite() && shift > 0.0) {
        return refused("shift", shift.to_string(), "more than 0; 5 as published, 3 for small frames");
    }
    if !(strength > 0.0 && strength <= 1.0) {
        return refused("strength", strength.to_string(), "more than 0 and at most 1");
    }
    Ok(())
}
