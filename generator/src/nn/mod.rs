//! Layers that the models share, one a file.

mod causal_conv3d;

pub use causal_conv3d::{CausalConv3d, Past};
