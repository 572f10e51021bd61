//! Given clips: noised as the start of a run (SDEdit), or held as the first view while others are made beside it
//! (generate-syncammaster §5, §7 and §8).

use super::guidance::{Texts, three_pass};
use super::{Backbone, Cond, SamplerError};
use tch::Tensor;

/// (1 − σ) z₀ + σ ε.
pub fn noised(clean: &Tensor, noise: &Tensor, sigma: f32) -> Tensor {
    clean * f64::from(1.0 - sigma) + noise * f64::from(sigma)
}

/// How the first view is shown to the model while other views are made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reference {
    /// With the noise of the step and one scale, for weights that know two views of the same noise only.
    Noised {
        /// Scale of the text.
        scale: f64,
    },
    /// Without noise and with one scale, for weights that were trained so.
    Clean {
        /// Scale of the text.
        scale: f64,
    },
    /// In three passes: noisy and without the text, clean and without the text, clean and with it.
    Guided {
        /// Scale of the text.
        text: f64,
        /// Scale of the clip.
        clip: f64,
    },
}

/// A first view that stays as it is.
#[derive(Debug)]
pub struct Held {
    /// Its clean latents, `[1, C, N, h, w]`.
    pub clean: Tensor,
    /// Its own noise, of the same shape.
    pub noise: Tensor,
    /// How the model sees it.
    pub how: Reference,
}

impl Held {
    /// The velocity of the views `z` `[M, C, N, h, w]` beside the held one. `views` are their numbers in `cond`, where the held
    /// view is 0.
    ///
    /// # Errors
    /// There is no negative text, or the model's.
    pub fn velocity(
        &self,
        backbone: &dyn Backbone,
        z: &Tensor,
        sigma: f32,
        (texts, cond, views): (&Texts, &Cond, &[i64]),
    ) -> Result<Tensor, SamplerError> {
        let all: Vec<i64> = std::iter::once(0).chain(views.iter().copied()).collect();
        let cond = cond.of_views(&all);
        let with = |first: &Tensor| Tensor::cat(&[first, z], 0);
        let made = |v: &Tensor| v.narrow(0, 1, z.size()[0]);
        let noisy = || with(&noised(&self.clean, &self.noise, sigma));
        let level = f64::from(sigma);
        match self.how {
            Reference::Noised { scale } => Ok(made(&texts.velocity(backbone, &noisy(), level, &cond, scale)?)),
            Reference::Clean { scale } => {
                Ok(made(&texts.velocity(backbone, &with(&self.clean), level, &cond, scale)?))
            }
            Reference::Guided { text, clip } => {
                let (none, clean) = (texts.negative(text)?, with(&self.clean));
                let neither = made(&backbone.velocity(&noisy(), level, none, &cond)?);
                let clip_alone = made(&backbone.velocity(&clean, level, none, &cond)?);
                let both = made(&backbone.velocity(&clean, level, &texts.positive, &cond)?);
                Ok(three_pass(&neither, &clip_alone, &both, clip, text))
            }
        }
    }
}
