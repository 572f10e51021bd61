//! What a run costs, before it begins: operations, and the memory of each stage.

use super::{GenerateError, Models, Request};
use crate::dit;
use crate::estimate::{Memory, Operations, Size};
use crate::samplers::Passes;
use crate::text::umt5;
use crate::vae;
use serde::Serialize;
use tch::Kind;

/// Rows of a text.
const TEXT: u64 = 512;
/// Latents of a published tile, height and width.
const TILE: [u64; 2] = [30, 52];
/// Tensors of the decoder's last stage that are alive at its fullest moment (3 GB at 480×832 in f32, generate.md §6).
const ALIVE: u64 = 5;

/// Bytes that each stage needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Stages {
    /// The text encoder.
    pub text: u64,
    /// The transformer.
    pub sampling: u64,
    /// The VAE, by whole frames or by tiles.
    pub decoding: u64,
}

/// What a run costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    /// Calls of the transformer.
    pub passes: Passes,
    /// Floating-point operations of the transformer in the whole run.
    pub operations: f64,
    /// Memory of each stage.
    pub memory: Stages,
    /// Whether frames are decoded by tiles.
    pub tiles: bool,
}

impl Plan {
    /// The plan of a request, where `free` bytes are free. Frames are decoded by tiles where whole ones do not fit.
    #[must_use]
    pub fn new(models: &Models, request: &Request, free: Option<u64>) -> Self {
        let passes = request.settings.passes(request.views() as i64, i64::from(request.latents), false);
        let latents = request.settings.windows(i64::from(request.latents), 0).length() as u64;
        let space = models.vae.space() as u64;
        let [width, height] = request.size.map(|side| u64::from(side) / space);
        let size = Size { views: passes.views as u64, latents: [latents, height, width] };
        let kind = request.kind;
        let sampling = Memory::new(&models.dit, &size, kind);
        let whole = decoding(&models.vae, kind, [height, width], None);
        let tiled = decoding(&models.vae, kind, [height, width], Some(u64::from(request.frames())));
        let tiles = free.is_some_and(|free| whole > free) && tiled < whole;
        let memory = Stages {
            text: text(&models.text),
            sampling: sampling.weights + sampling.activations,
            decoding: if tiles { tiled } else { whole },
        };
        let operations = Operations::new(&models.dit, &size).total() * passes.count as f64;
        Self { passes, operations, memory, tiles }
    }

    /// Refuses a run that does not fit.
    ///
    /// # Errors
    /// [`GenerateError::Memory`], for the stage that needs most.
    pub fn check(&self, free: Option<u64>) -> Result<(), GenerateError> {
        let Stages { text, sampling, decoding } = self.memory;
        let stages = [("reading the words", text), ("sampling", sampling), ("decoding", decoding)];
        let most = stages.into_iter().max_by_key(|(_, bytes)| *bytes);
        match (most, free) {
            (Some((stage, needed)), Some(free)) if needed > free => Err(GenerateError::Memory { stage, needed, free }),
            _ => Ok(()),
        }
    }
}

/// The larger half of a layer twice, as it is read and as it is used, and the rows on their way through it.
pub(super) fn text(config: &umt5::Config) -> u64 {
    let (width, inner, wide) = (config.width as u64, (config.heads * config.head) as u64, config.feed_forward as u64);
    let half = (3 * width * wide).max(4 * width * inner);
    // Published in bf16; logits and their softmax in f32.
    2 * 2 * half + 4 * TEXT * (4 * wide + 3 * TEXT * config.heads as u64)
}

/// With tiles, the sums of all pixels of `frames` frames are kept.
pub(super) fn decoding(config: &vae::Config, kind: Kind, latents: [u64; 2], frames: Option<u64>) -> u64 {
    let (bytes, space, time) = (kind.elt_size_in_bytes() as u64, config.space() as u64, config.time() as u64);
    let pixels = |[h, w]: [u64; 2]| h * w * space * space;
    let at_once = frames.map_or(latents, |_| [0, 1].map(|axis| latents[axis].min(TILE[axis])));
    let sums = frames.map_or(0, |frames| 2 * 3 * frames * pixels(latents) * bytes);
    weights(&config.parameters()) * bytes + ALIVE * time * pixels(at_once) * config.dim as u64 * bytes + sums
}

/// Numbers of a model.
pub(super) fn weights(parameters: &[(String, Vec<i64>)]) -> u64 {
    parameters.iter().map(|(_, shape)| shape.iter().product::<i64>() as u64).sum()
}

/// Memory and operations of the published run: two views of 832×480 in 81 frames, 50 steps with guidance.
pub(super) fn published(
    dit: &dit::Config,
    text_config: Option<&umt5::Config>,
    vae_config: Option<&vae::Config>,
    kind: Kind,
) -> (Stages, f64) {
    let size = Size::of_clips(if dit.views { 2 } else { 1 }, [832, 480], 81);
    let sampling = Memory::new(dit, &size, kind);
    let memory = Stages {
        text: text(text_config.unwrap_or(&umt5::Config::default())),
        sampling: sampling.weights + sampling.activations,
        decoding: decoding(vae_config.unwrap_or(&vae::Config::default()), kind, [60, 104], None),
    };
    (memory, Operations::new(dit, &size).total())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_size() {
        let config = dit::Config::default().with_views();
        let (memory, operations) = published(&config, None, None, Kind::Float);
        assert_eq!((operations / 1e12).round(), 672.0);
        let gb = |bytes: u64| (bytes as f64 / 1e8).round() / 10.0;
        // generate.md §6: the encoder in less than 1 GB, the decoder in about 3 GB.
        assert_eq!([memory.text, memory.sampling, memory.decoding].map(gb), [0.8, 12.6, 3.6]);
        // Tiles of a quarter of the frame, and the sums of 81 frames.
        let tiled = decoding(&vae::Config::default(), Kind::Float, [60, 104], Some(81));
        assert_eq!(gb(tiled), 2.1);
    }
}
