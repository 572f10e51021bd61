//! `generate.json`: how the clips of a folder were made, and what they are like.

use super::request::ServiceRequest;
use loop3d_generator::metrics::ClipMetrics;
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
    /// What the service was asked for.
    pub service: &'a ServiceRequest,
    /// Frames per second.
    pub fps: f64,
    /// The clips.
    pub views: Vec<ViewRecord>,
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
