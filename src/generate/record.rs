//! `generate.json`: how the clips of a folder were made, and what they are like.

#[cfg(feature = "service")]
use super::request::ServiceRequest;
use loop3d_generator::metrics::ClipMetrics;
#[cfg(feature = "torch")]
use loop3d_generator::motion::MoveRequest;
#[cfg(feature = "torch")]
use loop3d_generator::options::ModelOptions;
#[cfg(feature = "torch")]
use loop3d_generator::rig::{RigConfig, RigReport};
use serde::Serialize;

/// What is written beside the clips.
#[derive(Debug, Serialize)]
pub struct Record<'a> {
    /// Number of this format.
    pub format: u32,
    /// Version of this program.
    pub version: &'static str,
    /// The words.
    pub prompt: &'a str,
    /// Who made them, under its name.
    #[serde(flatten)]
    pub made: Made<'a>,
    /// Frames per second.
    pub fps: f64,
    /// The clips.
    pub views: Vec<ViewRecord>,
}

/// Who made the clips.
#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Made<'a> {
    /// A service, and what it was asked for.
    #[cfg(feature = "service")]
    Service(&'a ServiceRequest),
    /// Weights on this machine.
    #[cfg(feature = "torch")]
    Model(ModelRecord<'a>),
    /// The small model.
    #[cfg(feature = "torch")]
    Small(SmallRecord<'a>),
}

/// A run on this machine.
#[cfg(feature = "torch")]
#[derive(Debug, Serialize)]
pub struct ModelRecord<'a> {
    /// Which model it is.
    pub name: &'a str,
    /// What tells its weights apart from others.
    pub digest: &'a str,
    /// What the clips must not show.
    pub negative: &'a str,
    /// Seed of all random choices.
    pub seed: u64,
    /// Width and height.
    pub size: [u32; 2],
    /// Frames of a clip.
    pub frames: u32,
    /// Kind of numbers.
    pub kind: &'static str,
    /// Focal length in image widths.
    pub focal: f64,
    /// The rig as it was asked for.
    pub rig: &'a RigConfig,
    /// What the rig is like.
    pub cameras: RigReport,
    /// How the run went.
    #[serde(flatten)]
    pub options: &'a ModelOptions,
}

/// A run of the small model.
#[cfg(feature = "torch")]
#[derive(Debug, Serialize)]
pub struct SmallRecord<'a> {
    /// What tells its weights apart from others.
    pub digest: &'a str,
    /// The words as it understood them.
    pub caption: String,
    /// Width and height.
    pub size: [u32; 2],
    /// Frames of a clip.
    pub frames: u32,
    /// How the first view was drawn.
    pub steps: loop3d_generator::tiny::Steps,
    /// What moves in the first view.
    #[serde(skip_serializing_if = "<[MoveRequest]>::is_empty")]
    pub moves: &'a [MoveRequest],
    /// τ of everything else, if it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub background: Option<f64>,
    /// The rig as it was asked for.
    pub rig: &'a RigConfig,
    /// What the rig is like.
    pub cameras: RigReport,
}

/// One clip.
#[derive(Debug, Serialize)]
pub struct ViewRecord {
    /// Its file, relative to the folder.
    pub file: String,
    /// Of the file's bytes.
    pub crc32: String,
    /// What it is like.
    #[serde(flatten)]
    pub metrics: ClipMetrics,
}
