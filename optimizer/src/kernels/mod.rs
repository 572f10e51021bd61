//! CPU kernels: what the fit spends its time in.

pub mod adam;
pub mod lanes;
pub mod looping;
pub mod planewise;
pub mod projection;
pub mod still;
pub mod stored;
