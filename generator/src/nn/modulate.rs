//! What a layer's input becomes where its scale depends on something else, such as the noise level.

use tch::Tensor;

/// x · (1 + scale) + shift.
pub fn modulate(x: &Tensor, shift: &Tensor, scale: &Tensor) -> Tensor {
    x * (scale + 1.0) + shift
}
