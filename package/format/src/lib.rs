//! The package, `*.glb`: the file that people publish. docs/FORMAT.md describes the bytes; the crate `loop3d-package` writes it.
//!
//! 1. [`Reader`] takes bytes as they arrive and yields an [`Arrival`] for the [`Head`] (the extension of the glTF document, checked)
//!    and for each part (checked against its SHA-256). No number in a file makes it ask for memory.
//! 2. [`Layouts`] says where the tiles are on the pages of textures and video.
//! 3. The caller decodes images and video: a browser does, or a program such as ffmpeg. [`unpack`] gives the blocks of a frame that a
//!    GPU samples, [`rgba_from_yuv`] the texels of a frame of video.
//! 4. [`Assembly`] puts decoded pages together to a [`Scene`](loop3d_scene::Scene).
//!
//! Everything here compiles to wasm.
//!
//! ```
//! use loop3d_package_format::{Arrival, Limits, PackageError, Reader};
//!
//! /// The number of parts of a package that comes in pieces.
//! fn parts<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<usize, PackageError> {
//!     let mut reader = Reader::new(Limits::default());
//!     let mut arrivals = Vec::new();
//!     for piece in pieces {
//!         reader.push(piece, &mut arrivals)?;
//!     }
//!     reader.finish()?;
//!     Ok(arrivals.iter().filter(|arrival| matches!(arrival, Arrival::Part { .. })).count())
//! }
//! let error = parts([&b"glTF"[..], b"cut off"]).unwrap_err();
//! assert!(matches!(error, PackageError::Truncated { found: 11, expected: 12, .. }));
//! ```

mod assembly;
mod check;
mod document;
mod error;
mod gains;
mod gpu_blocks;
mod hex;
mod layout;
mod reader;
mod yuv;

pub use assembly::{Assembly, Layouts, POSTER_SCALE, poster_packing, premultiplied};
pub use document::{
    CHUNK_FRAMES, CameraLimits, Chunk, Codec, EXTENSION, Head, LoopingTiles, Part, Role, SEAL_BYTES, Sha256Sum,
    StaticPage, StaticTiles, Stream, VERSION,
};
pub use error::PackageError;
pub use gains::{gain, gain_of};
pub use gpu_blocks::{blocks_across, unpack, unpacked_bytes};
pub use layout::{BLOCK_BYTES, layout_bytes};
pub use reader::{Arrival, Limits, Reader};
pub use yuv::{PageSize, rgba_from_yuv, yuv_from_rgba};
