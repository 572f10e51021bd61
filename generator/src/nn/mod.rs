//! Layers that the models share, one a file.

mod attention;
mod causal_conv3d;
mod conv2d;
mod group_norm;
mod layer_norm;
mod linear;
mod modulate;
mod rms_norm;
mod rope;

pub use attention::{attended, split_heads};
pub use causal_conv3d::{CausalConv3d, Past};
pub use conv2d::Conv2d;
pub use group_norm::GroupNorm;
pub use layer_norm::{LayerNorm, layer_norm};
pub use linear::Linear;
pub use modulate::modulate;
pub use rms_norm::RmsNorm;
pub use rope::Rope;
