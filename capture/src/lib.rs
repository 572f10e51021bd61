//! Footage in: every layout on disk becomes one [`Capture`].
//!
//! [`load()`] reads a directory in any [`Layout`], [`load_poses`] everything of it but the pixels; [`long_exposure`] and
//! [`loopable_mask`] make the two still pictures of a clip that the static stage is fitted to.

mod area;
mod bilinear;
mod bounds;
mod bytes;
mod clip;
mod clips;
mod error;
mod exposure;
mod hdr;
mod health;
mod json;
mod layouts;
mod lens;
mod load;
mod loopable;
mod normalisation;
mod npy;
mod options;
mod pictures;
mod ply;
mod poses;
pub mod prepare;
mod raw;
pub mod sample;
mod selection;
mod shaping;
mod single;
mod spread;
pub mod steady;
mod sweep;
mod timing;
mod undistort;
mod video;
mod writers;

pub use clip::Clip;
pub use clips::Source;
pub use error::{CaptureError, Size};
pub use exposure::{LongExposure, long_exposure};
pub use health::ClipHealth;
pub use layouts::Layout;
pub use load::{PosedCapture, PosedView, load, load_only, load_poses};
use loop3d_scene::Camera;
pub use loopable::loopable_mask;
pub use normalisation::Normalisation;
pub use options::LoadOptions;
pub use single::{read_clip, read_clip_resized};
pub use spread::Spread;
pub use writers::WrittenLayout;

/// One camera and what it saw.
#[derive(Clone, Debug)]
pub struct View {
    /// Stem of the clip, folder or still that it was read from.
    pub name: String,
    /// Normalised world (spec §1.3): the average pose of all views is the identity, the nearest bound is 1.
    pub camera: Camera,
    /// Its frames, of the camera's size.
    pub clip: Clip,
}

/// All views of one scene, in the order of their poses.
#[derive(Clone, Debug)]
pub struct Capture {
    /// Views, in the order of their poses.
    pub views: Vec<View>,
    /// Frames per second of the clips; 25 for stills.
    pub fps: f64,
    /// Depth bounds of the scene in world units: nearest (1 after normalisation) and farthest.
    pub near: f64,
    /// See `near`.
    pub far: f64,
    /// The way between the poses on disk and this world; the default where there were none on disk.
    pub normalisation: Normalisation,
}
