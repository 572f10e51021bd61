//! How clips are made with weights on this machine, as a person asks for it: the command line and records share this struct. It
//! needs no libtorch, so that every build of the command knows the same options.

use crate::motion::{MoveRequest, tau};
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
    /// Length of a clip instead of its frames, such as 60s; the nearest that the model can make.
    #[arg(
        long, value_name = "SECONDS", requires = "prompt", conflicts_with_all = ["engine", "frames"],
        value_parser = seconds
    )]
    #[serde(skip)]
    pub length: Option<f64>,
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
    /// Latent frames that the model sees at a time; each but the first is 4 frames. Longer clips are seen in windows.
    #[arg(long, value_name = "N", requires = "weights", default_value_t = 21, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub chunk: u32,
    /// Latent frames by which neighbouring windows overlap.
    #[arg(long, value_name = "N", requires = "weights", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub overlap: u32,
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
    /// Something that moves: a picture, white on black, of what does, and an arrow that it goes along in the picture's pixels, such as
    /// mask.png:20,30;44,30 or mask.png:arrow.json; "all" is the whole picture. Or the moves.json that --draw wrote. In a loop it goes there and back. May be repeated. Small model
    /// only.
    #[arg(
        long = "move",
        value_name = "MASK:ARROW",
        requires = "prompt",
        conflicts_with = "engine",
        help_heading = "Motion"
    )]
    #[serde(skip)]
    pub moves: Vec<MoveRequest>,
    /// Motion of everything else: free, damped, frozen, or a number τ of 0 or less [default: free].
    #[arg(
        long, value_name = "HOW", requires = "moves", help_heading = "Motion", value_parser = tau,
        allow_hyphen_values = true
    )]
    #[serde(skip)]
    pub background: Option<f64>,
    /// Run even if it is going to take more than a day.
    #[arg(long, requires = "weights")]
    #[serde(skip)]
    pub yes: bool,
}

/// Longest clip, in seconds.
const LONGEST: f64 = 3600.0;

/// A length in seconds, with or without its unit.
fn seconds(text: &str) -> Result<f64, String> {
    let (number, unit) = match text.strip_suffix("min") {
        Some(number) => (number, 60.0),
        None => (text.strip_suffix('s').unwrap_or(text), 1.0),
    };
    let seconds = number.trim().parse::<f64>().map(|number| number * unit);
    seconds.ok().filter(|s| *s > 0.0 && *s <= LONGEST).ok_or_else(|| {
        format!("expected a length such as 10s or 1.5min, more than 0 and at most {} minutes", LONGEST / 60.0)
    })
}

impl ModelOptions {
    /// Frames of a clip: those that were asked for, or the nearest to the length out of `step`, `2·step`, … and `more` to each.
    #[must_use]
    pub fn frames(&self, usual: u32, step: u32, more: u32) -> u32 {
        let nearest = |seconds: f64| {
            let frames = seconds * f64::from(self.fps) - f64::from(more);
            step * ((frames / f64::from(step)).round() as u32).max(u32::from(more == 0)) + more
        };
        self.frames.or_else(|| self.length.map(nearest)).unwrap_or(usual)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Command, FromArgMatches};

    fn options(arguments: &str) -> ModelOptions {
        let command = ModelOptions::augment_args(Command::new("x")).arg(clap::Arg::new("prompt").long("prompt"));
        let command = ["output", "engine"]
            .into_iter()
            .fold(command, |command, name| command.arg(clap::Arg::new(name).long(name)));
        let words = format!("x --prompt words --output dir --model there {arguments}");
        ModelOptions::from_arg_matches(&command.get_matches_from(words.split(' '))).unwrap()
    }

    #[test]
    fn lengths_become_frames() {
        // 1 + 4k of a clip, 4k of a loop, 2k of the small model.
        let frames = |text: &str| {
            let options = options(text);
            [options.frames(81, 4, 1), options.frames(80, 4, 0), options.frames(16, 2, 0)]
        };
        assert_eq!(frames("--fps 16"), [81, 80, 16]);
        assert_eq!(frames("--length 60s --fps 20"), [1201, 1200, 1200]);
        assert_eq!(frames("--length 0.01 --fps 16"), [1, 4, 2]);
        assert_eq!(frames("--length 1.2s --fps 16"), [21, 20, 20]);
        assert_eq!(frames("--frames 7"), [7; 3]);
        assert_eq!((seconds("1.5min"), seconds("2 s")), (Ok(90.0), Ok(2.0)));
        for bad in ["", "0", "-3s", "two", "2h", "61min", "NaN"] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
    }
}
