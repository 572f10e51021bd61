//! Layers that the models share, one a file.

mod causal_conv3d;
mod conv2d;
mod group_norm;
mod layer_norm;
mod linear;
mod rms_norm;
mod rope;

pub use causal_conv3d::{CausalConv3d, Past};
pub use conv2d::Conv2d;
pub use group_norm::GroupNorm;
pub use layer_norm::{LayerNorm, layer_norm};
pub use linear::Linear;
pub use rms_norm::RmsNorm;
pub use rope::Rope;
