//! Packages (`*.glb`): scenes small enough for phones, playable while they load. docs/FORMAT.md describes the bytes.
//!
//! | to | use |
//! |---|---|
//! | read a package strictly, as its bytes arrive | [`mod@format`]: `Reader`, `Assembly`, `Head`; a crate of its own, which compiles to wasm |
//! | read a scene from any file, package or master | [`open`] |
//! | check a package without decoding it | [`check`] |
//! | write a package | [`export()`] with [`Settings`]; a [`Report`] says how good it is |
//! | write and read the original project's folder | [`export_folder`], [`import`] |
//! | compare two scenes | [`compare()`] at [`shots`] |
//!
//! How a package is written: `prepared.rs` packs the tiles on pages and makes everything that does not depend on the quality;
//! `codecs.rs` codes the looping pages (`video.rs` through the program ffmpeg, `images.rs` as PNG or blocks for GPUs); `export.rs`
//! searches for a quality and compares the result with the scene; `gltf.rs` writes the document that ordinary 3D tools open.
//!
//! The coders of blocks (BC7, ASTC, ETC2) are C and C++. They are behind the feature `blocks`; without it those codecs are errors.
//!
//! ```no_run
//! use loop3d_package::format::Codec;
//! use loop3d_package::{ExportError, Settings, export, open};
//! use loop3d_scene::job::Unwatched;
//! use std::path::Path;
//!
//! fn publish() -> Result<(), ExportError> {
//!     let scene = open("fountain.loop3d")?;
//!     // The highest quality that fits in 4 MB.
//!     let settings = Settings { codecs: vec![Codec::H264], quality: 50, max_bytes: Some(4_000_000) };
//!     let report = export(&scene, Path::new("fountain.glb"), &settings, &mut Unwatched)?;
//!     assert!(report.bytes <= 4_000_000 && report.likeness.worst_db > 30.0);
//!     Ok(())
//! }
//! ```

pub use loop3d_package_format as format;

mod annex_b;
mod av1;
mod codecs;
mod coded;
mod compare;
mod error;
mod export;
mod gains;
mod geometry;
mod gltf;
mod images;
mod open;
mod parts;
mod png;
mod poster;
mod prepared;
mod report;
mod textures;
mod video;
mod videoloop3d;
mod visibility;

pub use compare::{Likeness, compare, shots};
pub use error::ExportError;
pub use export::{Settings, export};
pub use open::{check, open};
pub use report::{PlainPng, Report};
pub use videoloop3d::{export_folder, import};
