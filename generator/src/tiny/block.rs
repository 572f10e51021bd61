//! A block of the transformer.

use super::attention::{Attention, Positions};
use super::following::Following;
use super::rays::{CAMERA, RAY};
use crate::motion::Maps;
use crate::nn::{LayerNorm, Linear, layer_norm, modulate};
use crate::sizes::DitConfig;
use loop3d_torch::weights::{Weights, WeightsError};
use tch::Tensor;

const EPS: f64 = 1e-6;

/// Attention within a frame, along time, between views, to the text; feed-forward. `table` `[12, width]` is added to the noise
/// level's rows: shift, scale and gate of each but the text's.
#[derive(Debug)]
pub(super) struct Block {
    table: Tensor,
    space: Attention,
    time: Attention,
    views: Option<ViewModule>,
    norm: LayerNorm,
    text: Attention,
    mlp: [Linear; 2],
}

/// SynCamMaster's attention between views (generate-syncammaster §4), to whose input the cameras' rays are added, too.
#[derive(Debug)]
struct ViewModule {
    cameras: Linear,
    rays: Option<Linear>,
    attention: Attention,
    projector: Linear,
}

/// What all blocks share.
pub(super) struct Shared<'a> {
    /// What steers the attention along time.
    pub(super) tracks: Option<&'a Following<'a>>,
    /// `[b, v, 1, 1, 12, d]`.
    pub(super) rows: Tensor,
    /// `[b, 32, text width]`.
    pub(super) text: Tensor,
    /// `[b, v, 12]`.
    pub(super) cameras: Tensor,
    /// `[b, v, s, 30]`.
    pub(super) rays: Tensor,
    pub(super) space: Positions,
    pub(super) time: Positions,
    pub(super) views: Positions,
}

impl Block {
    /// Rows of the noise level.
    pub(super) const ROWS: i64 = 12;

    pub(super) fn new(weights: &Weights, config: &DitConfig) -> Result<Self, WeightsError> {
        let d = config.width;
        let attention = |name: &str| Attention::new(&weights.at(name), d, d, config.heads);
        let views = weights.at("views");
        let views = config.views.then(|| ViewModule::new(&views, config)).transpose()?;
        Ok(Self {
            table: weights.tensor("table", &[Self::ROWS, d])?,
            space: attention("space")?,
            time: attention("time")?,
            views,
            norm: LayerNorm::new(&weights.at("norm"), d, EPS)?,
            text: Attention::new(&weights.at("text"), d, config.text, config.heads)?,
            mlp: [Linear::new(&weights.at("mlp1"), d, 3 * d)?, Linear::new(&weights.at("mlp2"), 3 * d, d)?],
        })
    }

    /// `[b, v, n, s, d]` → the same shape. It is block `number`; `seen` gets its maps, if there are tracks.
    pub(super) fn forward(
        &self,
        x: &Tensor,
        shared: &Shared<'_>,
        number: usize,
        seen: &mut dyn FnMut(&Maps),
    ) -> Tensor {
        let [b, v, n, s, d] = [0, 1, 2, 3, 4].map(|axis| x.size()[axis]);
        let rows = &shared.rows + &self.table;
        // [b, v, 1, 1, d]
        let row = |number: i64| rows.select(4, number);
        let modulated = |x: &Tensor, part: i64| modulate(&layer_norm(x, EPS), &row(3 * part), &row(3 * part + 1));
        let gated = |y: Tensor, part: i64| y * row(3 * part + 2);

        let y = modulated(x, 0).reshape([b * v * n, s, d]);
        let y = self.space.forward(&y, &y, Some(&shared.space)).reshape([b, v, n, s, d]);
        let x = x + gated(y, 0);

        let y = modulated(&x, 1).transpose(2, 3).reshape([b * v * s, n, d]);
        let y = match shared.tracks {
            Some(tracks) => self.time.forward_with(&y, &shared.time, |q, k, v| tracks.attend(number, [q, k, v], seen)),
            None => self.time.forward(&y, &y, Some(&shared.time)),
        };
        let y = y.reshape([b, v, s, n, d]).transpose(2, 3);
        let x = &x + gated(y, 1);

        let x = match &self.views {
            Some(module) => &x + gated(module.forward(&modulated(&x, 2), shared), 2),
            None => x,
        };

        let y = self.norm.forward(&x).reshape([b, v * n * s, d]);
        let x = &x + self.text.forward(&y, &shared.text, None).reshape([b, v, n, s, d]);

        let y = self.mlp[0].forward(&modulated(&x, 3)).gelu("tanh");
        &x + gated(self.mlp[1].forward(&y), 3)
    }
}

impl ViewModule {
    fn new(weights: &Weights, config: &DitConfig) -> Result<Self, WeightsError> {
        let d = config.width;
        let linear = |name, inputs| Linear::new(&weights.at(name), inputs, d);
        Ok(Self {
            cameras: linear("cameras", CAMERA)?,
            rays: config.rays.then(|| linear("rays", RAY)).transpose()?,
            attention: Attention::new(&weights.at("attention"), d, d, config.heads)?,
            projector: linear("projector", d)?,
        })
    }

    /// `[b, v, n, s, d]`, modulated, → what the other views say, of the same shape.
    fn forward(&self, x: &Tensor, shared: &Shared<'_>) -> Tensor {
        let [b, v, n, s, d] = [0, 1, 2, 3, 4].map(|axis| x.size()[axis]);
        let mut camera = self.cameras.forward(&shared.cameras).unsqueeze(2);
        if let Some(rays) = &self.rays {
            camera = &camera + rays.forward(&shared.rays);
        }
        let y = (x + camera.unsqueeze(2)).transpose(1, 2).reshape([b * n, v * s, d]);
        let y = self.projector.forward(&self.attention.forward(&y, &y, Some(&shared.views)));
        y.reshape([b, n, v, s, d]).transpose(1, 2)
    }
}
