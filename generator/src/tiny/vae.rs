//! The autoencoder: 8×8 pixels of two frames are 16 numbers. Its convolutions along time go around a ring, so a clip shifted by a
//! latent has the shifted latents, and decodes to the shifted clip. A still is a clip of one frame.

use super::config::{LATENT_CHANNELS, TIME, VaeConfig};
use super::residual::{Last, Residual, Up};
use super::ring::RingConv;
use crate::nn::Conv2d;
use loop3d_torch::weights::{Weights, WeightsError};
use tch::Tensor;

/// Bounds of the logarithm of a latent's variance.
const LOG_VARIANCE: [f64; 2] = [-20.0, 4.0];

/// `encoder`, `decoder`, and `latents.mean`, `latents.deviation` of each channel, which training measures at its end.
#[derive(Debug)]
pub struct Vae {
    encoder: Encoder,
    decoder: Decoder,
    mean: Tensor,
    deviation: Tensor,
}

/// What the encoder says of a clip's latents, before they are normalised: `[b, n, 16, h, w]` each.
#[derive(Debug)]
pub struct Distribution {
    /// Their mean.
    pub mean: Tensor,
    /// The logarithm of their variance.
    pub log_variance: Tensor,
}

impl Vae {
    /// The model with these parameters.
    ///
    /// # Errors
    /// A parameter is missing or has another shape.
    pub fn new(weights: &Weights, config: &VaeConfig) -> Result<Self, WeightsError> {
        let latents = weights.at("latents");
        Ok(Self {
            encoder: Encoder::new(&weights.at("encoder"), config)?,
            decoder: Decoder::new(&weights.at("decoder"), config)?,
            mean: latents.tensor("mean", &[LATENT_CHANNELS])?,
            deviation: latents.tensor("deviation", &[LATENT_CHANNELS])?,
        })
    }

    /// Clips `[b, t, 3, h, w]`, of one frame or an even number of them → the distribution of their latents.
    pub fn distribution(&self, clips: &Tensor) -> Distribution {
        let moments = self.encoder.forward(clips);
        let [mean, log_variance] = [0, 1].map(|half| moments.narrow(2, half * LATENT_CHANNELS, LATENT_CHANNELS));
        Distribution { mean, log_variance: log_variance.clamp(LOG_VARIANCE[0], LOG_VARIANCE[1]) }
    }

    /// Latents as the encoder has them `[b, n, 16, h, w]` → `[b, 2n, 3, 8h, 8w]`, or one frame where `still`.
    pub fn pixels(&self, latents: &Tensor, still: bool) -> Tensor {
        self.decoder.forward(latents, still)
    }

    /// Clips `[b, t, 3, h, w]` → normalised latents `[b, n, 16, h/8, w/8]`.
    pub fn encode(&self, clips: &Tensor) -> Tensor {
        let (mean, deviation) = self.constants();
        (self.distribution(clips).mean - mean) / deviation
    }

    /// Normalised latents → clips in −1…1, as [`Vae::pixels`].
    pub fn decode(&self, latents: &Tensor, still: bool) -> Tensor {
        let (mean, deviation) = self.constants();
        self.pixels(&(latents * deviation + mean), still).clamp(-1.0, 1.0)
    }

    fn constants(&self) -> (Tensor, Tensor) {
        let shape = [1, 1, LATENT_CHANNELS, 1, 1];
        (self.mean.reshape(shape), self.deviation.reshape(shape))
    }
}

/// `first`, then `fine`, `down1`, `middle`, `down2` frame by frame; `merge` joins two frames; `coarse`, `time`, `last`.
#[derive(Debug)]
struct Encoder {
    first: Conv2d,
    fine: Residual,
    downs: [Conv2d; 2],
    middle: Residual,
    merge: Conv2d,
    coarse: Residual,
    time: RingConv,
    last: Last,
}

impl Encoder {
    fn new(weights: &Weights, config: &VaeConfig) -> Result<Self, WeightsError> {
        let [fine, middle, coarse] = config.widths;
        Ok(Self {
            first: Conv2d::new(&weights.at("first"), 12, fine, 3)?,
            fine: Residual::new(&weights.at("fine"), fine)?,
            downs: [
                Conv2d::new(&weights.at("down1"), fine, middle, 3)?.halving(),
                Conv2d::new(&weights.at("down2"), middle, coarse, 3)?.halving(),
            ],
            middle: Residual::new(&weights.at("middle"), middle)?,
            merge: Conv2d::new(&weights.at("merge"), TIME * coarse, coarse, 1)?,
            coarse: Residual::new(&weights.at("coarse"), coarse)?,
            time: RingConv::new(&weights.at("time"), coarse)?,
            last: Last::new(&weights.at("last"), coarse, 2 * LATENT_CHANNELS)?,
        })
    }

    /// `[b, t, 3, h, w]` → `[b, n, 32, h/8, w/8]`.
    fn forward(&self, clips: &Tensor) -> Tensor {
        let b = clips.size()[0];
        let x = self.fine.forward(&self.first.forward(&clips.flatten(0, 1).pixel_unshuffle(2)));
        let x = self.downs[1].forward(&self.middle.forward(&self.downs[0].forward(&x)));
        let x = x.unflatten(0, [b, -1]);
        // A still is a clip in which nothing moves.
        let x = if x.size()[1] == 1 { x.repeat([1, TIME, 1, 1, 1]) } else { x };
        let [b, t, c, h, w] = [0, 1, 2, 3, 4].map(|axis| x.size()[axis]);
        let x = self.merge.forward(&x.reshape([b * t / TIME, TIME * c, h, w]));
        let x = self.time.forward(&self.coarse.forward(&x).unflatten(0, [b, -1]));
        self.last.forward(&x.flatten(0, 1)).unflatten(0, [b, -1])
    }
}

/// `first`, `coarse`, `time`; `split` makes two frames; `up1`, `middle1`, `middle2`, `up2`, `fine`, `last` frame by frame.
#[derive(Debug)]
struct Decoder {
    first: Conv2d,
    coarse: Residual,
    time: RingConv,
    split: Conv2d,
    ups: [Up; 2],
    middle: [Residual; 2],
    fine: Residual,
    last: Last,
}

impl Decoder {
    fn new(weights: &Weights, config: &VaeConfig) -> Result<Self, WeightsError> {
        let [fine, middle, coarse] = config.widths;
        let residual = |name, channels| Residual::new(&weights.at(name), channels);
        Ok(Self {
            first: Conv2d::new(&weights.at("first"), LATENT_CHANNELS, coarse, 3)?,
            coarse: residual("coarse", coarse)?,
            time: RingConv::new(&weights.at("time"), coarse)?,
            split: Conv2d::new(&weights.at("split"), coarse, TIME * coarse, 1)?,
            ups: [Up::new(&weights.at("up1"), coarse, middle)?, Up::new(&weights.at("up2"), middle, fine)?],
            middle: [residual("middle1", middle)?, residual("middle2", middle)?],
            fine: residual("fine", fine)?,
            last: Last::new(&weights.at("last"), fine, 12)?,
        })
    }

    /// `[b, n, 16, h, w]` → `[b, 2n or 1, 3, 8h, 8w]`.
    fn forward(&self, latents: &Tensor, still: bool) -> Tensor {
        let b = latents.size()[0];
        let x = self.coarse.forward(&self.first.forward(&latents.flatten(0, 1)));
        let x = self.split.forward(&self.time.forward(&x.unflatten(0, [b, -1])).flatten(0, 1));
        // [b·n, 2, c, h, w]
        let x = x.unflatten(1, [TIME, -1]);
        let x = if still { x.narrow(1, 0, 1) } else { x };
        let x = self.ups[0].forward(&x.flatten(0, 1));
        let x = self.middle.iter().fold(x, |x, block| block.forward(&x));
        let x = self.fine.forward(&self.ups[1].forward(&x));
        self.last.forward(&x).pixel_shuffle(2).unflatten(0, [b, -1])
    }
}
