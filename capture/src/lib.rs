//! Footage in: every layout on disk becomes one [`Capture`].

mod clip;
pub mod sample;

pub use clip::Clip;
use loop3d_scene::Camera;

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
    /// Frames per second of the first clip; 25 for stills.
    pub fps: f64,
    /// Depth bounds of the scene in world units: nearest (1 after normalisation) and farthest.
    pub near: f64,
    /// See `near`.
    pub far: f64,
}
