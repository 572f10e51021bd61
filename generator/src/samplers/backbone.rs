//! What a sampler asks of a model.

use crate::cameras::Cameras;
use std::error::Error;
use tch::Tensor;

/// A model that predicts the velocity ε − z₀ of noisy latents (generate-syncammaster §5).
pub trait Backbone {
    /// The velocity of `z` `[V, C, N, h, w]` at the noise level `sigma`, of the same shape and kind. `text` is
    /// `[1, tokens, width]`, one for all views.
    ///
    /// # Errors
    /// Inputs do not fit the model.
    fn velocity(&self, z: &Tensor, sigma: f64, text: &Tensor, cond: &Cond) -> Result<Tensor, BackboneError>;
}

/// An error of a model, whatever it is.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct BackboneError(#[from] Box<dyn Error + Send + Sync>);

/// What the clips are conditioned on besides a text.
#[derive(Debug, Default)]
pub struct Cond {
    /// A camera for each view and latent frame, `[V, N, 12]`, for models that take them.
    pub cameras: Option<Cameras>,
}

impl Cond {
    /// The condition of some views, in this order. The cameras are relative to the first view's, so those of views that do not
    /// begin with it become relative to the first of these.
    #[must_use]
    pub fn of_views(&self, views: &[i64]) -> Self {
        let of = |cameras: &Cameras| {
            let some = cameras.select(0, &Tensor::from_slice(views));
            if views.first() == Some(&0) { some } else { some.relative_to_first() }
        };
        Self { cameras: self.cameras.as_ref().map(of) }
    }

    /// The condition of some latent frames, in this order.
    #[must_use]
    pub fn of_frames(&self, frames: &Tensor) -> Self {
        Self { cameras: self.cameras.as_ref().map(|cameras| cameras.select(1, frames)) }
    }
}
