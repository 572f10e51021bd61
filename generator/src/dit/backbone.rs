//! The transformer as samplers see it.

use super::{Dit, DitError, Input, Text};
use crate::samplers::{Backbone, BackboneError, Cond};
use crate::vae::Latents;
use std::error::Error;
use tch::Tensor;

impl Backbone for Dit {
    fn velocity(&self, z: &Tensor, sigma: f64, text: &Tensor, cond: &Cond) -> Result<Tensor, BackboneError> {
        let predict = || {
            let (latents, text) = (Latents::new(z.shallow_clone())?, Text::new(text.shallow_clone())?);
            let cameras = cond.cameras.as_ref();
            let velocity =
                Self::velocity(self, &Input { latents: &latents, time: 1000.0 * sigma, text: &text, cameras })?;
            Ok(velocity.to_device(z.device()).to_kind(z.kind()))
        };
        predict().map_err(|error: DitError| BackboneError::from(Box::<dyn Error + Send + Sync>::from(error)))
    }
}
