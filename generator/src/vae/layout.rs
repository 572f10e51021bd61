//! Tensors whose axes were checked: clips of latents and clips of pixels.

use super::{CHANNELS, VaeError};
use tch::{Kind, Tensor};

/// A clip of latents `[b, 16, n, h, w]`, normalised: what the diffusion transformer sees.
#[derive(Debug)]
pub struct Latents(Tensor);

impl Latents {
    /// Takes normalised latents `[b, 16, n, h, w]`.
    ///
    /// # Errors
    /// Another number of axes or channels, an axis of length 0, or whole numbers.
    pub fn new(tensor: Tensor) -> Result<Self, VaeError> {
        if !is_clip(&tensor, CHANNELS) {
            return Err(VaeError::Latents { found: tensor.size() });
        }
        real("latents", &tensor)?;
        Ok(Self(tensor))
    }

    /// `[b, 16, n, h, w]`.
    pub fn tensor(&self) -> &Tensor {
        &self.0
    }

    /// `[b, 16, n, h, w]`.
    pub fn into_tensor(self) -> Tensor {
        self.0
    }

    /// Clips in the batch.
    #[must_use]
    pub fn batch(&self) -> i64 {
        self.0.size()[0]
    }

    /// Latent frames of a clip.
    #[must_use]
    pub fn frames(&self) -> i64 {
        self.0.size()[2]
    }

    /// One clip of the batch, `[1, 16, n, h, w]`; `None` beyond the last.
    #[must_use]
    pub fn clip(&self, index: i64) -> Option<Self> {
        (0..self.batch()).contains(&index).then(|| Self(self.0.narrow(0, index, 1)))
    }

    /// The part of each frame from row and column `[h, w]` on, of `[h, w]` rows and columns.
    pub(super) fn part(&self, [top, left]: [i64; 2], [h, w]: [i64; 2]) -> Self {
        Self(self.0.narrow(3, top, h).narrow(4, left, w))
    }

    /// The frames `index mod n` for each index, in this order.
    pub(super) fn on_a_ring(&self, indices: std::ops::Range<i64>) -> Self {
        Self(on_a_ring(&self.0, indices))
    }
}

/// A clip of pixels `[b, 3, t, H, W]`, red, green and blue in −1…1. The decoder may overshoot; [`Pixels::clamped`] cuts that off.
#[derive(Debug)]
pub struct Pixels(Tensor);

impl Pixels {
    /// Takes pixels `[b, 3, t, H, W]`.
    ///
    /// # Errors
    /// Another number of axes or channels, an axis of length 0, or whole numbers.
    pub fn new(tensor: Tensor) -> Result<Self, VaeError> {
        if !is_clip(&tensor, 3) {
            return Err(VaeError::Pixels { found: tensor.size() });
        }
        real("pixels", &tensor)?;
        Ok(Self(tensor))
    }

    /// Takes frames `[b, t, H, W, 3]` of 0…255: x · 2/255 − 1 in f32.
    ///
    /// # Errors
    /// Another number of axes or channels, an axis of length 0, or another kind than u8.
    pub fn from_u8(frames: &Tensor) -> Result<Self, VaeError> {
        if frames.kind() != Kind::Uint8 {
            return Err(VaeError::Kind { what: "frames", found: format!("{:?}", frames.kind()), expected: "u8" });
        }
        if frames.dim() != 5 {
            return Err(VaeError::Pixels { found: frames.size() });
        }
        Self::new((frames.to_kind(Kind::Float) * (2.0 / 255.0) - 1.0).permute([0, 4, 1, 2, 3]).contiguous())
    }

    /// Frames `[b, t, H, W, 3]` of 0…255 on the CPU: ⌊(x + 1) · 127.5⌋ in f32, clipped.
    pub fn to_u8(&self) -> Tensor {
        let scaled = ((self.0.to_kind(Kind::Float) + 1.0) * 127.5).clamp(0.0, 255.0);
        scaled.to_kind(Kind::Uint8).permute([0, 2, 3, 4, 1]).contiguous().to_device(tch::Device::Cpu)
    }

    /// The same clip with every value in −1…1.
    #[must_use]
    pub fn clamped(&self) -> Self {
        Self(self.0.clamp(-1.0, 1.0))
    }

    /// `[b, 3, t, H, W]`.
    pub fn tensor(&self) -> &Tensor {
        &self.0
    }

    /// `[b, 3, t, H, W]`.
    pub fn into_tensor(self) -> Tensor {
        self.0
    }

    /// Frames of a clip.
    #[must_use]
    pub fn frames(&self) -> i64 {
        self.0.size()[2]
    }

    /// The frames `index mod t` for each index, in this order.
    pub(super) fn on_a_ring(&self, indices: std::ops::Range<i64>) -> Self {
        Self(on_a_ring(&self.0, indices))
    }

    /// What a decoder or a tile made, which has the axes of pixels by construction.
    pub(super) fn made(tensor: Tensor) -> Self {
        Self(tensor)
    }
}

fn is_clip(tensor: &Tensor, channels: i64) -> bool {
    let size = tensor.size();
    size.len() == 5 && size[1] == channels && !size.contains(&0)
}

fn real(what: &'static str, tensor: &Tensor) -> Result<(), VaeError> {
    let found = tensor.kind();
    if matches!(found, Kind::Float | Kind::Double | Kind::Half | Kind::BFloat16) {
        return Ok(());
    }
    Err(VaeError::Kind { what, found: format!("{found:?}"), expected: "a floating one" })
}

/// Frames of `[b, c, t, h, w]` by their index modulo `t`.
fn on_a_ring(clip: &Tensor, indices: std::ops::Range<i64>) -> Tensor {
    let length = clip.size()[2];
    let indices: Vec<i64> = indices.map(|index| index.rem_euclid(length)).collect();
    clip.index_select(2, &Tensor::from_slice(&indices).to_device(clip.device()))
}
