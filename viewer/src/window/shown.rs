//! What the overlay shows: the state of playback, the open cards, the figures.

use crate::{Clock, Statistics};

/// Smallest and largest render scale.
pub(super) const SCALES: [f64; 2] = [0.25, 1.0];

/// Which cards are open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Panels {
    pub(super) help: bool,
    pub(super) figures: bool,
    pub(super) settings: bool,
}

/// What the overlay shows.
pub(super) struct Facts<'a> {
    pub(super) clock: &'a Clock,
    pub(super) is_fullscreen: bool,
    /// Fraction of the window's pixels that is drawn, along each side.
    pub(super) render_scale: f64,
    /// The last message, for a while after it.
    pub(super) note: Option<&'a str>,
    /// Set while that card is open.
    pub(super) figures: Option<Figures>,
}

/// What the card of statistics shows.
pub(super) struct Figures {
    pub(super) adapter: String,
    pub(super) tiles: [usize; 2],
    pub(super) renderer: Statistics,
    /// Pixels that are drawn.
    pub(super) size: [u32; 2],
    /// GPU memory of scene and image.
    pub(super) bytes: u64,
    pub(super) fps: f64,
    pub(super) cpu_ms: f64,
    /// `None` where the adapter does not report it.
    pub(super) gpu_ms: Option<f64>,
}
