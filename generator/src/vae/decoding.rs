//! A clip decoded one latent at a time, so that it never lies in memory whole.

use super::decoder::{Decoder, DecoderPast};
use super::layout::Pixels;
use tch::Tensor;

/// The frames of a clip in the order of its latents: 1 of the first latent, 4 of every other, not clamped. Memory goes to one
/// latent's frames and the decoder's past.
#[derive(Debug)]
pub struct Decoding<'a> {
    decoder: &'a Decoder,
    /// `[b, 16, n, h, w]`, ready for the decoder.
    z: Tensor,
    next: i64,
    past: DecoderPast,
}

impl<'a> Decoding<'a> {
    pub(super) fn new(decoder: &'a Decoder, z: Tensor) -> Self {
        Self { decoder, z, next: 0, past: DecoderPast::default() }
    }
}

impl Iterator for Decoding<'_> {
    type Item = Pixels;

    fn next(&mut self) -> Option<Pixels> {
        if self.next == self.z.size()[2] {
            return None;
        }
        let z = self.z.narrow(2, self.next, 1);
        self.next += 1;
        Some(Pixels::made(tch::no_grad(|| self.decoder.step(&z, &mut self.past))))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = (self.z.size()[2] - self.next) as usize;
        (left, Some(left))
    }
}

impl ExactSizeIterator for Decoding<'_> {}
