//! Footage in: a folder in any [`Layout`] becomes one [`Capture`], a camera and a clip for each view.
//!
//! | to | use |
//! |---|---|
//! | read a capture | [`load_poses`] for everything but the pixels, then [`PosedCapture::load`]; [`load()`] does both |
//! | know where cameras are, without their clips | [`read_cameras`] |
//! | find clips without decoding anything | [`read_cameras_and_clips`], [`clips_in`] |
//! | know what is read, and by which names | [`Layout::ALL`]; `docs/CAPTURES.md` shows each as a tree |
//! | write poses in a layout | a [`Writer`] and a [`PosedScene`] |
//! | make a capture of raw clips | [`prepare()`](prepare::prepare) |
//! | judge a capture before a fit | [`PosedView::examine`], [`Spread`], [`steady`] |
//! | the images and masks that a fit starts from | [`long_exposure`], [`loopable_mask`] |
//!
//! Cameras have OpenCV axes. The world of a capture is normalised ([`Normalisation`]): the average pose is the identity and the
//! nearest depth is 1. Each error names the file, what was found and what was expected; several faults come in one error.
//!
//! ```no_run
//! use loop3d_capture::{LoadOptions, load_poses};
//! use loop3d_scene::job::Unwatched;
//! use std::path::Path;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let options = LoadOptions { max_height: Some(360), ..LoadOptions::default() };
//! // Poses, sizes and headers: nothing is decoded yet.
//! let posed = load_poses(Path::new("garden"), &options)?;
//! println!("{}: {} views at {:.2} fps", posed.layout, posed.views.len(), posed.fps);
//! for note in &posed.notes {
//!     println!("note: {note}");
//! }
//! // The first two views with their pixels.
//! let capture = posed.load(&[0, 1], &mut Unwatched)?;
//! for view in &capture.views {
//!     println!("{} at {}: {} frames", view.name, view.camera.position(), view.clip.frames);
//! }
//! # Ok(())
//! # }
//! ```

mod bounds;
mod bytes;
mod cameras;
mod clips;
mod error;
mod exposure;
mod health;
mod json;
mod layouts;
mod lens;
mod load;
mod loopable;
mod normalisation;
mod options;
mod plausible;
mod ply;
mod poses;
pub mod prepare;
mod raw;
mod selection;
mod shaping;
mod spread;
pub mod steady;
mod sweep;
mod undistort;

pub use cameras::{PlacedCamera, clips_in, read_cameras, read_cameras_and_clips};
pub use error::CaptureError;
pub use exposure::{LongExposure, long_exposure};
pub use health::ClipHealth;
pub use layouts::{Layout, NpyArray, PosedScene, ScenePoint, Writer, read_npy};
pub use load::{Capture, PosedCapture, PosedView, View, load, load_poses};
pub use loop3d_media::Clip;
pub use loopable::loopable_mask;
pub use normalisation::Normalisation;
pub use options::LoadOptions;
pub use spread::Spread;
