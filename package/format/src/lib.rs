//! The package, `*.glb`: what people publish. docs/FORMAT.md describes the bytes.
//!
//! [`Reader`] takes bytes as they arrive and yields parts, each checked against its SHA-256; it never asks for memory because a
//! file says so. [`Assembly`] makes a [`Scene`](loop3d_scene::Scene) of the parts. Pictures and video are decoded by whoever calls: a
//! browser, or a program such as ffmpeg; [`unpack`] gives the blocks of a frame that a GPU samples. Everything here compiles to wasm.

mod assembly;
mod blocks;
mod check;
mod document;
mod error;
mod gains;
mod layout;
mod reader;
mod yuv;

pub use assembly::{Assembly, Layouts, POSTER_SCALE, poster_packing, premultiplied};
pub use blocks::{blocks_across, unpack, unpacked_bytes};
pub use document::{
    CHUNK_FRAMES, CameraLimits, Chunk, Codec, EXTENSION, Head, Image, Looping, Part, Role, SEAL_BYTES, Sha256Sum,
    Still, Stream, VERSION,
};
pub use error::PackageError;
pub use gains::{gain, gain_of};
pub use layout::{BLOCK_BYTES, layout_bytes};
pub use reader::{Event, Limits, Reader};
pub use yuv::{PageSize, rgba_from_yuv, yuv_from_rgba};
