//! What a clip becomes without any of this: its best hard cut, and its best cross-fade.

use crate::error::ClosingError;
use crate::kept::Kept;
use crate::surface::FADE;
use loop3d_media::Clip;
use rayon::prelude::*;

/// Part of a loop over which it is faded.
const PART: usize = 4;

/// Where the plain loops of a clip begin.
#[derive(Clone, Copy, Debug)]
pub struct Plain {
    frames: usize,
    cut: usize,
    fade: (usize, usize),
}

impl Plain {
    /// Of `frames` frames, as short as the clip at most: the stretches whose ends look most alike where it moves.
    pub fn new(clip: &Clip, moving: &[bool], frames: usize) -> Self {
        let frames = frames.min(clip.frames);
        let spare = clip.frames - frames;
        let length = (frames / PART).min(spare);
        // A start needs a frame after its end, for the cut, and `length` for the fade.
        let starts = |spare: usize| (0..=spare).collect::<Vec<usize>>();
        let mismatch = |start: usize, around: usize| -> u64 {
            let from = start.saturating_sub(FADE / 2);
            (from..start + around.max(1))
                .filter(|k| k + frames < clip.frames)
                .map(|k| difference(clip, moving, k, k + frames))
                .sum()
        };
        let best = |spare: usize, around: usize| {
            let costs = starts(spare).into_par_iter().map(|start| (mismatch(start, around), start));
            costs.min().map_or(0, |(_, start)| start)
        };
        let cut = best(spare.saturating_sub(1), FADE / 2);
        let fade = (best(spare - length, length), length);
        Self { frames, cut, fade }
    }

    /// A frame of the hard cut.
    ///
    /// # Errors
    /// The disk fails.
    pub fn cut(&self, clip: &mut Kept, index: usize) -> Result<Vec<u8>, ClosingError> {
        clip.frame(self.cut + index % self.frames)
    }

    /// A frame of the cross-fade: its beginning is mixed with what comes after its end.
    ///
    /// # Errors
    /// The disk fails.
    pub fn fade(&self, clip: &mut Kept, index: usize) -> Result<Vec<u8>, ClosingError> {
        let ((start, length), index) = (self.fade, index % self.frames);
        let mut frame = clip.frame(start + index)?;
        if index < length {
            let part = (index as f32 + 0.5) / length as f32;
            let after = clip.frame(start + self.frames + index)?;
            frame.iter_mut().zip(after).for_each(|(value, after)| {
                *value = (part * f32::from(*value) + (1.0 - part) * f32::from(after)).round() as u8;
            });
        }
        Ok(frame)
    }
}

fn difference(clip: &Clip, moving: &[bool], a: usize, b: usize) -> u64 {
    let pixels = clip.frame(a).as_chunks::<3>().0.iter().zip(clip.frame(b).as_chunks::<3>().0);
    let of_pixel = |(a, b): (&[u8; 3], &[u8; 3])| a.iter().zip(b).map(|(a, b)| u64::from(a.abs_diff(*b))).sum::<u64>();
    pixels.zip(moving).filter(|(_, moving)| **moving).map(|(pair, _)| of_pixel(pair)).sum()
}
