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

/// Width and height of a window, in points, below which cards would lie on each other: one at a time there.
pub(super) const ROOM_FOR_CARDS: f64 = 500.0;

/// A card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Card {
    Help,
    Figures,
    Settings,
}

impl Panels {
    /// Opens or closes a card; where there is no room, the others close.
    pub(super) fn toggle(&mut self, card: Card, is_small: bool) {
        let before = *self;
        if is_small {
            *self = Self::default();
        }
        match card {
            Card::Help => self.help = !before.help,
            Card::Figures => self.figures = !before.figures,
            Card::Settings => self.settings = !before.settings,
        }
    }

    /// Closes all but one card where the window has become too small for several.
    pub(super) fn keep_one(&mut self) {
        let Self { help, settings, figures } = *self;
        *self = Self { help, settings: settings && !help, figures: figures && !help && !settings };
    }
}

/// What the overlay shows.
pub(super) struct Facts<'a> {
    pub(super) clock: &'a Clock,
    pub(super) is_fullscreen: bool,
    /// Fraction of the window's pixels that is drawn, along each side.
    pub(super) render_scale: f64,
    /// Whether the camera sways while nobody touches it.
    pub(super) sways: bool,
    /// What to do in a window without a scene.
    pub(super) invitation: Option<&'a str>,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_window_shows_one_card_at_a_time() {
        let mut panels = Panels::default();
        let open = |panels: &Panels| [panels.help, panels.figures, panels.settings];
        [Card::Figures, Card::Settings, Card::Help].into_iter().for_each(|card| panels.toggle(card, false));
        assert_eq!(open(&panels), [true; 3]);
        panels.keep_one();
        assert_eq!(open(&panels), [true, false, false]);
        panels.toggle(Card::Figures, true);
        assert_eq!(open(&panels), [false, true, false]);
        panels.toggle(Card::Figures, true);
        assert_eq!(open(&panels), [false; 3]);
    }
}
