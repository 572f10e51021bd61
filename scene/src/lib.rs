//! The multi-tile video: a camera, parallel planes cut in tiles, some still and some looping.
//!
//! No torch, no GPU: this crate compiles to wasm.

mod camera;
mod compositor;
mod fault;
mod file;
mod format;
mod info;
pub mod job;
mod moment;
mod packing;
mod path;
mod planes;
mod projection;
mod sample;
mod scene;
mod tiles;
mod unorm;
mod validate;

#[cfg(test)]
mod testing;

pub use camera::Camera;
pub use compositor::{OPAQUE_BELOW, RenderedImage, render};
pub use fault::{Blame, Fault};
pub use file::{FileError, Unfinished, load, save, write_file};
pub use format::{FORMAT, safetensors_head};
pub use info::{SceneInfo, ViewInfo};
pub use moment::Moment;
pub use packing::{TileBlock, TileKind, Packing, PageRules, PageTooSmall, Piece, Rectangle, cover};
pub use path::{CameraPath, VideoSpec, Keyframe, KeyframePath, PathError, Shot};
pub use planes::{MAX_PLANES, Planes};
pub use projection::PlaneProjector;
pub use sample::Tap;
pub use scene::{Scene, SceneView, TILE_VALUES};
pub use tiles::{TILE, Tile, TileTable};
pub use unorm::{UNIT, unorm, unorm8, unorm16};
pub use validate::SceneError;
