//! What `loop3d measure` found, and its JSON.

use loop3d_generator::metrics::{ClipMetrics, Mawe, PoseErrors, Synchrony, ViewMetrics};
use serde::Serialize;
use std::path::PathBuf;

/// Everything that was measured.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The clips.
    #[serde(flatten)]
    pub set: SetReport,
    /// The clips that they were compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub against: Option<SetReport>,
    /// Each clip against its counterpart, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pairs: Vec<Pair>,
    /// Cameras against those of the other capture, where both have some.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cameras: Option<PoseErrors>,
}

/// Clips that belong together.
#[derive(Debug, Serialize)]
pub struct SetReport {
    /// At least one.
    pub clips: Vec<ClipReport>,
    /// Whether they change together; of at least two clips of as many frames.
    pub synchrony: Option<Synchrony>,
    /// Each clip after the first against the first, by their first frames.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub views: Vec<ViewReport>,
}

/// A view against the first.
#[derive(Debug, Serialize)]
pub struct ViewReport {
    /// Name of the clip.
    pub name: String,
    /// How they fit.
    #[serde(flatten)]
    pub metrics: ViewMetrics,
}

/// One clip.
#[derive(Debug, Serialize)]
pub struct ClipReport {
    /// Name of its file or folder.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// Frames per second; 25 for images.
    pub fps: f64,
    /// What it is like.
    #[serde(flatten)]
    pub metrics: ClipMetrics,
    /// Its optical flow, with `--flow`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flow: Option<Mawe>,
}

/// A clip against another.
#[derive(Debug, Serialize)]
pub struct Pair {
    /// Name of the clip.
    pub clip: String,
    /// Name of the other.
    pub against: String,
    /// PSNR of all frames together, in dB; `None` where they are equal.
    pub psnr_db: Option<f64>,
    /// Whether they are equal to the bit.
    pub equal: bool,
}
