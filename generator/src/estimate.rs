//! What a pass of the transformer costs, before it is run (generate.md §6).

use crate::dit::Config;
use tch::Kind;

/// Pixels of a latent's side, and frames of a latent after the first.
const SPACE: u64 = 8;
const TIME: u64 = 4;
/// Rows of a text, real ones and zeros.
const TEXT: u64 = 512;

/// The size of a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Views, V.
    pub views: u64,
    /// Latent frames, rows and columns.
    pub latents: [u64; 3],
}

/// Floating-point operations of a pass: a multiplication and an addition are two.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Operations {
    /// Attention of each view to itself.
    pub self_attention: f64,
    /// Linear layers of the base model, counted as two operations for each parameter and token. The text's keys and values are
    /// made once and not for each token, so this is 13 % too much, on the safe side.
    pub linears: f64,
    /// The module between views, its linear layers too.
    pub views: f64,
    /// Attention to the text.
    pub text: f64,
}

/// Bytes of a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Parameters.
    pub weights: u64,
    /// Tensors that are alive at the fullest moment of a block. Attention is not counted, since libtorch computes it in tiles.
    pub activations: u64,
}

impl Size {
    /// Views of `frames` frames (1 + 4k, or 4k on a ring) of `width` × `height` pixels.
    #[must_use]
    pub fn of_clips(views: u64, [width, height]: [u64; 2], frames: u64) -> Self {
        Self { views, latents: [frames.div_ceil(TIME), height / SPACE, width / SPACE] }
    }

    /// Frames, rows and columns of tokens.
    fn grid(&self, config: &Config) -> [u64; 3] {
        std::array::from_fn(|axis| self.latents[axis] / config.patch[axis].max(1) as u64)
    }
}

impl Operations {
    /// Those of one pass.
    #[must_use]
    pub fn new(config: &Config, size: &Size) -> Self {
        let [f, h, w] = size.grid(config).map(|axis| axis as f64);
        let (views, d, layers) = (size.views as f64, config.dim as f64, config.layers as f64);
        let (frame, clip) = (h * w, f * h * w);
        let tokens = views * clip;
        // Queries by keys, and weights by values.
        let attention = |queries: f64, keys: f64| 4.0 * queries * keys * d * layers;
        let of_views =
            if config.views { attention(tokens, views * frame) + 10.0 * d * d * tokens * layers } else { 0.0 };
        let base = parameters(&Config { views: false, ..config.clone() }) as f64;
        Self {
            self_attention: attention(tokens, clip),
            linears: 2.0 * base * tokens,
            views: of_views,
            text: attention(tokens, TEXT as f64),
        }
    }

    /// All of them.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.self_attention + self.linears + self.views + self.text
    }
}

impl Memory {
    /// That of a pass in f32 or bf16.
    #[must_use]
    pub fn new(config: &Config, size: &Size, kind: Kind) -> Self {
        let bytes = kind.elt_size_in_bytes() as u64;
        let tokens = size.views * size.grid(config).iter().product::<u64>();
        let (d, hidden) = (config.dim as u64, config.hidden as u64);
        // The stream, a layer's input, queries, keys, and one of them in f64 twice, as complex numbers before and after their turn.
        let attention = d * (5 * bytes + 16);
        // The stream, a layer's input, and the wide layer before and after its activation.
        let feed_forward = bytes * (2 * d + 2 * hidden);
        Self { weights: parameters(config) * bytes, activations: tokens * attention.max(feed_forward) }
    }
}

fn parameters(config: &Config) -> u64 {
    config.parameters().iter().map(|(_, shape)| shape.iter().product::<i64>() as u64).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_figures() {
        // generate.md §6: two views of 480×832×81, in TFLOP.
        let size = Size::of_clips(2, [832, 480], 81);
        assert_eq!(size.latents, [21, 60, 104]);
        let config = Config::default().with_views();
        let operations = Operations::new(&config, &size);
        let parts = [operations.self_attention, operations.linears, operations.views, operations.text];
        assert_eq!(parts.map(|part| (part / 1e12).round()), [396.0, 186.0, 84.0, 6.0]);
        assert_eq!((operations.total() / 1e12).round(), 672.0);
        // 50 steps of two passes: 67 PFLOP.
        assert_eq!((operations.total() * 100.0 / 1e15).round(), 67.0);

        let memory = Memory::new(&config, &size, Kind::BFloat16);
        assert_eq!(memory.weights, 2 * (1_418_996_800 + 354_954_240));
        assert_eq!(memory.activations, 65_520 * 2 * (2 * 1536 + 2 * 8960));
        let one = Operations::new(&Config::default(), &Size { views: 1, ..size });
        assert_eq!(one.views, 0.0);
        assert_eq!(one.self_attention * 2.0, operations.self_attention);
        // A ring of 80 frames has 20 latents.
        assert_eq!(Size::of_clips(1, [832, 480], 80).latents[0], 20);
    }
}
