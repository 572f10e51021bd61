//! The transformer: noisy latents, time, text and cameras → velocity (generate-syncammaster §3 and §4).

use super::block::{Block, Shared};
use super::config::{Config, Hints};
use super::embedding::TextEmbedding;
use super::head::Head;
use super::layout::Text;
use super::patches::{Patches, latents};
use super::time::TimeEmbedding;
use super::{DitError, ViewTokens};
use crate::cameras::Cameras;
use crate::nn::Rope;
use crate::vae::Latents;
use loop3d_torch::weights::Weights;
use serde::{Deserialize, Serialize};
use tch::Tensor;

/// The transformer of Wan2.1. It computes in the kind of its weights, f32 or bf16, and where they are.
#[derive(Debug)]
pub struct Dit {
    config: Config,
    split: [i64; 3],
    rounding: Rounding,
    patches: Patches,
    text: TextEmbedding,
    time: TimeEmbedding,
    blocks: Vec<Block>,
    head: Head,
}

/// In which precision the time goes into its sinusoid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rounding {
    /// f32.
    #[default]
    Exact,
    /// The kind of the weights, as the published code does: in bf16, 833.3 becomes 832.
    Published,
}

/// What the model takes.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// Noisy latents of V views.
    pub latents: &'a Latents,
    /// 1000 σ, the same for all views.
    pub time: f64,
    /// One text for all views, or one for each.
    pub text: &'a Text,
    /// One camera for each view and latent frame if the weights have a view module, otherwise none.
    pub cameras: Option<&'a Cameras>,
}

impl Dit {
    /// A model with weights of original names, and sizes from their shapes; see [`crate::weights::names_dit`] for the names of
    /// diffusers.
    ///
    /// # Errors
    /// A parameter is missing or has another shape than the rest of the model asks for.
    pub fn new(weights: &Weights) -> Result<Self, DitError> {
        Self::with_config(weights, Config::new(weights, &Hints::default()))
    }

    /// A model of known sizes.
    ///
    /// # Errors
    /// A parameter is missing or has another shape, or the width cannot be shared out between the heads.
    pub fn with_config(weights: &Weights, config: Config) -> Result<Self, DitError> {
        let (dim, heads) = (config.dim, config.heads);
        let head = (heads > 0 && dim % heads == 0).then(|| dim / heads);
        let split = head.and_then(Rope::split).ok_or(DitError::Heads { heads, dim })?;
        let blocks = weights.at("blocks");
        Ok(Self {
            split,
            rounding: Rounding::default(),
            patches: Patches::new(&weights.at("patch_embedding"), &config)?,
            text: TextEmbedding::new(&weights.at("text_embedding"), &config)?,
            time: TimeEmbedding::new(weights, &config)?,
            // One at least, so that weights of another model are named.
            blocks: (0..config.layers.max(1)).map(|i| Block::new(&blocks.at(i), &config)).collect::<Result<_, _>>()?,
            head: Head::new(&weights.at("head"), &config)?,
            config,
        })
    }

    /// The same model with another precision of the time.
    #[must_use]
    pub fn rounded(self, rounding: Rounding) -> Self {
        Self { rounding, ..self }
    }

    /// Its sizes.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// ε − z₀ as the model predicts it, `[V, 16, n, h, w]`.
    ///
    /// # Errors
    /// Inputs do not fit each other or the model.
    pub fn velocity(&self, input: &Input<'_>) -> Result<Tensor, DitError> {
        self.velocity_observed(input, &mut |_, _| ())
    }

    /// [`Dit::velocity`], showing intermediate tensors by name: `tokens`, `time_mod`, `block0_self_attn_in`, …
    ///
    /// # Errors
    /// Inputs do not fit each other or the model.
    pub fn velocity_observed(
        &self,
        input: &Input<'_>,
        observe: &mut dyn FnMut(&str, &Tensor),
    ) -> Result<Tensor, DitError> {
        let weight = self.head.weight();
        let (kind, device) = (weight.kind(), weight.device());
        let channels = input.latents.tensor().size()[1];
        if channels != self.config.channels {
            return Err(DitError::Channels { found: channels, expected: self.config.channels });
        }
        let time = Tensor::from(input.time as f32);
        let time = match self.rounding {
            Rounding::Exact => time,
            Rounding::Published => time.to_kind(kind),
        };
        let time = self.time.at(time.double_value(&[]));
        observe("time_sinusoid", &time.sinusoid);
        observe("time_embed", &time.embedding);
        observe("time_mod", &time.rows);
        let text = self.text.forward(input.text, input.latents.batch())?;
        observe("text_embed", &text);
        let mut x = self.patches.tokens(input.latents)?;
        observe("tokens", x.tensor());

        let rope = Rope::new(x.grid(), self.split, device);
        observe("freqs_self", &rope.cos_sin());
        let cameras = self.cameras(input.cameras, x.views(), x.grid()[0])?;
        let view_rope = cameras.is_some().then(|| Rope::new(ViewTokens::grid_of(&x), self.split, device));
        if let Some(rope) = &view_rope {
            observe("freqs_view", &rope.cos_sin());
        }
        let views = cameras.as_ref().zip(view_rope.as_ref());
        let shared = Shared { rows: &time.rows, text: &text, rope: &rope, views };
        for (i, block) in self.blocks.iter().enumerate() {
            x = block.forward(&x, &shared, &mut |name, tensor| observe(&format!("block{i}_{name}"), tensor))?;
            observe(&format!("block{i}_out"), x.tensor());
        }
        let y = x.with(self.head.forward(x.tensor(), &time.embedding));
        observe("head_out", y.tensor());
        Ok(latents(&y, self.config.patch))
    }

    /// The cameras of `views` views and `frames` frames, where the weights are.
    fn cameras(&self, cameras: Option<&Cameras>, views: i64, frames: i64) -> Result<Option<Cameras>, DitError> {
        let cameras = match (cameras, self.config.views) {
            (None, false) => return Ok(None),
            (None, true) => return Err(DitError::NoCameras),
            (Some(_), false) => return Err(DitError::NoViewModule),
            (Some(cameras), true) => cameras,
        };
        if cameras.views() != views {
            return Err(DitError::Views { what: "cameras", found: cameras.views(), expected: views });
        }
        if cameras.frames() != frames {
            return Err(DitError::Frames { found: cameras.frames(), expected: frames });
        }
        let weight = self.head.weight();
        Ok(Some(Cameras::new(cameras.tensor().to_device(weight.device()).to_kind(weight.kind()))?))
    }
}
