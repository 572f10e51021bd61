//! Draws a multi-tile video on a GPU, and holds what a viewer needs beside it: the camera that a person moves ([`OrbitCamera`]), the
//! playback clock ([`Clock`]) and, behind the feature `window`, a native window ([`window`]).
//!
//! [`Renderer`] draws what the CPU compositor [`loop3d_scene::render`] draws, to two steps of 8 bits. It needs no more than WebGL2 has:
//! no storage buffers, no compute.
//!
//! # How a frame is drawn
//!
//! Once for each scene:
//!
//! 1. `atlas.rs` packs the static tiles in one texture and the looping tiles in an array texture with a layer for each frame, so that
//!    each block of tiles has a halo of its true neighbours.
//! 2. `tiles/quads.rs` covers every plane with rectangles ([`loop3d_scene::cover`]), in each of which one block holds all texels that
//!    the bilinear filter reads. They are the instances of one draw, the farthest first.
//! 3. The texels are uploaded. A master's frames are all on the GPU, or stream through a ring of four (`loop_frames.rs`,
//!    [`Renderer`]). A package's pages are copied from decoded images (`pages.rs` with `pages.wgsl`, [`Streamed`]).
//!
//! For each frame:
//!
//! 1. `tiles/view.rs` writes the uniform: the camera, a map for each plane, and the two frames of the loop around the
//!    [`Moment`](loop3d_scene::Moment).
//! 2. `tiles.rs` draws all rectangles with `tiles.wgsl` and blends them as premultiplied colour. They accumulate in a texture of the
//!    device's [`Tier`] (`canvas.rs`). Masters are filtered by `exact.wgsl`, packages by `hardware.wgsl`.
//! 3. `resolve.rs` with `resolve.wgsl` turns the accumulated image into 8 bits, as large as it is or enlarged: into a surface
//!    ([`Display`], the window) or into a texture that is read back (`readback.rs`).
//!
//! # Example
//!
//! ```no_run
//! # #[cfg(feature = "blocking")]
//! fn first_frame() -> Result<Vec<u8>, Box<dyn std::error::Error>> {
//!     use loop3d_viewer::{Clock, OrbitCamera, Renderer, RendererOptions};
//!     use std::sync::Arc;
//!
//!     let scene = Arc::new(loop3d_scene::load("fountain.loop3d")?);
//!     let mut renderer = Renderer::new(Arc::clone(&scene), &RendererOptions::default())?;
//!     let camera = OrbitCamera::new(&scene);
//!     let mut clock = Clock::new(scene.frames, scene.fps);
//!     clock.advance(0.5);
//!     // 1280 · 720 · 3 bytes.
//!     Ok(renderer.render(&camera.camera(1280, 720), clock.time())?)
//! }
//! ```

mod atlas;
mod camera;
mod canvas;
mod clock;
mod display;
mod error;
mod frame_form;
mod gpu;
#[cfg(feature = "blocking")]
mod loop_frames;
mod pages;
mod pipeline;
#[cfg(feature = "blocking")]
mod readback;
#[cfg(feature = "blocking")]
mod renderer;
mod resolve;
mod ring;
mod streamed;
mod texture;
mod tiles;
#[cfg(any(test, feature = "measure"))]
pub mod whole_planes;
#[cfg(feature = "window")]
pub mod window;

pub use camera::{CameraInput, CameraState, OrbitCamera};
pub use clock::{Clock, SPEEDS};
pub use display::Display;
pub use error::RenderError;
pub use frame_form::FrameForm;
#[cfg(feature = "blocking")]
pub use gpu::adapters;
pub use gpu::{Backend, Gpu, Tier};
#[cfg(feature = "blocking")]
pub use renderer::{Pending, Renderer, RendererOptions, Statistics};
pub use streamed::{Streamed, StreamedStatistics};

#[cfg(test)]
#[path = "../tests/support/mod.rs"]
mod testing;
