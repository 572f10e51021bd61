//! The multi-tile video: a reference camera, parallel planes cut in tiles, and texels, some static and some looping. This crate
//! holds the scene in memory, its file, and the exact CPU compositor. No GPU, no libtorch; it compiles to wasm.
//!
//! | | |
//! |---|---|
//! | [`Scene`] | everything: [`Camera`], [`Planes`], [`TileTable`] with its [`Tile`]s, texels, [`SceneView`]s |
//! | [`load`], [`save`] | the master file, `*.loop3d`; [`write_file`] and [`Unfinished`] write any file or folder whole or not at all |
//! | [`render`] | the exact compositor, the oracle of every faster renderer: `compositor.rs` on `projection.rs` and `sample.rs` |
//! | [`CameraPath`] | the camera and the moment of each frame of a video |
//! | [`Packing`], [`cover`] | tiles packed in textures, and the rectangles to draw them with; for the GPU renderer and packages |
//! | [`job`], [`Blame`] | what all crates share: progress of long jobs, and who can mend an error |
//!
//! ```
//! use glam::{DAffine3, DVec2, DVec3};
//! use loop3d_scene::{Camera, Planes, Scene, TILE_VALUES, Tile, TileTable, render};
//!
//! let reference = Camera {
//!     width: 32,
//!     height: 16,
//!     focal_px: DVec2::splat(30.0),
//!     center_px: DVec2::new(16.0, 8.0),
//!     world_from_camera: DAffine3::IDENTITY,
//! };
//! // Two planes of two tiles side by side; on the far plane both are white.
//! let mut tiles = TileTable::empty(2, 1, 2, [0, 0]);
//! tiles.tiles[2..].copy_from_slice(&[Tile::Static(0), Tile::Static(1)]);
//! let scene = Scene {
//!     reference,
//!     planes: Planes { near: 1.0, far: 4.0, count: 2 },
//!     tiles,
//!     fps: 25.0,
//!     frames: 1,
//!     static_texels: vec![u16::MAX; 2 * TILE_VALUES],
//!     looping_texels: Vec::new(),
//!     views: Vec::new(),
//!     fit: serde_json::Value::Null,
//! };
//! scene.validate()?;
//! let image = render(&scene, &scene.reference, 0.0);
//! assert!(image.to_rgb8().iter().all(|&value| value == 255));
//! // From one unit to the right, half of the image is beyond the tiles.
//! let aside = Camera { world_from_camera: DAffine3::from_translation(DVec3::X), ..reference };
//! assert!(render(&scene, &aside, 0.0).to_rgb8().contains(&0));
//! # Ok::<(), loop3d_scene::SceneError>(())
//! ```

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
pub use packing::{Packing, PageRules, PageTooSmall, Piece, Rectangle, TileBlock, TileKind, cover};
pub use path::{CameraPath, Keyframe, KeyframePath, PathError, Shot, VideoSpec};
pub use planes::{MAX_PLANES, Planes};
pub use projection::PlaneProjector;
pub use sample::Tap;
pub use scene::{Scene, SceneView, TILE_VALUES};
pub use tiles::{TILE, Tile, TileTable};
pub use unorm::{UNIT, unorm, unorm8, unorm16};
pub use validate::SceneError;
