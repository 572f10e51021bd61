//! Latents as the autoencoder makes them, and as the diffusion transformer sees them: (z − mean) / std for each channel.
//!
//! Both ways go through 1/std, in f32 and then in the kind of the latents, so that results are those of the published code to
//! the last bit: z · std + mean differs in the last place from z / (1/std) + mean.

use super::CHANNELS;
use tch::{Kind, Tensor};

/// Mean of each channel over the published model's training set.
const MEAN: [f32; CHANNELS as usize] = [
    -0.7571, -0.7089, -0.9113, 0.1075, -0.1745, 0.9653, -0.1517, 1.5508, 0.4134, -0.0715, 0.5517, -0.3632, -0.1922,
    -0.9497, 0.2503, -0.2921,
];

/// Standard deviation of each channel over the published model's training set.
const STD: [f32; CHANNELS as usize] = [
    2.8184, 1.4541, 2.3275, 2.6558, 1.2196, 1.7708, 2.6052, 2.0743, 3.2687, 2.1526, 2.8652, 1.5579, 1.6382, 1.1253,
    2.8251, 1.9160,
];

/// `[b, 16, n, h, w]` of the encoder → normalised.
pub(super) fn normalised(z: &Tensor) -> Tensor {
    let (mean, inverse) = constants(z);
    (z - mean) * inverse
}

/// Normalised latents `[b, 16, n, h, w]` → as the decoder takes them.
pub(super) fn restored(z: &Tensor) -> Tensor {
    let (mean, inverse) = constants(z);
    z / inverse + mean
}

/// The mean and 1/std, `[1, 16, 1, 1, 1]` each, where `z` is and of its kind.
fn constants(z: &Tensor) -> (Tensor, Tensor) {
    let like = |values: Tensor| values.reshape([1, CHANNELS, 1, 1, 1]).to_device(z.device()).to_kind(z.kind());
    (like(Tensor::from_slice(&MEAN)), like(Tensor::from_slice(&STD).to_kind(Kind::Float).reciprocal()))
}
