//! The sizes of the transformer, read from the shapes of its weights, and what only a `config.json` can say.

use crate::cameras::CAMERA;
use loop3d_torch::weights::Weights;
use serde::{Deserialize, Serialize};

/// Width of a head where nothing says otherwise, as in all published Wan models.
const HEAD: i64 = 128;

/// Sizes of a Wan2.1 transformer. The default is T2V-1.3B without the view module.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// Width d.
    pub dim: i64,
    /// Heads of every attention.
    pub heads: i64,
    /// Blocks.
    pub layers: usize,
    /// Width of the feed-forward layers.
    pub hidden: i64,
    /// Features of a text's token.
    pub text: i64,
    /// Features of the time's sinusoid.
    pub frequencies: i64,
    /// Channels of the latents that come in.
    pub channels: i64,
    /// Channels of the velocity.
    pub outputs: i64,
    /// Latents of a token: frames, rows, columns.
    pub patch: [i64; 3],
    /// ε of all norms.
    pub eps: f64,
    /// Whether there is SynCamMaster's module between views.
    pub views: bool,
}

/// What the shapes of the weights do not say: the part of a model folder's `config.json`, original or diffusers, that is read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Hints {
    /// Heads of every attention; the width over 128 if absent.
    #[serde(alias = "num_heads", alias = "num_attention_heads")]
    pub heads: Option<i64>,
    /// ε of all norms; 1e-6 if absent.
    pub eps: Option<f64>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            dim: 1536,
            heads: 12,
            layers: 30,
            hidden: 8960,
            text: 4096,
            frequencies: 256,
            channels: 16,
            outputs: 16,
            patch: [1, 2, 2],
            eps: 1e-6,
            views: false,
        }
    }
}

impl Config {
    /// Takes the sizes from the shapes of weights under their original names. If a tensor is missing, its size is the published
    /// one; the model's constructor then reports the tensor.
    #[must_use]
    pub fn new(weights: &Weights, hints: &Hints) -> Self {
        let published = Self::default();
        let size = |name: &str, axis: usize| weights.shape(name).and_then(|shape| shape.get(axis).copied());
        let patch_weight = weights.shape("patch_embedding.weight").filter(|shape| shape.len() == 5);
        let (dim, channels, patch) = patch_weight
            .map_or((published.dim, published.channels, published.patch), |shape| {
                (shape[0], shape[1], [shape[2], shape[3], shape[4]])
            });
        let rows = size("head.head.weight", 0);
        Self {
            dim,
            heads: hints.heads.unwrap_or(dim / HEAD),
            layers: weights.at("blocks").count(),
            hidden: size("blocks.0.ffn.0.weight", 0).unwrap_or(published.hidden),
            text: size("text_embedding.0.weight", 1).unwrap_or(published.text),
            frequencies: size("time_embedding.0.weight", 1).unwrap_or(published.frequencies),
            channels,
            outputs: rows.map_or(published.outputs, |rows| rows / patch.iter().product::<i64>().max(1)),
            patch,
            eps: hints.eps.unwrap_or(published.eps),
            views: weights.has("blocks.0.cam_encoder.weight"),
        }
    }

    /// T2V-14B.
    #[must_use]
    pub fn of_14b() -> Self {
        Self { dim: 5120, heads: 40, layers: 40, hidden: 13_824, ..Self::default() }
    }

    /// The same model with SynCamMaster's module between views.
    #[must_use]
    pub fn with_views(self) -> Self {
        Self { views: true, ..self }
    }

    /// Original names and shapes of all parameters, in the order of the model.
    #[must_use]
    pub fn parameters(&self) -> Vec<(String, Vec<i64>)> {
        let d = self.dim;
        let [pf, ph, pw] = self.patch;
        let mut all = vec![
            ("patch_embedding.weight".to_owned(), vec![d, self.channels, pf, ph, pw]),
            ("patch_embedding.bias".to_owned(), vec![d]),
        ];
        linear(&mut all, "text_embedding.0", self.text, d);
        linear(&mut all, "text_embedding.2", d, d);
        linear(&mut all, "time_embedding.0", self.frequencies, d);
        linear(&mut all, "time_embedding.2", d, d);
        linear(&mut all, "time_projection.1", d, 6 * d);
        for block in (0..self.layers).map(|i| format!("blocks.{i}")) {
            all.push((format!("{block}.modulation"), vec![1, 6, d]));
            attention(&mut all, &format!("{block}.self_attn"), d);
            attention(&mut all, &format!("{block}.cross_attn"), d);
            all.push((format!("{block}.norm3.weight"), vec![d]));
            all.push((format!("{block}.norm3.bias"), vec![d]));
            linear(&mut all, &format!("{block}.ffn.0"), d, self.hidden);
            linear(&mut all, &format!("{block}.ffn.2"), self.hidden, d);
            if self.views {
                all.push((format!("{block}.modulation_mvs"), vec![1, 3, d]));
                linear(&mut all, &format!("{block}.cam_encoder"), CAMERA, d);
                attention(&mut all, &format!("{block}.mvs_attn"), d);
                linear(&mut all, &format!("{block}.projector"), d, d);
            }
        }
        all.push(("head.modulation".to_owned(), vec![1, 2, d]));
        linear(&mut all, "head.head", d, self.outputs * pf * ph * pw);
        all
    }
}

fn linear(all: &mut Vec<(String, Vec<i64>)>, name: &str, inputs: i64, outputs: i64) {
    all.push((format!("{name}.weight"), vec![outputs, inputs]));
    all.push((format!("{name}.bias"), vec![outputs]));
}

fn attention(all: &mut Vec<(String, Vec<i64>)>, name: &str, dim: i64) {
    for part in ["q", "k", "v", "o"] {
        linear(all, &format!("{name}.{part}"), dim, dim);
    }
    for part in ["norm_q", "norm_k"] {
        all.push((format!("{name}.{part}.weight"), vec![dim]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(config: &Config) -> i64 {
        config.parameters().iter().map(|(_, shape)| shape.iter().product::<i64>()).sum()
    }

    #[test]
    fn published_parameter_counts() {
        // generate.md §6.
        let base = count(&Config::default());
        assert_eq!(base, 1_418_996_800);
        assert_eq!(count(&Config::default().with_views()) - base, 354_954_240);
        assert_eq!(354_954_240 / 30, 11_831_808);
        // Wan's report calls it 14B.
        assert_eq!(count(&Config::of_14b()), 14_288_491_584);
    }

    #[test]
    fn both_layouts_of_config_json() {
        let original: Hints = serde_json::from_str(r#"{"dim": 64, "num_heads": 2, "eps": 1e-05}"#).unwrap();
        let diffusers: Hints = serde_json::from_str(r#"{"num_attention_heads": 2, "eps": 1e-05}"#).unwrap();
        assert_eq!(original, Hints { heads: Some(2), eps: Some(1e-5) });
        assert_eq!(original, diffusers);
        assert_eq!(serde_json::from_str::<Hints>("{}").unwrap(), Hints::default());
    }
}
