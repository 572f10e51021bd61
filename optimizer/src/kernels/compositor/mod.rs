//! The compositor of a fit, forward and backward: premultiplied *over* of a multiplane image (METHOD §2.6).
//!
//! `C = Σ Tₖ sₖ`, `Tₖ₊₁ = Tₖ (1 − aₖ)`, near to far, with `sₖ` the bilinear sample of plane k and `aₖ` its opacity.

pub mod looping_tiles;
pub mod static_tiles;
