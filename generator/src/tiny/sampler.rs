//! From noise to latents in a few steps.

use super::dit::{Dit, Input};
use super::following::Following;
use loop3d_torch::weights::normals;
use serde::{Deserialize, Serialize};
use tch::Tensor;

/// Range of latents that an expected clean latent is cut to.
const RANGE: f64 = 10.0;

/// How samples are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Steps {
    /// How many steps.
    pub steps: usize,
    /// How much of them is spent at high noise.
    pub shift: f64,
    /// Scale of the guidance by words and tracks; 1 is none.
    pub guidance: f64,
    /// Scale of the noise that a run begins with. Less than 1 gives calmer pictures, nearer to what is expected on average.
    pub temperature: f64,
    /// Seed of the noise.
    pub seed: u64,
}

impl Default for Steps {
    fn default() -> Self {
        Self { steps: 20, shift: 5.0, guidance: 2.0, temperature: 0.6, seed: 1 }
    }
}

impl Steps {
    /// For views of a known first one: hints leave little to chance.
    #[must_use]
    pub fn of_views() -> Self {
        Self { steps: 4, shift: 3.0, guidance: 1.0, temperature: 0.2, seed: 1 }
    }
}

/// What is asked for; b samples of v views.
pub struct Asked<'a> {
    /// Numbers of words, `[b, 32]`.
    pub words: &'a Tensor,
    /// Cameras `[b, v, 12]`.
    pub cameras: &'a Tensor,
    /// Rays `[b, v, h, w, 30]`.
    pub rays: &'a Tensor,
    /// Places of the tokens, `[b, v, h, w, 10]`.
    pub places: &'a Tensor,
    /// Hints, `[b, v, n, 17, h, w]`.
    pub hints: &'a Tensor,
    /// The first view's latents `[b, n, 16, h, w]`, where they are known.
    pub known: Option<&'a Tensor>,
    /// Tracks that the views follow.
    pub tracks: Option<&'a Following<'a>>,
}

/// Draws latents `[b, v, n, 16, h, w]`. `each` is called after every step, and may end the run with its error.
///
/// # Errors
/// Those of `each`.
pub fn sample<E>(
    dit: &Dit,
    asked: &Asked<'_>,
    how: &Steps,
    each: &mut dyn FnMut(usize) -> Result<(), E>,
) -> Result<Tensor, E> {
    let [b, v, n, h, w] = [0, 1, 2, 4, 5].map(|axis| asked.hints.size()[axis]);
    let shape = [b, v, n, super::LATENT_CHANNELS, h, w];
    let mut z = Tensor::from_slice(&normals(how.seed, shape.iter().product::<i64>() as usize, how.temperature as f32))
        .reshape(shape);
    let nothing = asked.words.zeros_like();
    for step in 0..how.steps {
        let level = |step: usize| {
            let s = 1.0 - step as f64 / how.steps as f64;
            how.shift * s / (1.0 + (how.shift - 1.0) * s)
        };
        let (now, next) = (level(step), level(step + 1));
        let sigma = Tensor::full([b, v], now, (z.kind(), z.device()));
        if let Some(known) = asked.known {
            z.narrow(1, 0, 1).copy_(&known.unsqueeze(1));
            let _ = sigma.narrow(1, 0, 1).zero_();
        }
        let clean = |words: &Tensor, tracks| {
            dit.clean(&Input {
                latents: &z,
                sigma: &sigma,
                words,
                cameras: asked.cameras,
                rays: asked.rays,
                places: asked.places,
                hints: asked.hints,
                tracks,
            })
        };
        let mut expected = clean(asked.words, asked.tracks);
        if how.guidance != 1.0 {
            // Of tracks as of words.
            let free = clean(&nothing, None);
            expected = &free + (expected - &free) * how.guidance;
        }
        let expected = expected.clamp(-RANGE, RANGE);
        // z = (1 − σ) x + σ ε: the same noise at the next level.
        let noise = (&z - &expected * (1.0 - now)) / now;
        z = &expected * (1.0 - next) + noise * next;
        each(step)?;
    }
    if let Some(known) = asked.known {
        z.narrow(1, 0, 1).copy_(&known.unsqueeze(1));
    }
    Ok(z)
}
