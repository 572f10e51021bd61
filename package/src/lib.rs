//! Scenes as packages that phones can play (`*.glb`), and back.
//!
//! [`export()`] writes a package, [`open`] reads one or a master. docs/FORMAT.md describes the bytes; what reads them strictly is
//! [`loop3d_package_format`]. Video goes through the program ffmpeg.

pub use loop3d_package_format as format;

mod annex_b;
mod av1;
mod compare;
mod error;
mod export;
mod ffmpeg;
mod gains;
mod geometry;
mod gltf;
mod open;
mod parts;
mod pictures;
mod poster;
mod prepared;
mod report;
mod textures;
mod video;
mod videoloop3d;
mod visibility;

pub use compare::{Likeness, compare, shots};
pub use error::ExportError;
pub use export::{Settings, Tick, export};
pub use open::open;
pub use report::{PlainPng, Report};
pub use videoloop3d::{export_folder, import};
