//! How clips are made with weights on this machine, as a person asks for it: the command line and records share this struct. It
//! needs no libtorch, so that every build of the command knows the same options.

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Which kind of numbers the transformer and the VAE compute with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dtype {
    /// bf16 on CUDA, f32 on the CPU.
    #[default]
    Auto,
    /// 32 bits.
    F32,
    /// 16 bits, half the memory.
    Bf16,
}

/// Where it computes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// CUDA if there is a device, otherwise the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// The first CUDA device.
    Cuda,
}

/// How more than two views are made; the published weights know pairs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ManyViews {
    /// Every step runs pairs of views and averages.
    #[default]
    Pairs,
    /// The first pair, then each other view beside the finished first one.
    Reference,
    /// All views in one pass.
    Joint,
}

/// Whether a clip closes on itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Closing {
    /// The last frame goes on into the first.
    On,
    /// As the weights were trained; a fit makes the loop.
    #[default]
    Off,
}

/// Options of clips from weights.
#[derive(Clone, Debug, Args, Serialize)]
#[command(next_help_heading = "Model")]
pub struct ModelOptions {
    /// Folder of weights: Wan2.1-T2V-1.3B and SynCamMaster's checkpoint, in the layout of their publishers or of diffusers.
    #[arg(long = "model", value_name = "DIR", requires_all = ["prompt", "output"], conflicts_with = "engine")]
    #[serde(skip)]
    pub weights: Option<PathBuf>,
    /// Frames of a clip: 1 + 4k, or 4k with --loop on [default: 81, or 80]; of the small model an even number [default: 16].
    #[arg(long, value_name = "N", requires = "prompt", conflicts_with = "engine", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    #[serde(skip)]
    pub frames: Option<u32>,
    /// Frames per second of the clips.
    #[arg(long, value_name = "FPS", requires = "prompt", conflicts_with = "engine", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=240))]
    #[serde(skip)]
    pub fps: u32,
    /// Whether the clips close on themselves.
    #[arg(
        long = "loop",
        value_enum,
        value_name = "on|off",
        hide_possible_values = true,
        requires = "weights",
        default_value_t
    )]
    #[serde(rename = "loop")]
    pub closing: Closing,
    /// Steps from noise to a clip.
    #[arg(long, value_name = "N", requires = "weights", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub steps: u32,
    /// How strongly the words count; 1 takes half the time.
    #[arg(long, value_name = "SCALE", requires = "weights", default_value_t = 5.0)]
    pub guidance: f64,
    /// How much of the run is spent at high noise; 3 suits small frames.
    #[arg(long, value_name = "X", requires = "weights", default_value_t = 5.0)]
    pub shift: f64,
    /// How more than two views are made together.
    #[arg(long, value_enum, value_name = "HOW", requires = "weights", default_value_t)]
    pub views_how: ManyViews,
    /// Numbers to compute with.
    #[arg(long, value_enum, value_name = "KIND", requires = "weights", default_value_t)]
    pub dtype: Dtype,
    /// Compute device.
    #[arg(long, value_enum, value_name = "DEVICE", requires = "weights", default_value_t)]
    pub device: Place,
    /// Number of threads [default: one per core].
    #[arg(long, value_name = "N", requires = "prompt", conflicts_with = "engine", value_parser = clap::value_parser!(u16).range(1..=1024))]
    #[serde(skip)]
    pub threads: Option<u16>,
    /// Run even if it is going to take more than a day.
    #[arg(long, requires = "weights")]
    #[serde(skip)]
    pub yes: bool,
}

impl ModelOptions {
    /// Frames of a clip.
    #[must_use]
    pub fn frames(&self) -> u32 {
        self.frames.unwrap_or(if self.closing == Closing::On { 80 } else { 81 })
    }
}
