//! The takes of some footage: a clip, a folder of frames or a still for each place, or one long video that is cut at black or frozen
//! stretches.

use super::error::PrepareError;
use crate::area::AreaFilter;
use crate::clips::{self, Source};
use crate::error::CaptureError;
use crate::single::look;
use crate::timing::{PICTURES_FPS, Timing};
use crate::video::{Ffmpeg, Probe};
use crate::{Size, pictures};
use std::ops::Range;
use std::path::Path;

/// Size of the pictures in which separators are looked for.
const SMALL: Size = (32, 18);
/// Mean level up to which a picture is black.
const BLACK: f64 = 20.0;
/// Mean change of a cell from frame to frame up to which a picture is frozen: a sensor's noise alone is more.
const FROZEN: f64 = 0.02;
/// Frames that a separator has at least, and seconds that a frozen one has.
const FEWEST: usize = 3;
const FROZEN_SECONDS: f64 = 0.4;
/// Seconds that a take has at least.
const SHORTEST_SECONDS: f64 = 0.5;

/// Takes a frame: its number in the take and its RGB bytes. An error ends the reading.
pub(super) type FrameSink<'a> = &'a mut dyn FnMut(usize, &[u8]) -> Result<(), CaptureError>;

/// One place's footage.
#[derive(Clone, Debug)]
pub(super) struct Take {
    pub name: String,
    pub source: Source,
    pub size: Size,
    pub probe: Option<Probe>,
    /// Frames of the source that belong to it; `None`: all.
    pub frames: Option<Range<usize>>,
}

impl Take {
    fn of(source: Source) -> Result<Self, CaptureError> {
        let (size, probe) = look(&source, &Ffmpeg::default())?;
        Ok(Self { name: source.name(), source, size, probe, frames: None })
    }

    /// Frames per second.
    pub(super) fn fps(&self) -> f64 {
        self.probe.map_or(PICTURES_FPS, |probe| probe.fps)
    }

    /// Gives each frame to `take`, with its number in the take, and returns how many there are.
    pub(super) fn each(&self, take: FrameSink<'_>) -> Result<usize, CaptureError> {
        let files = match (&self.source, self.probe) {
            (Source::Video(file), Some(probe)) => {
                let mut at = 0;
                let mut taken = 0;
                let wanted = self.frames.clone().unwrap_or(0..usize::MAX);
                Ffmpeg::default().each(file, probe, &Timing::default(), &mut |frame| {
                    if wanted.contains(&at) {
                        take(taken, frame)?;
                        taken += 1;
                    }
                    at += 1;
                    Ok(())
                })?;
                return Ok(taken);
            }
            (Source::Frames { files, .. }, _) => files.as_slice(),
            (Source::Still(file) | Source::Video(file), _) => std::slice::from_ref(file),
        };
        for (index, file) in files.iter().enumerate() {
            take(index, &pictures::read_whole(file, self.size)?)?;
        }
        Ok(files.len())
    }

    /// Frames that it will give, where that is known.
    pub(super) fn count(&self) -> Option<usize> {
        match (&self.frames, &self.source) {
            (Some(frames), _) => Some(frames.len()),
            (None, Source::Video(_)) => self.probe.and_then(|probe| probe.frames),
            (None, Source::Frames { files, .. }) => Some(files.len()),
            (None, Source::Still(_)) => Some(1),
        }
    }
}

/// The takes in a folder, or of one long video.
pub(super) fn find(raw: &Path) -> Result<Vec<Take>, PrepareError> {
    if !raw.exists() {
        return Err(CaptureError::NoClip { file: raw.to_owned() }.into());
    }
    let mut takes = if raw.is_dir() {
        let clips = clips::any(raw)?;
        crate::error::all(clips.iter().map(|clip| Source::at(clip).and_then(Take::of)))?
    } else {
        cut(Take::of(Source::at(raw)?)?)?
    };
    if takes.len() < 2 {
        return Err(PrepareError::TooFew { raw: raw.to_owned(), found: takes.len() });
    }
    // Folders may hold clips of the same name; files that are made from them may not.
    let names: Vec<String> = takes.iter().map(|take| take.name.clone()).collect();
    for (index, take) in takes.iter_mut().enumerate() {
        if names.iter().filter(|name| **name == take.name).count() > 1 {
            take.name = format!("{index:04}-{}", take.name);
        }
    }
    Ok(takes)
}

/// The takes of a long video.
fn cut(whole: Take) -> Result<Vec<Take>, PrepareError> {
    let filter = AreaFilter::new(whole.size, SMALL);
    let mut before: Option<Vec<u8>> = None;
    let mut gaps = Vec::new();
    whole.each(&mut |_, frame| {
        let mut small = vec![0; (SMALL.0 * SMALL.1 * 3) as usize];
        filter.apply(frame, &mut small);
        let level = small.iter().map(|&value| f64::from(value)).sum::<f64>() / small.len() as f64;
        let change = before.as_ref().map_or(f64::INFINITY, |before| {
            small.iter().zip(before).map(|(a, b)| f64::from(a.abs_diff(*b))).sum::<f64>() / small.len() as f64
        });
        gaps.push(if level <= BLACK {
            Gap::Black
        } else if change <= FROZEN {
            Gap::Frozen
        } else {
            Gap::None
        });
        before = Some(small);
        Ok(())
    })?;
    let fps = whole.fps();
    let ranges = takes_between(&gaps, (FROZEN_SECONDS * fps) as usize, (SHORTEST_SECONDS * fps).ceil() as usize);
    let take = |(index, frames): (usize, Range<usize>)| Take {
        name: format!("{index:04}"),
        frames: Some(frames),
        ..whole.clone()
    };
    Ok(ranges.into_iter().enumerate().map(take).collect())
}

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gap {
    None,
    Black,
    Frozen,
}

/// Stretches of at least `shortest` frames between separators. The frame after a separator is left out too: it may be half of it.
fn takes_between(gaps: &[Gap], frozen: usize, shortest: usize) -> Vec<Range<usize>> {
    let mut apart = vec![false; gaps.len()];
    let mut start = 0;
    while start < gaps.len() {
        let kind = gaps[start];
        let end = (start..gaps.len()).find(|&at| gaps[at] != kind).unwrap_or(gaps.len());
        let least = if kind == Gap::Frozen { FEWEST.max(frozen) } else { FEWEST };
        if kind != Gap::None && end - start >= least {
            // A frozen stretch begins with the frame that the next ones repeat.
            let first = if kind == Gap::Frozen { start.saturating_sub(1) } else { start };
            let last = if end < gaps.len() { end + 1 } else { end };
            apart[first..last].fill(true);
        }
        start = end;
    }
    let mut takes = Vec::new();
    let mut begun = None;
    for at in 0..=gaps.len() {
        match (begun, apart.get(at) == Some(&false)) {
            (None, true) => begun = Some(at),
            (Some(first), false) => {
                if at - first >= shortest {
                    takes.push(first..at);
                }
                begun = None;
            }
            _ => {}
        }
    }
    takes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_are_cut_out() {
        let of = |text: &str| -> Vec<Gap> {
            let gap = |c| match c {
                'b' => Gap::Black,
                'f' => Gap::Frozen,
                _ => Gap::None,
            };
            text.chars().map(gap).collect()
        };
        let takes = |text: &str| takes_between(&of(text), 4, 5);
        assert_eq!(takes("........bbbb.........ffffff........"), [0..8, 13..20, 28..35]);
        // A dark moment, a repeated frame and a scrap are none.
        assert_eq!(takes("......b.......ff......"), [0..22]);
        assert_eq!(takes("bbbb...bbbb......"), [12..17]);
        assert_eq!(takes(""), []);
    }
}
