//! SynCamMaster's module between views (generate-syncammaster §4): in every frame the tokens of all views attend to each other,
//! after each got its camera added.

use super::attention::Attention;
use super::layout::Tokens;
use super::modulation::Modulation;
use super::{Config, DitError};
use crate::cameras::{CAMERA, Cameras};
use crate::nn::{Linear, Rope, layer_norm, modulate};
use loop3d_torch::weights::{Weights, WeightsError};
use tch::Tensor;

/// Tokens `[f, V·h·w, d]`: a row of the batch for each frame, and in it the views one after the other.
#[derive(Debug)]
pub struct ViewTokens {
    tensor: Tensor,
    views: i64,
    grid: [i64; 3],
}

impl ViewTokens {
    /// The same tokens, ordered by frame.
    pub fn from_tokens(tokens: &Tokens) -> Self {
        let ([f, h, w], views) = (tokens.grid(), tokens.views());
        let tensor = tokens.tensor().reshape([views, f, h * w, -1]).transpose(0, 1).reshape([f, views * h * w, -1]);
        Self { tensor, views, grid: tokens.grid() }
    }

    /// `[f, V·h·w, d]`.
    pub fn tensor(&self) -> &Tensor {
        &self.tensor
    }

    /// The grid that the tokens of one frame have: views, rows, columns.
    #[must_use]
    pub fn grid_of(tokens: &Tokens) -> [i64; 3] {
        let [_, h, w] = tokens.grid();
        [tokens.views(), h, w]
    }

    /// Other features of these tokens as `[V, f·h·w, d]` again.
    fn back(&self, tensor: &Tensor) -> Tensor {
        let [f, h, w] = self.grid;
        tensor.reshape([f, self.views, h * w, -1]).transpose(0, 1).reshape([self.views, f * h * w, -1])
    }
}

/// `cam_encoder`, `mvs_attn`, `projector` and `modulation_mvs` of a block.
#[derive(Debug)]
pub(super) struct ViewModule {
    modulation: Modulation<3>,
    cam_encoder: Linear,
    mvs_attn: Attention,
    projector: Linear,
    eps: f64,
}

impl ViewModule {
    /// `weights` are those of the block.
    pub(super) fn new(weights: &Weights, config: &Config) -> Result<Self, WeightsError> {
        Ok(Self {
            modulation: Modulation::new(weights, "modulation_mvs", config.dim)?,
            cam_encoder: Linear::new(&weights.at("cam_encoder"), CAMERA, config.dim)?,
            mvs_attn: Attention::new(&weights.at("mvs_attn"), config)?,
            projector: Linear::new(&weights.at("projector"), config.dim, config.dim)?,
            eps: config.eps,
        })
    }

    /// Adds what the other views say to `x`. `rows` is the block's time `[1, 6, d]`, `rope` that of [`ViewTokens::grid`].
    pub(super) fn forward(
        &self,
        x: &Tokens,
        rows: &Tensor,
        cameras: &Cameras,
        rope: &Rope,
        observe: &mut dyn FnMut(&str, &Tensor),
    ) -> Result<Tokens, DitError> {
        let [shift, scale, gate] = self.modulation.at(&rows.narrow(1, 0, 3));
        let cameras = self.cam_encoder.forward(cameras.tensor());
        observe("cam_enc", &cameras);
        let y = modulate(&layer_norm(x.tensor(), self.eps), &shift, &scale);
        // [V, f, 1, d] on all tokens of a frame.
        let [f, h, w] = x.grid();
        let y = y.reshape([x.views(), f, h * w, -1]) + cameras.unsqueeze(2);
        let y = ViewTokens::from_tokens(&x.with(y.flatten(1, 2)));
        observe("mvs_attn_in", y.tensor());
        let attended = self.mvs_attn.to_itself(y.tensor(), rope);
        observe("mvs_attn_out", &attended);
        let projected = self.projector.forward(&attended);
        observe("projector_out", &projected);
        Ok(x.with(x.tensor() + gate * y.back(&projected)))
    }
}
