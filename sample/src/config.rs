//! Size of the sample, and its timetable.

/// Views of the sample.
pub const VIEWS: usize = 9;
/// The view whose truth is written: the middle one.
pub const HELD_OUT: usize = 4;

/// Size of the sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SampleConfig {
    /// Width of the frames in pixels, even.
    pub width: u32,
    /// Height of the frames in pixels, even.
    pub height: u32,
    /// Frames of each view's clip, at least 2.
    pub frames: usize,
    /// Frames per second.
    pub fps: f64,
    /// Seed of everything random.
    pub seed: u64,
    /// Whether the cameras are handheld, shaking by up to 6 pixels and half a degree, instead of on tripods.
    pub shaky: bool,
}

/// Focal length of all cameras, in image widths.
pub const FOCAL: f64 = 0.9;

impl Default for SampleConfig {
    fn default() -> Self {
        Self { width: 384, height: 216, frames: 80, fps: 25.0, seed: 7, shaky: false }
    }
}

/// Frame at which the stretch of a view begins, in the time that all views share. Stretches lie far apart.
pub fn first_frame(config: &SampleConfig, view: usize) -> usize {
    view * truth_frames(config)
}

/// Frames of the held-out view's truth: two and a half times a view's.
pub fn truth_frames(config: &SampleConfig) -> usize {
    config.frames * 5 / 2
}
