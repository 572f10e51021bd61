//! TrackGo's adapter for this model (generate-motion §2 and §3): pictures of tracks become features, which steer every attention along
//! time by a second map, and are added to the tokens, as the pose guider does after which TrackGo's encoder is made ("Animate
//! Anyone", 2023). It begins as if it were not there.

use super::config::TIME;
use crate::motion::{Background, Joining, Maps, Part, TrackEncoder, raster};
use crate::nn::{Linear, split_heads};
use crate::sizes::{DitConfig, TrackConfig};
use loop3d_torch::weights::{Weights, WeightsError};
use tch::{Device, Tensor};

/// Weight of the tracks' map from which on the base's is closed, as a multiple of an even one.
const THRESHOLD: f64 = 1.25;

/// `encoder`, `guide`, and of each block `q`, `k` and `gate`.
#[derive(Debug)]
pub struct TrackAdapter {
    encoder: TrackEncoder,
    guide: Linear,
    branches: Vec<Branch>,
}

/// The part beside an attention along time.
#[derive(Debug)]
struct Branch {
    site: Linear,
    q: Linear,
    k: Linear,
    gate: Tensor,
    heads: i64,
}

/// The tracks of a run, as the model takes them.
#[derive(Debug)]
pub struct Following<'a> {
    adapter: &'a TrackAdapter,
    /// `[b, v, n, s, features]`.
    features: Tensor,
    how: Joining,
}

impl TrackAdapter {
    /// The adapter with these parameters, for a transformer of these sizes.
    ///
    /// # Errors
    /// A parameter is missing or has another shape.
    pub fn new(weights: &Weights, config: &TrackConfig, base: &DitConfig) -> Result<Self, WeightsError> {
        let (d, features) = (base.width, TIME * config.channels);
        let branch = |i: usize| {
            let weights = weights.at("blocks").at(i);
            let linear = |name, inputs| Linear::new(&weights.at(name), inputs, d);
            Ok(Branch {
                site: linear("site", features)?,
                q: linear("q", d)?,
                k: linear("k", d)?,
                gate: weights.tensor("gate", &[1])?,
                heads: base.heads,
            })
        };
        Ok(Self {
            encoder: TrackEncoder::new(&weights.at("encoder"), config.channels)?,
            guide: Linear::new(&weights.at("guide"), features, d)?,
            branches: (0..base.blocks).map(branch).collect::<Result<_, _>>()?,
        })
    }

    /// What it says of pictures of tracks `[b, v, t, 3, height, width]`, on the grid of an eighth of their size.
    pub fn follow(&self, pictures: &Tensor, background: Background) -> Following<'_> {
        let [b, v, t, _, height, width] = [0, 1, 2, 3, 4, 5].map(|axis| pictures.size()[axis]);
        let grid = [height / super::SPACE, width / super::SPACE];
        let features = self.encoder.forward(&pictures.flatten(0, 2), grid);
        // [b, v, n, 2, channels, s] → [b, v, n, s, 2 · channels]
        let features = features.flatten(2, 3).unflatten(0, [b, v, t / TIME, TIME]);
        let features = features.permute([0, 1, 2, 5, 3, 4]).flatten(4, 5);
        Following { adapter: self, features, how: Joining { threshold: THRESHOLD, background, normalise: false } }
    }

    /// What it says of tracks in clips of one view: `[1, 1, t, 3, height, width]`.
    #[must_use]
    pub fn follow_parts(&self, parts: &[Part], frames: usize, size: [u32; 2], background: Background) -> Following<'_> {
        self.follow(&pictures(parts, frames, size).unsqueeze(0).unsqueeze(0), background)
    }
}

/// Pictures of tracks, `[t, 3, height, width]`.
pub(crate) fn pictures(parts: &[Part], frames: usize, size: [u32; 2]) -> Tensor {
    let shape = [frames as i64, 3, i64::from(size[1]), i64::from(size[0])];
    Tensor::from_slice(&raster(parts, frames, size)).reshape(shape).to_device(Device::Cpu)
}

impl Following<'_> {
    /// What is added to the tokens, `[b, v, n, s, d]`.
    pub(super) fn guide(&self) -> Tensor {
        self.adapter.guide.forward(&self.features)
    }

    /// The attention along time of a block: queries, keys and values `[b · v · s, heads, n, head]` → the values' means. `seen` gets the
    /// maps.
    pub(super) fn attend(&self, block: usize, [q, k, v]: [&Tensor; 3], seen: &mut dyn FnMut(&Maps)) -> Tensor {
        let branch = &self.adapter.branches[block];
        let site = branch.site.forward(&self.features.transpose(2, 3).flatten(0, 2));
        let heads = |x: Tensor| split_heads(&x, branch.heads);
        let (tracks_q, tracks_k) = (heads(branch.q.forward(&site)), heads(branch.k.forward(&site)));
        let maps = Maps::new((q, k), (&tracks_q, &tracks_k), &self.how);
        seen(&maps);
        maps.attended(v, &branch.gate, &self.how)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::super::{Dit, Input, LATENT_CHANNELS};
    use super::*;
    use glam::DVec2;
    use loop3d_torch::weights::{Fresh, Start, normals};
    use std::rc::Rc;
    use tch::Kind;

    /// Weights of everything; what is added to the tokens and the maps' gates are zeros or not.
    fn weights(added: bool) -> Weights {
        let start = move |name: &str, shape: &[i64]| {
            let zero = name.starts_with("track.guide") || name.ends_with("gate");
            match name {
                _ if zero && !added => Start::Constant(0.0),
                _ if name.contains("prior") => Start::Constant(1.0),
                _ => Start::usual(name, shape),
            }
        };
        Weights::new(Rc::new(Fresh::new(7, start)), None, Device::Cpu)
    }

    #[test]
    fn it_begins_as_if_it_were_not_there() {
        let config = DitConfig { width: 48, heads: 2, blocks: 2, text: 16, text_heads: 2, ..DitConfig::default() };
        let dit = Dit::new(&weights(false).at("dit"), &config).unwrap();
        let numbers = |seed, shape: &[i64]| {
            Tensor::from_slice(&normals(seed, shape.iter().product::<i64>() as usize, 1.0)).reshape(shape)
        };
        let zeros = |shape: &[i64]| Tensor::zeros(shape, (Kind::Float, Device::Cpu));
        let latents = numbers(1, &[1, 1, 4, LATENT_CHANNELS, 8, 8]);
        let clean = |tracks: Option<&Following<'_>>| {
            dit.clean(&Input {
                latents: &latents,
                sigma: &Tensor::from_slice(&[0.5f32]).reshape([1, 1]),
                words: &Tensor::zeros([1, 32], (Kind::Int64, Device::Cpu)),
                cameras: &zeros(&[1, 1, 12]),
                rays: &zeros(&[1, 1, 8, 8, 30]),
                places: &zeros(&[1, 1, 8, 8, 10]),
                hints: &zeros(&[1, 1, 4, LATENT_CHANNELS + 1, 8, 8]),
                tracks,
            })
        };
        let part = Part { points: vec![(0..8).map(|t| DVec2::new(4.0 + 3.0 * f64::from(t), 16.0)).collect()] };
        let size = [64, 64];
        let off = |added: bool, parts: &[Part], background| {
            let adapter =
                TrackAdapter::new(&weights(added).at("track"), &TrackConfig { channels: 16 }, &config).unwrap();
            let followed = clean(Some(&adapter.follow_parts(parts, 8, size, background)));
            (followed - clean(None)).abs().max().double_value(&[])
        };
        // Without tracks every map of theirs is even, which closes nothing.
        assert!(off(false, &[], Background::FREE) < 1e-4);
        assert!(off(true, std::slice::from_ref(&part), Background::FREE) > 1e-2);
        // A frozen background is another picture even without tracks.
        assert!(off(false, &[], Background::FROZEN) > 1e-3);
    }

    #[test]
    fn tracks_are_seen_where_they_are() {
        let config = DitConfig { width: 48, heads: 2, blocks: 1, ..DitConfig::default() };
        let adapter = TrackAdapter::new(&weights(true).at("track"), &TrackConfig { channels: 16 }, &config).unwrap();
        let still = |x: f64, y: f64| [Part { points: vec![vec![DVec2::new(x, y); 4]] }];
        let guide = |parts: &[Part]| adapter.follow_parts(parts, 4, [64, 32], Background::FREE).guide();
        let nothing = guide(&[]);
        // [1, 1, 2, 4 rows · 8 columns, 48]: the largest change is at the point's own token.
        for (x, y, token) in [(4.0, 4.0, 0), (60.0, 4.0, 7), (28.0, 20.0, 19)] {
            let change = (guide(&still(x, y)) - &nothing).square().sum_dim_intlist(-1, false, Kind::Float);
            assert_eq!(change.size(), [1, 1, 2, 32]);
            assert_eq!(change.get(0).get(0).get(1).argmax(0, false).int64_value(&[]), token, "{x}, {y}");
        }
    }
}
