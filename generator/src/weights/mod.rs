//! Which names the published files use, and what a folder of weights holds.

mod digest;
pub mod folder;
pub mod names_dit;
pub mod names_umt5;
pub mod names_vae;
pub mod random;

pub use digest::digest;
