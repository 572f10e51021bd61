//! The multi-tile video: a camera, parallel planes cut in tiles, some still and some looping.
//!
//! No torch, no GPU: this crate compiles to wasm.

mod camera;
mod planes;
mod scene;
mod tiles;

pub use camera::Camera;
pub use planes::Planes;
pub use scene::{Scene, SceneView, TILE_VALUES};
pub use tiles::{TILE, Tile, TileTable};
