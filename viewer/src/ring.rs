//! Which frames of a package are in which layers of the looping atlas, and which are wanted next. Frames come from decoders, page by
//! page; `loop_frames.rs` says why masters have another cache.

/// Layers that frames stream through.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ring {
    /// Frames of the loop.
    frames: usize,
    slots: Vec<Slot>,
}

/// One layer.
#[derive(Clone, Debug, PartialEq)]
struct Slot {
    frame: Option<usize>,
    /// Which of the frame's pages have arrived.
    pages: Vec<bool>,
}

impl Ring {
    /// `layers` empty layers for a loop of `frames` frames on `pages` pages.
    pub(crate) fn new(layers: usize, frames: usize, pages: usize) -> Self {
        Self { frames, slots: vec![Slot { frame: None, pages: vec![false; pages] }; layers] }
    }

    /// Number of layers.
    pub(crate) fn layers(&self) -> usize {
        self.slots.len()
    }

    /// The frames wanted while the two `shown` ones are drawn, the most urgent first: those, then the ones that come next.
    pub(crate) fn wanted(&self, shown: [usize; 2], is_reverse: bool) -> Vec<usize> {
        let count = self.slots.len().min(self.frames);
        let step = |i: usize| match is_reverse {
            false => (shown[0] + i) % self.frames,
            true => (shown[1] + self.frames - i) % self.frames,
        };
        (0..count).map(step).collect()
    }

    /// The `wanted` frames whose page `page` has not arrived.
    pub(crate) fn missing(&self, page: usize, wanted: &[usize]) -> Vec<usize> {
        let is_there = |frame: usize| {
            self.slots.iter().any(|slot| slot.frame == Some(frame) && slot.pages.get(page).is_some_and(|&there| there))
        };
        wanted.iter().copied().filter(|&frame| !is_there(frame)).collect()
    }

    /// The layer that a page of a frame goes to; `None` where the frame is not wanted.
    pub(crate) fn place(&mut self, frame: usize, page: usize, wanted: &[usize]) -> Option<usize> {
        let begun = self.slots.iter().position(|slot| slot.frame == Some(frame));
        // The first layer is used last: it may hold the poster.
        let order = || (0..self.slots.len()).rev();
        let empty = || order().find(|&i| self.slots[i].frame.is_none());
        let stale = || order().find(|&i| self.slots[i].frame.is_some_and(|frame| !wanted.contains(&frame)));
        let new = || if wanted.contains(&frame) { empty().or_else(stale) } else { None };
        let layer = begun.or_else(new)?;
        let slot = &mut self.slots[layer];
        if begun.is_none() {
            slot.frame = Some(frame);
            slot.pages.fill(false);
        }
        *slot.pages.get_mut(page)? = true;
        Some(layer)
    }

    /// The layer of a frame whose pages have all arrived.
    pub(crate) fn layer(&self, frame: usize) -> Option<usize> {
        self.whole().find(|&(_, whole)| whole == frame).map(|(layer, _)| layer)
    }

    /// The layer of the complete frame nearest to `frame` round the loop.
    pub(crate) fn nearest(&self, frame: usize) -> Option<usize> {
        let distance = |other: usize| {
            let apart = frame.abs_diff(other);
            apart.min(self.frames - apart)
        };
        self.whole().min_by_key(|&(_, whole)| distance(whole)).map(|(layer, _)| layer)
    }

    /// Whether no frame has arrived.
    pub(crate) fn is_empty(&self) -> bool {
        self.slots.iter().all(|slot| slot.frame.is_none())
    }

    fn whole(&self) -> impl Iterator<Item = (usize, usize)> {
        let whole = |slot: &Slot| slot.frame.filter(|_| slot.pages.iter().all(|&there| there));
        self.slots.iter().enumerate().filter_map(move |(layer, slot)| Some((layer, whole(slot)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_next_is_wanted_round_the_loop_in_both_directions() {
        let ring = Ring::new(4, 10, 1);
        assert_eq!(ring.wanted([8, 9], false), [8, 9, 0, 1]);
        assert_eq!(ring.wanted([1, 2], true), [2, 1, 0, 9]);
        assert_eq!(Ring::new(4, 3, 1).wanted([2, 0], false), [2, 0, 1]);
        assert_eq!(Ring::new(2, 1, 1).wanted([0, 0], true), [0]);
    }

    #[test]
    fn a_frame_is_whole_with_all_its_pages_and_only_wanted_ones_get_a_layer() {
        let mut ring = Ring::new(2, 10, 2);
        let wanted = ring.wanted([3, 4], false);
        assert_eq!(ring.place(7, 0, &wanted), None);
        assert_eq!(ring.place(3, 0, &wanted), Some(1));
        assert_eq!((ring.layer(3), ring.missing(0, &wanted), ring.missing(1, &wanted)), (None, vec![4], vec![3, 4]));
        assert_eq!(ring.place(3, 1, &wanted), Some(1));
        assert_eq!((ring.layer(3), ring.nearest(9)), (Some(1), Some(1)));
        assert_eq!([ring.place(4, 0, &wanted), ring.place(4, 1, &wanted)], [Some(0); 2]);
        assert_eq!(ring.nearest(9), Some(1), "4 frames from 3 over the seam, 5 from 4");
        // Frame 3 is not wanted any more.
        let wanted = ring.wanted([4, 5], false);
        assert_eq!(ring.place(5, 1, &wanted), Some(1));
        assert_eq!([ring.layer(3), ring.layer(4), ring.layer(5)], [None, Some(0), None]);
    }

    #[test]
    fn playback_takes_each_frame_once_a_round_and_shows_every_one() {
        let (frames, layers) = (48, 6);
        let mut ring = Ring::new(layers, frames, 1);
        let mut copies = 0;
        for shown in 0..3 * 60 * 2 {
            let first = (f64::from(shown) * 24.0 / 60.0) as usize % frames;
            let moment = [first, (first + 1) % frames];
            let wanted = ring.wanted(moment, false);
            for frame in ring.missing(0, &wanted) {
                copies += usize::from(ring.place(frame, 0, &wanted).is_some());
            }
            assert!(moment.iter().all(|&frame| ring.layer(frame).is_some()));
        }
        assert_eq!(copies, 3 * frames + layers - 1);
    }
}
