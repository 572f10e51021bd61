//! The transformer: noisy latents of several views, words and cameras → clean latents.
//!
//! A block attends within a frame, along the ring of frames, between the views of a frame (SynCamMaster's module, with ray maps
//! beside its 12 numbers), and to the words. What is known of a view from the first one (its picture lifted to planes and seen
//! from there, [`super::planes`]) comes in as a hint: latents, and how much of each token they cover.

use super::attention::{Axis, Positions};
use super::block::{Block, Shared};
use super::config::LATENT_CHANNELS;
use super::following::Following;
use super::prior::Prior;
use super::rays::{PLACE, RAY};
use super::text::TextEncoder;
use crate::motion::Maps;
use crate::nn::{Linear, layer_norm};
use crate::sizes::DitConfig;
use loop3d_torch::weights::{Weights, WeightsError};
use tch::{Kind, Tensor};

/// Features of the noise level's sinusoid.
const LEVELS: i64 = 64;
const EPS: f64 = 1e-6;

/// The model.
#[derive(Debug)]
pub struct Dit {
    prior: Prior,
    tokens: Linear,
    rays: Option<Linear>,
    places: Linear,
    levels: [Linear; 2],
    /// From the mean of the words to the noise level's features: what words say of the whole picture.
    said: Linear,
    rows: Linear,
    text: TextEncoder,
    blocks: Vec<Block>,
    last_rows: Linear,
    last: Linear,
    config: DitConfig,
}

/// What the model takes; b samples of v views, n latent frames.
pub struct Input<'a> {
    /// Noisy latents `[b, v, n, 16, h, w]`.
    pub latents: &'a Tensor,
    /// Their noise levels σ `[b, v]`, 0…1; 0 for views that are known.
    pub sigma: &'a Tensor,
    /// Numbers of words, `[b, 32]`.
    pub words: &'a Tensor,
    /// Cameras `[b, v, 12]`, zeros where they are not said.
    pub cameras: &'a Tensor,
    /// Rays `[b, v, h, w, 30]`, zeros where they are not said.
    pub rays: &'a Tensor,
    /// Places of the tokens, `[b, v, h, w, 10]`.
    pub places: &'a Tensor,
    /// Hints and their coverage, `[b, v, n, 17, h, w]`, zeros where there are none.
    pub hints: &'a Tensor,
    /// Tracks that it follows.
    pub tracks: Option<&'a Following<'a>>,
}

impl Dit {
    /// The model with these parameters.
    ///
    /// # Errors
    /// A parameter is missing or has another shape.
    pub fn new(weights: &Weights, config: &DitConfig) -> Result<Self, WeightsError> {
        let d = config.width;
        let linear = |name, inputs, outputs| Linear::new(&weights.at(name), inputs, outputs);
        Ok(Self {
            prior: Prior::new(&weights.at("prior"))?,
            tokens: linear("tokens", 2 * LATENT_CHANNELS + 1, d)?,
            rays: config.rays.then(|| linear("rays", RAY, d)).transpose()?,
            places: linear("places", PLACE, d)?,
            levels: [linear("levels1", LEVELS, d)?, linear("levels2", d, d)?],
            said: linear("said", config.text, d)?,
            rows: linear("rows", d, Block::ROWS * d)?,
            text: TextEncoder::new(&weights.at("text"), config)?,
            blocks: (0..config.blocks)
                .map(|i| Block::new(&weights.at("blocks").at(i), config))
                .collect::<Result<_, _>>()?,
            last_rows: linear("last_rows", d, 2 * d)?,
            last: linear("last", d, LATENT_CHANNELS)?,
            config: config.clone(),
        })
    }

    /// The clean latents as the model expects them, `[b, v, n, 16, h, w]`.
    pub fn clean(&self, input: &Input<'_>) -> Tensor {
        self.clean_and_maps(input, &mut |_| {})
    }

    /// The same; `seen` gets the maps of every block's attention along time, if there are tracks.
    pub(crate) fn clean_and_maps(&self, input: &Input<'_>, seen: &mut dyn FnMut(&Maps)) -> Tensor {
        let [b, v, n, _, h, w] = [0, 1, 2, 3, 4, 5].map(|axis| input.latents.size()[axis]);
        // [b, v, n, s, features]
        let tokens = |x: &Tensor| x.flatten(4, 5).transpose(3, 4);
        let levels = levels(input.sigma);
        // Of one size at every level.
        let latents = input.latents * self.prior.scale(&levels);
        let hints = input.hints.narrow(3, 0, LATENT_CHANNELS) * self.prior.scale(&levels.zeros_like());
        let hints = Tensor::cat(&[hints, input.hints.narrow(3, LATENT_CHANNELS, 1)], 3);
        let x = self.tokens.forward(&tokens(&Tensor::cat(&[latents, hints], 3)));
        let rays = input.rays.flatten(2, 3);
        let mut place = self.places.forward(&input.places.flatten(2, 3));
        if let Some(layer) = &self.rays {
            place = &place + layer.forward(&rays);
        }
        let x = x + place.unsqueeze(2);
        let x = match input.tracks {
            Some(tracks) => x + tracks.guide(),
            None => x,
        };
        let level = sinusoid(input.sigma);
        let text = self.text.forward(input.words);
        let said = self.said.forward(&text.mean_dim(1, false, Kind::Float)).unsqueeze(1);
        let level = (self.levels[1].forward(&self.levels[0].forward(&level).silu()) + said).silu();
        let shared = Shared {
            tracks: input.tracks,
            // [b, v, 1, 1, rows, d]
            rows: self.rows.forward(&level).unflatten(-1, [Block::ROWS, -1]).unsqueeze(2).unsqueeze(2),
            text,
            cameras: input.cameras.shallow_clone(),
            rays,
            space: Positions::new(&[Axis::Line(h), Axis::Line(w)], self.config.head()),
            time: Positions::new(&[Axis::Ring(n)], self.config.head()),
            views: Positions::new(&[Axis::Line(v), Axis::Line(h), Axis::Line(w)], self.config.head()),
        };
        let blocks = self.blocks.iter().enumerate();
        let x = blocks.fold(x, |x, (number, block)| block.forward(&x, &shared, number, seen));
        let last = self.last_rows.forward(&level).unsqueeze(2).unsqueeze(2).chunk(2, -1);
        let y = self.last.forward(&(layer_norm(&x, EPS) * (&last[0] + 1.0) + &last[1]));
        let y = y.transpose(3, 4).reshape([b, v, n, LATENT_CHANNELS, h, w]);
        self.around_the_guess(input, &y)
    }

    /// From what the network says to clean latents: the best linear guess and, as large as that is off, what the network says, so
    /// that it has a task of the same size at each level (Karras et al., "Elucidating the Design Space of Diffusion-Based Generative
    /// Models", 2022, for straight paths).
    fn around_the_guess(&self, input: &Input<'_>, y: &Tensor) -> Tensor {
        let sigma = levels(input.sigma);
        let (guess, off) = self.prior.guess(input.latents, &sigma, input.hints);
        guess + y * off
    }
}

/// `[b, v]` → `[b, v, 1, 1, 1, 1]`.
fn levels(sigma: &Tensor) -> Tensor {
    sigma.unsqueeze(-1).unsqueeze(-1).unsqueeze(-1).unsqueeze(-1)
}

/// Cosines and sines of 1000 σ, `[…, 64]`.
fn sinusoid(sigma: &Tensor) -> Tensor {
    let half = LEVELS / 2;
    let exponents = Tensor::arange(half, (Kind::Float, sigma.device())) / half as f64;
    let angles = sigma.unsqueeze(-1) * 1000.0 * (exponents * -(10_000f64.ln())).exp();
    Tensor::cat(&[angles.cos(), angles.sin()], -1)
}
