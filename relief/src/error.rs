//! What can be wrong with a depth file.

use loop3d_scene::{Blame, Fault};
use std::path::PathBuf;

/// Why no scene could be made.
#[derive(Debug, thiserror::Error)]
pub enum ReliefError {
    /// The file cannot be read, or is none of depth.
    #[error("{file}: {problem}")]
    Depth {
        /// The file.
        file: PathBuf,
        /// What was found and what was expected.
        problem: String,
    },
    /// The file is no model of depth.
    #[error("{file}: {problem}")]
    Model {
        /// The file.
        file: PathBuf,
        /// What was found and what was expected.
        problem: String,
    },
    /// Models cannot be run.
    #[error("--depth-model: {problem}")]
    Runtime {
        /// What is missing and how to get it.
        problem: String,
    },
    /// Its shape is not the picture's.
    #[error("{file}: {}×{} values; expected the shape of the clip's frames, {}×{}", found.0, found.1, expected.0, expected.1)]
    Shape {
        /// The file.
        file: PathBuf,
        /// Columns and rows.
        found: (usize, usize),
        /// The clip's size.
        expected: (usize, usize),
    },
    /// The scene would not fit into memory.
    #[error(
        "the scene needs {} MiB for {tiles} looping tiles of {frames} frames, and {} MiB are free; try fewer frames (--frames) or smaller ones (--max-height)",
        needed >> 20, free >> 20
    )]
    Memory {
        /// Bytes that it needs.
        needed: u64,
        /// Bytes that there are.
        free: u64,
        /// Looping tiles.
        tiles: usize,
        /// Frames of each.
        frames: usize,
    },
    /// The field of view cannot be.
    #[error("--fov: found {found}, expected 10 to 150 degrees")]
    FieldOfView {
        /// What was asked for.
        found: f64,
    },
}

impl Blame for ReliefError {
    fn fault(&self) -> Fault {
        match self {
            Self::Depth { .. } | Self::Model { .. } | Self::Shape { .. } => Fault::Input,
            Self::Runtime { .. } => Fault::Machine,
            Self::Memory { .. } => Fault::Moment,
            Self::FieldOfView { .. } => Fault::Usage,
        }
    }
}
