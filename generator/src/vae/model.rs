//! The autoencoder: 1 + 4k frames ↔ 1 + k latents, 8×8 pixels ↔ 1 (generate-syncammaster §2).

use super::VaeError;
use super::config::{CHANNELS, Config};
use super::decoder::Decoder;
use super::decoding::Decoding;
use super::encoder::{Encoder, EncoderPast};
use super::layout::{Latents, Pixels};
use super::normalisation::{normalised, restored};
use super::tiles::{Sums, Tiles};
use crate::nn::CausalConv3d;
use loop3d_torch::weights::{Weights, WeightsError};
use std::convert::Infallible;
use std::ops::Range;
use tch::Tensor;

/// The causal video autoencoder of Wan2.1. It computes in the kind of its weights, f32 or bf16, and where they are.
#[derive(Debug)]
pub struct Vae {
    config: Config,
    encoder: Encoder,
    decoder: Decoder,
    /// 1×1×1 after the encoder.
    conv1: CausalConv3d,
    /// 1×1×1 before the decoder.
    conv2: CausalConv3d,
}

/// What the encoder finds: a normal distribution for each number of the latents, not normalised. The published pipeline takes
/// the mean and draws nothing.
#[derive(Debug)]
pub struct Moments {
    /// `[b, 16, n, h, w]`.
    pub mean: Tensor,
    /// `[b, 16, n, h, w]`.
    pub log_variance: Tensor,
}

impl Vae {
    /// A model with weights of original names; see [`crate::weights::names_vae`] for those of diffusers.
    ///
    /// # Errors
    /// A parameter is missing or has another shape than the rest of the model asks for.
    pub fn new(weights: &Weights) -> Result<Self, WeightsError> {
        let config = Config::from_weights(weights);
        Ok(Self {
            encoder: Encoder::new(&weights.at("encoder"), &config)?,
            decoder: Decoder::new(&weights.at("decoder"), &config)?,
            conv1: CausalConv3d::new(&weights.at("conv1"), 2 * CHANNELS, 2 * CHANNELS, [1, 1, 1])?,
            conv2: CausalConv3d::new(&weights.at("conv2"), CHANNELS, CHANNELS, [1, 1, 1])?,
            config,
        })
    }

    /// Its sizes.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The encoder alone.
    #[must_use]
    pub fn encoder(&self) -> &Encoder {
        &self.encoder
    }

    /// The decoder alone.
    #[must_use]
    pub fn decoder(&self) -> &Decoder {
        &self.decoder
    }

    /// A clip of 1 + 4k frames as 1 + k normalised latents.
    ///
    /// # Errors
    /// Another number of frames, or sides that are not multiples of 8.
    pub fn encode(&self, pixels: &Pixels) -> Result<Latents, VaeError> {
        Latents::new(normalised(&self.moments(pixels)?.mean))
    }

    /// [`Vae::encode`] before the normalisation, with the variance.
    ///
    /// # Errors
    /// Another number of frames, or sides that are not multiples of 8.
    pub fn moments(&self, pixels: &Pixels) -> Result<Moments, VaeError> {
        let (found, time) = (pixels.frames(), self.config.time());
        if (found - 1) % time != 0 {
            return Err(VaeError::Frames { found, expected: format!("1 and a multiple of {time}") });
        }
        self.moments_of(pixels, 0..found, 0)
    }

    /// The moments of the frames `range` (modulo the clip's length) without those of the first `skip` latents.
    pub(super) fn moments_of(&self, pixels: &Pixels, range: Range<i64>, skip: usize) -> Result<Moments, VaeError> {
        let multiple = self.config.space();
        let [height, width] = [3, 4].map(|axis| pixels.tensor().size()[axis]);
        if height % multiple != 0 || width % multiple != 0 {
            return Err(VaeError::FrameSize { width, height, multiple });
        }
        let time = self.config.time();
        let pieces = std::iter::once(range.start..range.start + 1)
            .chain((range.start + 1..range.end).step_by(time as usize).map(|start| start..start + time));
        let mut past = EncoderPast::default();
        let encoded = tch::no_grad(|| {
            let encode = |piece| self.encoder.step(&self.taken(pixels.on_a_ring(piece).tensor()), &mut past);
            let latents: Vec<Tensor> = pieces.map(encode).skip(skip).collect();
            self.conv1.forward(&Tensor::cat(&latents, 2))
        });
        let [mean, log_variance] = [0, 1].map(|part| encoded.narrow(1, part * CHANNELS, CHANNELS).contiguous());
        Ok(Moments { mean, log_variance })
    }

    /// Decodes one latent at a time; see [`Decoding`].
    #[must_use]
    pub fn decoding(&self, latents: &Latents) -> Decoding<'_> {
        let z = tch::no_grad(|| self.conv2.forward(&restored(&self.taken(latents.tensor()))));
        Decoding::new(&self.decoder, z)
    }

    /// Decodes a clip of n latents and hands out its 1 + 4(n − 1) frames, those of one latent at a time, clamped to −1…1.
    /// Tiles need less memory to compute, but keep the pixels of the clip until the last tile is decoded.
    ///
    /// # Errors
    /// Those of `each`, which end the decoding.
    pub fn decode_each<E>(
        &self,
        latents: &Latents,
        tiles: Option<Tiles>,
        each: impl FnMut(Pixels) -> Result<(), E>,
    ) -> Result<(), E> {
        self.decode_from(latents, 0, tiles, each)
    }

    /// [`Vae::decode_each`] with all frames at once, for short clips.
    #[must_use]
    pub fn decode(&self, latents: &Latents, tiles: Option<Tiles>) -> Pixels {
        collected(|each| self.decode_each(latents, tiles, each))
    }

    /// Decodes all latents, and hands out the frames of all but the first `skip`.
    pub(super) fn decode_from<E>(
        &self,
        latents: &Latents,
        skip: i64,
        tiles: Option<Tiles>,
        mut each: impl FnMut(Pixels) -> Result<(), E>,
    ) -> Result<(), E> {
        let Some(tiles) = tiles else {
            return self.decoding(latents).skip(skip as usize).try_for_each(|frames| each(frames.clamped()));
        };
        // Frames of each latent that is handed out.
        let lengths = || (skip..latents.frames()).map(|latent| if latent == 0 { 1 } else { self.config.time() });
        let [b, h, w] = [0, 3, 4].map(|axis| latents.tensor().size()[axis]);
        let mut sums = Sums::new([b, lengths().sum()], [h, w], self.config.space(), self.conv2.weight().kind());
        for tile in tiles.over(h, w) {
            let weight = sums.begin(tile);
            let mut from = 0;
            let part = latents.part(tile.map(|span| span.start), tile.map(|span| span.length));
            for frames in self.decoding(&part).skip(skip as usize) {
                sums.add(tile, &weight, frames.tensor(), from);
                from += frames.frames();
            }
        }
        let mut from = 0;
        lengths().try_for_each(|length| {
            from += length;
            each(Pixels::made(sums.frames(from - length, length)))
        })
    }

    /// In the kind of the weights, and where they are.
    fn taken(&self, tensor: &Tensor) -> Tensor {
        let weight = self.conv2.weight();
        tensor.to_device(weight.device()).to_kind(weight.kind())
    }
}

/// All frames that `decode` hands out.
pub(super) fn collected(
    decode: impl FnOnce(&mut dyn FnMut(Pixels) -> Result<(), Infallible>) -> Result<(), Infallible>,
) -> Pixels {
    let mut frames = Vec::new();
    let Ok(()) = decode(&mut |piece| {
        frames.push(piece.into_tensor());
        Ok(())
    });
    Pixels::made(Tensor::cat(&frames, 2))
}
