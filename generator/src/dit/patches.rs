//! Latents ↔ tokens: a patch of latents is one token (generate-syncammaster §3).

use super::layout::Tokens;
use super::{Config, DitError};
use crate::vae::Latents;
use loop3d_torch::weights::{Weights, WeightsError};
use tch::Tensor;

/// A convolution whose kernel and stride are the patch: `weight` `[d, c, pf, ph, pw]`, `bias` `[d]`.
#[derive(Debug)]
pub(super) struct Patches {
    weight: Tensor,
    bias: Tensor,
    patch: [i64; 3],
}

impl Patches {
    pub(super) fn new(weights: &Weights, config: &Config) -> Result<Self, WeightsError> {
        let [f, h, w] = config.patch;
        let weight = weights.tensor("weight", &[config.dim, config.channels, f, h, w])?;
        Ok(Self { weight, bias: weights.tensor("bias", &[config.dim])?, patch: config.patch })
    }

    /// `[V, c, n, H, W]` → tokens.
    pub(super) fn tokens(&self, latents: &Latents) -> Result<Tokens, DitError> {
        let size = latents.tensor().size();
        if (0..3).any(|axis| size[axis + 2] % self.patch[axis] != 0) {
            return Err(DitError::Size { found: [size[2], size[3], size[4]], patch: self.patch });
        }
        let x = latents.tensor().to_device(self.weight.device()).to_kind(self.weight.kind());
        let x = x.conv3d(&self.weight, Some(&self.bias), self.patch, 0, 1, 1);
        let grid = [2, 3, 4].map(|axis| x.size()[axis]);
        Tokens::new(x.flatten(2, 4).transpose(1, 2).contiguous(), grid)
    }
}

/// Tokens of `pf·ph·pw·c` features, the channel last, as `[V, c, f·pf, h·ph, w·pw]`.
pub(super) fn latents(tokens: &Tokens, patch: [i64; 3]) -> Tensor {
    let ([f, h, w], [pf, ph, pw]) = (tokens.grid(), patch);
    let x = tokens.tensor().reshape([tokens.views(), f, h, w, pf, ph, pw, -1]);
    let c = x.size()[7];
    x.permute([0, 7, 1, 4, 2, 5, 3, 6]).reshape([tokens.views(), c, f * pf, h * ph, w * pw])
}
