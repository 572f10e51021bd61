//! The sample capture: a small courtyard garden at dusk, with a fountain, fires and swaying plants, filmed by nine
//! cameras that are not synchronised. Procedural: textured surfaces at true depths, traced anti-aliased, and motion
//! from noise that never repeats.

mod cameras;
mod flame;
pub(crate) mod garden;
mod geometry;
mod grass;
pub(crate) mod hand;
mod leaves;
mod motion;
mod noise;
pub(crate) mod npy;
pub(crate) mod render;
mod stone;
#[cfg(test)]
mod tests;
pub(crate) mod video;
mod water;
mod wind;
mod write;

pub use cameras::cameras;
pub(crate) use cameras::llff_row;
pub use render::{depth_map, render_view};
pub use write::{SampleError, SampleReport, write, write_with};

/// Views of the sample.
pub const VIEWS: usize = 9;
/// The view whose truth is written: the middle one.
pub const HELD_OUT: usize = 4;

/// Size of the sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SampleConfig {
    /// Picture width in pixels, even.
    pub width: u32,
    /// Picture height in pixels, even.
    pub height: u32,
    /// Frames of each view's clip, at least 2.
    pub frames: usize,
    /// Frames per second.
    pub fps: f64,
    /// Everything random comes from it.
    pub seed: u64,
    /// Whether the clips are filmed from hands that shake, by up to 6 pixels and half a degree, and not from tripods.
    pub shaky: bool,
}

/// Focal length of all cameras, in widths of the picture.
const FOCAL: f64 = 0.9;

impl Default for SampleConfig {
    fn default() -> Self {
        Self { width: 384, height: 216, frames: 80, fps: 25.0, seed: 7, shaky: false }
    }
}
