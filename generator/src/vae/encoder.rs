//! From pixels to the mean and the log variance of latents, piece by piece.

use super::CHANNELS;
use super::config::Config;
use super::down::{Down, DownPast};
use super::head::Head;
use super::middle::{Middle, MiddlePast};
use super::residual::{Residual, ResidualPast};
use crate::nn::{CausalConv3d, Past};
use loop3d_torch::weights::{Weights, WeightsError};
use tch::Tensor;

/// `[b, 3, t, H, W]` → `[b, 32, n, H/8, W/8]`, still before the last 1×1×1 convolution, which needs no past.
#[derive(Debug)]
pub struct Encoder {
    conv1: CausalConv3d,
    row: Vec<Layer>,
    middle: Middle,
    head: Head,
}

#[derive(Debug)]
enum Layer {
    Residual(Residual),
    Down(Down),
}

/// What the encoder remembers of the frames before; empty at the beginning of a clip.
#[derive(Debug, Default)]
pub struct EncoderPast {
    conv1: Past,
    row: Vec<LayerPast>,
    middle: MiddlePast,
    head: Past,
}

/// A layer uses the one of the two that is its own.
#[derive(Debug, Default)]
struct LayerPast {
    residual: ResidualPast,
    down: DownPast,
}

impl Encoder {
    /// The part `encoder` of a model.
    ///
    /// # Errors
    /// A parameter is missing or has another shape.
    pub fn new(weights: &Weights, config: &Config) -> Result<Self, WeightsError> {
        let names = weights.at("downsamples");
        let mut row = Vec::new();
        let mut channels = config.dim;
        for (stage, outputs) in config.channels().into_iter().enumerate() {
            for _ in 0..config.residuals {
                row.push(Layer::Residual(Residual::new(&names.at(row.len()), channels, outputs)?));
                channels = outputs;
            }
            if let Some(&halves_time) = config.halves_time.get(stage) {
                row.push(Layer::Down(Down::new(&names.at(row.len()), channels, halves_time)?));
            }
        }
        Ok(Self {
            conv1: CausalConv3d::new(&weights.at("conv1"), 3, config.dim, [3, 3, 3])?,
            row,
            middle: Middle::new(&weights.at("middle"), channels)?,
            head: Head::new(&weights.at("head"), channels, 2 * CHANNELS)?,
        })
    }

    /// The next frames of a clip: the first one and any number of fours, later on fours.
    pub fn step(&self, x: &Tensor, past: &mut EncoderPast) -> Tensor {
        self.step_observed(x, past, &mut |_, _| ())
    }

    /// [`Encoder::step`], which shows the output of each module by its name in the original file, such as `downsamples.5`.
    pub fn step_observed(&self, x: &Tensor, past: &mut EncoderPast, observe: &mut dyn FnMut(&str, &Tensor)) -> Tensor {
        past.row.resize_with(self.row.len(), LayerPast::default);
        let mut x = self.conv1.step(x, &mut past.conv1);
        observe("conv1", &x);
        for (index, (layer, past)) in self.row.iter().zip(&mut past.row).enumerate() {
            x = match layer {
                Layer::Residual(layer) => layer.step(&x, &mut past.residual),
                Layer::Down(layer) => layer.step(&x, &mut past.down),
            };
            observe(&format!("downsamples.{index}"), &x);
        }
        let x = self.middle.step(&x, &mut past.middle);
        observe("middle", &x);
        self.head.step(&x, &mut past.head)
    }
}
