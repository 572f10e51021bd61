//! CPU kernels: where a fit spends its time.

pub mod adam;
pub mod compositor;
pub mod lanes;
pub mod planewise;
pub mod projection;
pub mod texel;
