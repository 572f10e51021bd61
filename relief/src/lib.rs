//! One loop and the depth of its picture become a scene that can be looked into.
//!
//! 1. [`depth`]: a file of depth, whatever made it, becomes the disparity of each pixel: 1 / depth, the nearest at 1.
//! 2. [`layers`]: each pixel belongs to one plane. Each plane reaches on behind what is nearer, as far as a camera in its range can see,
//!    with what is mirrored at the edge: a picture, or the very frames of water that flows on behind a pillar.
//! 3. [`build()`]: the planes become tiles, static or looping.
//!
//! The disparity of a picture says nothing about what is behind things. What is filled in is a guess, and the range of the camera keeps
//! to what was filled.

mod build;
pub mod depth;
pub mod edges;
mod error;
pub mod fill;
mod grid;
pub mod layers;
pub mod model;
pub mod nearest;
pub mod picture;
pub mod sweep;
#[cfg(test)]
mod testing;

pub use build::{Frame, Relief, build};
pub use depth::{Disparity, Meaning};
pub use error::ReliefError;
pub use layers::{Layers, Paint};
pub use picture::Picture;
