//! Sizes of the small model's parts. They need no libtorch, so that every build of the command knows the same options.

use serde::{Deserialize, Serialize};

/// Sizes of the parts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sizes {
    /// The autoencoder.
    pub vae: VaeConfig,
    /// The depth network.
    pub lift: LiftConfig,
    /// The transformer.
    pub dit: DitConfig,
    /// What makes it follow tracks.
    pub track: TrackConfig,
}

/// Channels of the autoencoder at a half, a quarter and an eighth of the clip's size; multiples of 8.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VaeConfig {
    /// From fine to coarse.
    pub widths: [i64; 3],
}

impl Default for VaeConfig {
    /// 32, 64, 128 (generate-tiny §3).
    fn default() -> Self {
        Self { widths: [32, 64, 128] }
    }
}

/// The network that gives a picture its depth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LiftConfig {
    /// Channels at a half, a quarter and an eighth of the picture's size; multiples of 8.
    pub widths: [i64; 3],
    /// How many planes stand before the camera, evenly spaced in disparity from infinity to the nearest.
    pub planes: i64,
}

impl Default for LiftConfig {
    fn default() -> Self {
        Self { widths: [32, 64, 128], planes: 16 }
    }
}

/// The transformer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DitConfig {
    /// Features of a token.
    pub width: i64,
    /// Heads of its attentions; `width` is a multiple of them.
    pub heads: i64,
    /// Blocks.
    pub blocks: usize,
    /// Features of a word.
    pub text: i64,
    /// Heads of the text encoder.
    pub text_heads: i64,
    /// Whether views attend to each other.
    pub views: bool,
    /// Whether cameras come in as rays, besides their 12 numbers.
    pub rays: bool,
    /// Whether the first view's picture comes in as the other views see it.
    pub hints: bool,
}

impl Default for DitConfig {
    fn default() -> Self {
        Self { width: 144, heads: 4, blocks: 6, text: 64, text_heads: 4, views: true, rays: true, hints: true }
    }
}

impl DitConfig {
    /// Features of a head.
    #[must_use]
    pub fn head(&self) -> i64 {
        self.width / self.heads.max(1)
    }
}

/// What makes the transformer follow tracks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrackConfig {
    /// Features of a frame of tracks.
    pub channels: i64,
}

impl Default for TrackConfig {
    fn default() -> Self {
        Self { channels: 64 }
    }
}
