//! What can go wrong when a scene is drawn.

use loop3d_scene::{Blame, Fault};

/// Why a scene could not be drawn.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum RenderError {
    /// This machine has no adapter for the requested backend.
    #[error("no graphics adapter for the backend `{backend}`: {reason}")]
    NoAdapter {
        /// Name of the backend.
        backend: &'static str,
        /// The system's error.
        reason: String,
    },
    /// The adapter cannot be opened.
    #[error("the graphics adapter {adapter} cannot be opened: {reason}")]
    NoDevice {
        /// Name of the adapter.
        adapter: String,
        /// The system's error.
        reason: String,
    },
    /// The scene is not consistent.
    #[error("the scene is damaged: {0}")]
    Scene(#[from] loop3d_scene::SceneError),
    /// The tiles of one kind do not fit in one texture.
    #[error(
        "the scene is too large for this graphics adapter: its {tiles} {kind} tiles do not fit in a texture of {limit}×{limit} \
         texels, the adapter's limit; fit again with --max-height at {} % of the present height, or render without the GPU \
         (loop3d render --renderer cpu)",
        fitting_percent(*tiles, *limit)
    )]
    AtlasTooLarge {
        /// Static or looping.
        kind: &'static str,
        /// Number of tiles.
        tiles: usize,
        /// Longest side of a texture.
        limit: u32,
    },
    /// More planes than a uniform buffer holds.
    #[error("the scene has {count} planes; the GPU renderer draws at most {limit}")]
    TooManyPlanes {
        /// Planes of the scene.
        count: usize,
        /// The most there may be.
        limit: usize,
    },
    /// The camera's image is empty, or larger than a texture of this adapter.
    #[error("cannot draw {width}×{height} pixels: this graphics adapter draws sides of 1 to {limit}")]
    ImageSize {
        /// Requested width.
        width: u32,
        /// Requested height.
        height: u32,
        /// Longest side of a texture.
        limit: u32,
    },
    /// The adapter's memory is full.
    #[error(
        "the graphics adapter is out of memory: {0}; keep fewer frames of the loop on it (--loop-memory 0), or draw a smaller \
         picture (--size)"
    )]
    OutOfMemory(String),
    /// The device stopped working: it was reset or unplugged.
    #[error("the graphics device failed: {0}")]
    Lost(String),
}

/// Percentage of a scene's height at which its tiles about fit in a texture with sides of `limit` texels.
fn fitting_percent(tiles: usize, limit: u32) -> u32 {
    // A tile with its halo, and a tenth for waste.
    let fitting = 0.9 * (f64::from(limit) / (loop3d_scene::TILE as f64 + 2.0)).powi(2);
    (100.0 * (fitting / tiles as f64).sqrt()).clamp(1.0, 99.0) as u32
}

impl Blame for RenderError {
    fn fault(&self) -> Fault {
        match self {
            Self::NoAdapter { .. } | Self::NoDevice { .. } | Self::Lost(_) => Fault::Machine,
            Self::Scene(_) | Self::AtlasTooLarge { .. } | Self::TooManyPlanes { .. } => Fault::Input,
            Self::ImageSize { .. } => Fault::Usage,
            Self::OutOfMemory(_) => Fault::Moment,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_of_a_scene_too_large_says_what_would_fit() {
        let error = RenderError::AtlasTooLarge { kind: "looping", tiles: 60_000, limit: 2048 };
        let text = error.to_string();
        assert!(text.contains("its 60000 looping tiles do not fit in a texture of 2048×2048 texels"), "{text}");
        // 0.9 · (2048 / 18)² = 11651 tiles fit; √(11651 / 60000) = 0.44.
        assert!(text.contains("--max-height at 44 % of the present height"), "{text}");
    }
}
