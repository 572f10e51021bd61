//! From latents to pixels, piece by piece.

use super::CHANNELS;
use super::config::Config;
use super::head::Head;
use super::middle::{Middle, MiddlePast};
use super::residual::{Residual, ResidualPast};
use super::up::{Up, UpPast};
use crate::nn::{CausalConv3d, Past};
use loop3d_torch::weights::{Weights, WeightsError};
use tch::Tensor;

/// `[b, 16, n, h, w]` → `[b, 3, t, 8h, 8w]`, after the first 1×1×1 convolution, which needs no past.
#[derive(Debug)]
pub struct Decoder {
    conv1: CausalConv3d,
    middle: Middle,
    row: Vec<Layer>,
    head: Head,
}

#[derive(Debug)]
enum Layer {
    Residual(Residual),
    Up(Up),
}

/// What the decoder remembers of the latents before; empty at the beginning of a clip.
#[derive(Debug, Default)]
pub struct DecoderPast {
    conv1: Past,
    middle: MiddlePast,
    row: Vec<LayerPast>,
    head: Past,
}

/// A layer uses the one of the two that is its own.
#[derive(Debug, Default)]
struct LayerPast {
    residual: ResidualPast,
    up: UpPast,
}

impl Decoder {
    /// The part `decoder` of a model.
    ///
    /// # Errors
    /// A parameter is missing or has another shape.
    pub fn new(weights: &Weights, config: &Config) -> Result<Self, WeightsError> {
        let names = weights.at("upsamples");
        let first = config.channels().last().copied().unwrap_or(config.dim);
        let mut row = Vec::new();
        let mut channels = first;
        for (stage, outputs) in config.channels().into_iter().rev().enumerate() {
            for _ in 0..=config.residuals {
                row.push(Layer::Residual(Residual::new(&names.at(row.len()), channels, outputs)?));
                channels = outputs;
            }
            if let Some(&doubles_time) = config.halves_time.iter().rev().nth(stage) {
                row.push(Layer::Up(Up::new(&names.at(row.len()), channels, doubles_time)?));
                channels /= 2;
            }
        }
        Ok(Self {
            conv1: CausalConv3d::new(&weights.at("conv1"), CHANNELS, first, [3, 3, 3])?,
            middle: Middle::new(&weights.at("middle"), first)?,
            row,
            head: Head::new(&weights.at("head"), channels, 3)?,
        })
    }

    /// The next latents of a clip, any number: 1 frame of the clip's first latent, 4 of every other.
    pub fn step(&self, z: &Tensor, past: &mut DecoderPast) -> Tensor {
        self.step_observed(z, past, &mut |_, _| ())
    }

    /// [`Decoder::step`], which shows the output of each module by its name in the original file, such as `upsamples.3`.
    pub fn step_observed(&self, z: &Tensor, past: &mut DecoderPast, observe: &mut dyn FnMut(&str, &Tensor)) -> Tensor {
        past.row.resize_with(self.row.len(), LayerPast::default);
        let x = self.conv1.step(z, &mut past.conv1);
        observe("conv1", &x);
        let mut x = self.middle.step(&x, &mut past.middle);
        observe("middle", &x);
        for (index, (layer, past)) in self.row.iter().zip(&mut past.row).enumerate() {
            x = match layer {
                Layer::Residual(layer) => layer.step(&x, &mut past.residual),
                Layer::Up(layer) => layer.step(&x, &mut past.up),
            };
            observe(&format!("upsamples.{index}"), &x);
        }
        self.head.step(&x, &mut past.head)
    }
}
