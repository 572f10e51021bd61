//! What can go wrong between a scene and its picture.

/// Why there is no picture.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum RenderError {
    /// Nothing on this machine draws with the backend that was asked for.
    #[error("no graphics adapter for the backend `{backend}`: {reason}")]
    NoAdapter {
        /// Name of the backend.
        backend: &'static str,
        /// The system's own words.
        reason: String,
    },
    /// An adapter is there but gives no device.
    #[error("the graphics adapter {adapter} cannot be opened: {reason}")]
    NoDevice {
        /// Name of the adapter.
        adapter: String,
        /// The system's own words.
        reason: String,
    },
    /// The scene contradicts itself.
    #[error("the scene is broken: {0}")]
    Scene(#[from] loop3d_scene::SceneError),
    /// The tiles of one kind do not fit in one texture.
    #[error(
        "the scene is too large for this graphics adapter: its {tiles} {kind} tiles do not fit in a texture of \
         {limit}×{limit} texels, the adapter's limit; fit with a smaller --max-height, or use the CPU renderer"
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
    /// The camera's picture is empty, or larger than a texture of this adapter.
    #[error("a picture of {width}×{height}: this graphics adapter draws sides of 1 to {limit} pixels")]
    PictureSize {
        /// Asked width.
        width: u32,
        /// Asked height.
        height: u32,
        /// Longest side of a texture.
        limit: u32,
    },
    /// The device stopped working: it was reset, unplugged or ran out of memory.
    #[error("the graphics device failed: {0}")]
    Lost(String),
}

impl RenderError {
    /// Whether the user can set it right: another backend, another size, another scene.
    pub fn is_users_fault(&self) -> bool {
        !matches!(self, Self::NoDevice { .. } | Self::Lost(_))
    }
}
