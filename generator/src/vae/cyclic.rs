//! Clips that close on themselves: N latents on a ring ↔ 4N frames on a ring (generate-loop §3).
//!
//! The decoder is causal with a finite memory. What it makes of [the last W latents of the ring, the ring] is therefore periodic
//! after the W latents of the warm-up, exactly where W reaches back as far as the memory: 38 latents with the published sizes.
//! The first latent of a pass has a single frame and falls into the warm-up. The encoder remembers less than the decoder.

use super::layout::{Latents, Pixels};
use super::model::collected;
use super::normalisation::normalised;
use super::{Tiles, Vae, VaeError};

/// How many latents of the ring are decoded before the frames count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Warmup(i64);

impl Warmup {
    /// Under one grey level off on random weights (9·10⁻³ of a range of 2, generate-loop §3), in less than half the time.
    pub const QUICK: Self = Self(16);

    /// A warm-up of some latents.
    ///
    /// # Errors
    /// None at all: the single frame of a pass's first latent would be handed out.
    pub fn new(latents: i64) -> Result<Self, VaeError> {
        if latents < 1 {
            return Err(VaeError::Warmup { found: latents });
        }
        Ok(Self(latents))
    }

    /// Latents of the warm-up.
    #[must_use]
    pub fn latents(self) -> i64 {
        self.0
    }
}

impl Vae {
    /// The shortest warm-up after which the frames of a ring do not depend on its length: 38 latents with the published sizes.
    #[must_use]
    pub fn exact_warmup(&self) -> Warmup {
        Warmup(self.config().memory())
    }

    /// Decodes a ring of N latents and hands out its 4N frames, those of one latent at a time, clamped to −1…1. The frame after
    /// the last is the first.
    ///
    /// # Errors
    /// Those of `each`, which end the decoding.
    pub fn decode_ring_each<E>(
        &self,
        ring: &Latents,
        warmup: Warmup,
        tiles: Option<Tiles>,
        each: impl FnMut(Pixels) -> Result<(), E>,
    ) -> Result<(), E> {
        let unrolled = ring.on_a_ring(-warmup.0..ring.frames());
        self.decode_from(&unrolled, warmup.0, tiles, each)
    }

    /// [`Vae::decode_ring_each`] with all frames at once, for short rings.
    #[must_use]
    pub fn decode_ring(&self, ring: &Latents, warmup: Warmup, tiles: Option<Tiles>) -> Pixels {
        collected(|each| self.decode_ring_each(ring, warmup, tiles, each))
    }

    /// A ring of 4N frames as N normalised latents; latent 0 holds frames 0…3.
    ///
    /// # Errors
    /// A number of frames that is not a multiple of 4, or sides that are not multiples of 8.
    pub fn encode_ring(&self, ring: &Pixels, warmup: Warmup) -> Result<Latents, VaeError> {
        let (found, time) = (ring.frames(), self.config().time());
        if found % time != 0 {
            return Err(VaeError::Frames { found, expected: format!("a multiple of {time}") });
        }
        // The first latent of the warm-up has one frame.
        let start = -(time * (warmup.0 - 1) + 1);
        Latents::new(normalised(&self.moments_of(ring, start..found, warmup.0 as usize)?.mean))
    }
}
