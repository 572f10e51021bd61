//! Things that pass once: people who walk by, a boat, a bird (METHOD D26).
//!
//! A loop that uses all moments of a clip evenly (D14) shows a fragment of them again and again. So they are found, and replaced by
//! other times of the same place, before a fit begins: long exposures, masks and looping targets then see a clip without them.

mod cells;
mod detect;
mod passages;
mod replace;

pub use passages::Passage;

use cells::{Cells, Division};
use loop3d_capture::Clip;

/// Moments below which nothing can be said to be rare.
const LEAST_MOMENTS: usize = 20;

/// What passes once in a clip.
#[derive(Clone, Debug)]
pub struct Passers {
    division: Division,
    /// For each `[cell][moment]` the moment that stands in for it.
    sources: Vec<usize>,
    passages: Vec<Passage>,
}

impl Passers {
    /// Looks for what passes once. `None` if nothing does, or if the clip is too short or too small to tell.
    pub fn find(clip: &Clip) -> Option<Self> {
        let division = Division::of(clip).filter(|division| division.moments >= LEAST_MOMENTS)?;
        let cells = Cells::new(clip, division);
        let (passages, of) = passages::join(division, &detect::moments(&cells));
        if passages.is_empty() {
            return None;
        }
        Some(Self { division, sources: replace::sources(&cells, &of, passages.len()), passages })
    }

    /// What passes, in the order of its cells.
    pub fn passages(&self) -> &[Passage] {
        &self.passages
    }

    /// Part of the clip's values that are replaced.
    pub fn part(&self) -> f64 {
        let moments = self.division.moments;
        let replaced = self.sources.iter().enumerate().filter(|(at, source)| **source != at % moments).count();
        replaced as f64 / self.sources.len() as f64
    }

    /// Replaces it in the clip in which it was found.
    pub fn replace(&self, clip: &mut Clip) {
        replace::replace(clip, self.division, &self.sources);
    }
}
