//! Clips and images: everything that touches ffmpeg or an image file.
//!
//! | to | use |
//! |---|---|
//! | read one clip into memory | [`read_clip`], [`read_clip_resized`] |
//! | know what a clip is before decoding it | [`Source::at`], [`Source::look`], [`Probe`] |
//! | decode a stretch, at a rate, shaped on the way | [`Source::decode`] with a [`Timing`] and a [`Shape`] |
//! | see each frame once, without keeping them | [`Ffmpeg::each`] |
//! | write an mp4, WebM, GIF, animated WebP or AVIF | [`Encoder`], [`Format`] |
//! | run any other ffmpeg as a filter, bytes in and bytes out | [`Ffmpeg::filter`] |
//! | read and write PNG and JPEG files | [`images`] |
//!
//! [`Ffmpeg`] is the only place that finds and starts the programs; a missing one is [`MediaError::FfmpegMissing`], with the way to
//! install it. Frames are RGB bytes `[height, width, 3]`, clips `[frames, height, width, 3]`. HDR videos (PQ, HLG) are
//! tone-mapped while they are decoded.
//!
//! ```
//! use loop3d_media::{Encoder, Encoding, Ffmpeg, Purpose, read_clip_resized};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = std::env::temp_dir().join(format!("loop3d-media-example-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder)?;
//! // Write half a second that turns from black to grey …
//! let file = folder.join("fade.mp4");
//! let encoding = Encoding { size: (64, 48), fps: 24.0, purpose: Purpose::Footage };
//! let mut encoder = Encoder::start(&Ffmpeg::default(), &file, &encoding)?;
//! for frame in 0..12 {
//!     encoder.frame(&vec![10 * frame; 64 * 48 * 3])?;
//! }
//! encoder.finish()?;
//! // … and read it at half the size.
//! let (clip, fps) = read_clip_resized(&file, 32, 24)?;
//! assert_eq!((clip.frames, clip.width, clip.height, fps), (12, 32, 24, 24.0));
//! assert!(clip.frame(0)[0] < clip.frame(11)[0]);
//! # std::fs::remove_dir_all(folder)?;
//! # Ok(())
//! # }
//! ```

mod area;
pub mod bilinear;
mod clip;
mod decode;
mod encode;
mod error;
mod ffmpeg;
pub mod files;
mod hdr;
pub mod images;
mod probe;
mod shape;
mod source;
#[cfg(test)]
mod tests;
pub mod timing;

pub use area::AreaFilter;
pub use clip::Clip;
pub use encode::{Encoder, Encoding, Format, Purpose};
pub use error::MediaError;
pub use ffmpeg::{Ffmpeg, pipe_error};
pub use hdr::Transfer;
pub use probe::Probe;
pub use shape::Shape;
pub use source::{Source, check_shape, is_same_shape, read_clip, read_clip_resized};
pub use timing::{IMAGES_FPS, Timing};

/// Width and height of an image in pixels.
pub type Size = (u32, u32);
