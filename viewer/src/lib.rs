//! Draws a multi-tile video on a GPU.
//!
//! [`Renderer`] shows what [`loop3d_scene::render`] shows, to two steps of 8 bits. It needs no more than WebGL2 has: no storage
//! buffers, no compute.

mod atlas;
mod camera;
mod canvas;
mod clock;
mod display;
mod drawing;
mod error;
mod form;
mod gpu;
#[cfg(feature = "blocking")]
mod loop_frames;
mod pages;
mod pipelines;
mod quads;
#[cfg(feature = "blocking")]
mod renderer;
mod ring;
mod streamed;
#[cfg(feature = "blocking")]
mod target;
mod texture;
mod view;
#[cfg(any(test, feature = "measure"))]
pub mod whole_planes;
#[cfg(feature = "window")]
pub mod window;

pub use camera::{CameraInput, CameraState, OrbitCamera};
pub use clock::{Clock, SPEEDS};
pub use display::Display;
pub use error::RenderError;
pub use form::FrameForm;
#[cfg(feature = "blocking")]
pub use gpu::adapters;
pub use gpu::{Backend, Gpu, Tier};
#[cfg(feature = "blocking")]
pub use renderer::{Options, Pending, Renderer, Statistics};
pub use streamed::{Streamed, StreamedStatistics};

#[cfg(test)]
#[path = "../tests/support/mod.rs"]
mod testing;
