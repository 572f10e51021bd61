//! Draws a multi-tile video on a GPU.
//!
//! [`Renderer`] shows what [`loop3d_scene::render`] shows, to two steps of 8 bits. It needs no more than WebGL2 has: no storage
//! buffers, no compute.

mod atlas;
mod camera;
mod clock;
mod error;
mod gpu;
mod loop_frames;
mod pipelines;
mod quads;
mod renderer;
mod target;
mod view;
#[cfg(any(test, feature = "measure"))]
pub mod whole_planes;
#[cfg(feature = "window")]
pub mod window;

pub use camera::{CameraInput, OrbitCamera};
pub use clock::{Clock, SPEEDS};
pub use error::RenderError;
pub use gpu::{Backend, Gpu, Tier, adapters};
pub use renderer::{Options, Pending, Renderer, Statistics};

#[cfg(test)]
#[path = "../tests/support/mod.rs"]
mod testing;
