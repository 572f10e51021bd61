//! What can be wrong with the input of a patch search.

/// Bad input of a patch search or of a looping target.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PatchError {
    /// A buffer does not hold what its shape says.
    #[error("{what}: {found} values, expected {expected} for its shape {shape}")]
    Length {
        /// Which buffer.
        what: &'static str,
        /// Its shape in words.
        shape: String,
        /// Values that it holds.
        found: usize,
        /// Values that its shape asks for.
        expected: usize,
    },
    /// A clip, window or render with no pixel or no frame.
    #[error("{what} is empty: shape {shape}")]
    Empty {
        /// Which buffer.
        what: &'static str,
        /// Its shape in words.
        shape: String,
    },
    /// The window does not lie inside the clip.
    #[error(
        "window {width}x{height} at ({x0}, {y0}) does not lie inside the clip of {clip_width}x{clip_height} pixels"
    )]
    Outside {
        /// Window.
        width: usize,
        /// Window.
        height: usize,
        /// Left column of the window.
        x0: usize,
        /// Top row of the window.
        y0: usize,
        /// Clip.
        clip_width: usize,
        /// Clip.
        clip_height: usize,
    },
    /// A setting outside its range.
    #[error("patch setting {name} is {found}, expected {expected}")]
    Setting {
        /// Name of the setting.
        name: &'static str,
        /// Its value.
        found: String,
        /// The range in words.
        expected: &'static str,
    },
    /// Two clips whose sizes must agree do not.
    #[error("queries are {queries_width}x{queries_height} pixels, keys {keys_width}x{keys_height}: they must be equal")]
    Sizes {
        /// Queries.
        queries_width: usize,
        /// Queries.
        queries_height: usize,
        /// Keys.
        keys_width: usize,
        /// Keys.
        keys_height: usize,
    },
    /// A clip shorter than a temporal patch.
    #[error("{what} has {frames} frames, a temporal patch needs {needed}")]
    TooShort {
        /// Which clip.
        what: &'static str,
        /// Its frames.
        frames: usize,
        /// Frames of a patch.
        needed: usize,
    },
    /// More frames than an index can name.
    #[error("{what} has {frames} frames, at most {most} can be searched")]
    TooLong {
        /// Which clip.
        what: &'static str,
        /// Its frames.
        frames: usize,
        /// The limit.
        most: usize,
    },
}
