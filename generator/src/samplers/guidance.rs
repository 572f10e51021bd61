//! Guidance: passes with and without a condition, and beyond the one with it (generate-syncammaster §5 and §8).

use super::{Backbone, Cond, SamplerError};
use tch::Tensor;

/// v₋ + scale (v₊ − v₋).
pub fn two_pass(negative: &Tensor, positive: &Tensor, scale: f64) -> Tensor {
    negative + (positive - negative) * scale
}

/// v(∅,∅) + first · [v(a,∅) − v(∅,∅)] + second · [v(a,b) − v(a,∅)], for conditions a and b.
pub fn three_pass(neither: &Tensor, a: &Tensor, both: &Tensor, first: f64, second: f64) -> Tensor {
    neither + (a - neither) * first + (both - a) * second
}

/// Encoded texts `[1, tokens, width]`, with zeros from their end to the 512 rows that published models see.
#[derive(Debug)]
pub struct Texts {
    /// What the clips show.
    pub positive: Tensor,
    /// What they should be unlike; not needed without guidance.
    pub negative: Option<Tensor>,
}

impl Texts {
    /// The text that stands for none.
    pub(super) fn negative(&self, scale: f64) -> Result<&Tensor, SamplerError> {
        self.negative.as_ref().ok_or(SamplerError::NoNegative { scale })
    }

    /// The guided velocity of `z`. A scale of 1 needs one pass.
    ///
    /// # Errors
    /// Another scale without a negative text, or the model's.
    pub fn velocity(
        &self,
        backbone: &dyn Backbone,
        z: &Tensor,
        sigma: f64,
        cond: &Cond,
        scale: f64,
    ) -> Result<Tensor, SamplerError> {
        let positive = backbone.velocity(z, sigma, &self.positive, cond)?;
        if scale == 1.0 {
            return Ok(positive);
        }
        let negative = backbone.velocity(z, sigma, self.negative(scale)?, cond)?;
        Ok(two_pass(&negative, &positive, scale))
    }
}
