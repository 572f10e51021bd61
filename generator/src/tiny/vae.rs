//! The autoencoder: 8×8 pixels of two frames are 16 numbers. A still is a clip of one frame.
//!
//! The encoder is linear, the principal components of such cells: trained for as long as this machine could, convolutions stayed
//! 6 dB below it (docs/EXPERIMENTS.md). The decoder adds convolutions to its inverse. Along time they go around a ring, so a clip
//! shifted by a latent has the shifted latents, and latents on a ring decode to an exact loop.

use super::config::{LATENT_CHANNELS, SPACE, TIME};
use super::residual::{Last, Residual, Up};
use super::ring::RingConv;
use crate::nn::Conv2d;
use crate::sizes::VaeConfig;
use loop3d_torch::weights::{Weights, WeightsError};
use tch::Tensor;

/// Numbers of a latent's cell: 8×8 pixels of two frames.
pub(crate) const CELL: i64 = 3 * TIME * SPACE * SPACE;

/// `encoder` `[16, 384, 1, 1]` and `decoder`.
#[derive(Debug)]
pub struct Vae {
    encoder: Conv2d,
    decoder: Decoder,
}

impl Vae {
    /// The model with these parameters.
    ///
    /// # Errors
    /// A parameter is missing or has another shape.
    pub fn new(weights: &Weights, config: &VaeConfig) -> Result<Self, WeightsError> {
        Ok(Self {
            encoder: Conv2d::new(&weights.at("encoder"), CELL, LATENT_CHANNELS, 1)?,
            decoder: Decoder::new(&weights.at("decoder"), config)?,
        })
    }

    /// Clips `[b, t, 3, h, w]`, of one frame or an even number of them → latents `[b, n, 16, h/8, w/8]`.
    pub fn encode(&self, clips: &Tensor) -> Tensor {
        self.encoder.forward(&cells(clips)).unflatten(0, [clips.size()[0], -1])
    }

    /// Latents `[b, n, 16, h, w]` → clips `[b, 2n, 3, 8h, 8w]`, of one frame where `still`. Values may overshoot −1…1.
    pub fn pixels(&self, latents: &Tensor, still: bool) -> Tensor {
        self.decoder.forward(latents, still)
    }

    /// The same in −1…1.
    pub fn decode(&self, latents: &Tensor, still: bool) -> Tensor {
        self.pixels(latents, still).clamp(-1.0, 1.0)
    }
}

/// Clips `[b, t, 3, h, w]` → their cells `[b·n, 384, h/8, w/8]`, and back.
pub(crate) fn cells(clips: &Tensor) -> Tensor {
    // A still is a clip in which nothing moves.
    let clips = if clips.size()[1] == 1 { clips.repeat([1, TIME, 1, 1, 1]) } else { clips.shallow_clone() };
    let [b, t, c, h, w] = [0, 1, 2, 3, 4].map(|axis| clips.size()[axis]);
    clips.reshape([b * t / TIME, TIME * c, h, w]).pixel_unshuffle(SPACE)
}

fn from_cells(cells: &Tensor) -> Tensor {
    cells.pixel_shuffle(SPACE).unflatten(1, [TIME, 3])
}

/// `code`, a linear map back to cells, and what the convolutions add to it: `first`, `coarse`, `time`; `split` makes two frames; `up1`, `middle1`, `middle2`, `up2`, `fine`, `last` frame by frame.
#[derive(Debug)]
struct Decoder {
    code: Conv2d,
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
            code: Conv2d::new(&weights.at("code"), LATENT_CHANNELS, CELL, 1)?,
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
        let coded = from_cells(&self.code.forward(&latents.flatten(0, 1)));
        let coded = if still { coded.narrow(1, 0, 1) } else { coded };
        (self.last.forward(&x).pixel_shuffle(2) + coded.flatten(0, 1)).unflatten(0, [b, -1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use loop3d_torch::weights::{Fresh, Start, normals};
    use std::rc::Rc;
    use tch::Device;

    fn vae() -> Vae {
        let weights = Weights::new(Rc::new(Fresh::new(3, Start::usual)), None, Device::Cpu);
        Vae::new(&weights, &VaeConfig { widths: [8, 8, 16] }).unwrap()
    }

    fn random(seed: u64, shape: &[i64]) -> Tensor {
        Tensor::from_slice(&normals(seed, shape.iter().product::<i64>() as usize, 0.5)).reshape(shape)
    }

    fn off(a: &Tensor, b: &Tensor) -> f64 {
        (a - b).abs().max().double_value(&[])
    }

    #[test]
    fn time_is_a_ring() {
        let (vae, clips) = (vae(), random(1, &[2, 8, 3, 16, 24]));
        let latents = vae.encode(&clips);
        assert_eq!(latents.size(), [2, 4, LATENT_CHANNELS, 2, 3]);
        assert!(off(&vae.encode(&clips.roll(TIME * 3, 1)), &latents.roll(3, 1)) < 1e-5);
        let made = vae.decode(&latents, false);
        assert_eq!(made.size(), clips.size());
        assert!(off(&vae.decode(&latents.roll(1, 1), false), &made.roll(TIME, 1)) < 1e-5);
        // A shift within a latent is another clip.
        assert!(off(&vae.encode(&clips.roll(1, 1)), &latents) > 1e-2);
    }

    #[test]
    fn a_still_is_a_clip_in_which_nothing_moves() {
        let (vae, still) = (vae(), random(2, &[1, 1, 3, 16, 16]));
        let latents = vae.encode(&still);
        assert!(off(&vae.encode(&still.repeat([1, 4, 1, 1, 1])), &latents.repeat([1, 2, 1, 1, 1])) < 1e-5);
        assert!(off(&vae.decode(&latents, true), &vae.decode(&latents, false).narrow(1, 0, 1)) < 1e-5);
    }
}
