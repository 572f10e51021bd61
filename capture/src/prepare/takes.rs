//! The takes of some footage: a clip, a folder of frames or a still for each place, or one long video that is cut at black or frozen
//! stretches.

use super::error::{PrepareError, tell};
use crate::clips;
use crate::error::CaptureError;
use crate::lens::Lens;
use crate::raw::RawView;
use crate::steady::Motion;
use loop3d_media::{AreaFilter, Ffmpeg, IMAGES_FPS, MediaError, Probe, Size, Source, Timing, Transfer};
use loop3d_scene::job::Observer;
use std::ops::Range;
use std::path::Path;

/// Size of the images in which separators are looked for.
const SMALL: Size = (32, 18);
/// Mean level up to which a frame is black.
const BLACK: f64 = 20.0;
/// Mean change of a cell from frame to frame up to which a frame is frozen: a sensor's noise alone is more.
const FROZEN: f64 = 0.02;
/// Fewest frames of a separator.
const FEWEST: usize = 3;
/// Shortest frozen separator, in seconds.
const FROZEN_SECONDS: f64 = 0.4;
/// Shortest take, in seconds.
const SHORTEST_SECONDS: f64 = 0.5;

/// Takes a frame: its number in the take and its RGB bytes. An error ends the reading.
pub(super) type FrameSink<'a> = &'a mut dyn FnMut(usize, &[u8]) -> Result<(), PrepareError>;

/// The step of finding takes, as observers hear it.
pub(super) const LOOKING: &str = "looking for takes";

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
    fn of(source: Source) -> Result<Self, MediaError> {
        let (size, probe) = source.look(&Ffmpeg::default())?;
        Ok(Self { name: source.name(), source, size, probe, frames: None })
    }

    /// Frames per second.
    pub(super) fn fps(&self) -> f64 {
        self.probe.map_or(IMAGES_FPS, |probe| probe.fps)
    }

    /// Gives each frame to `take`, with its number in the take, and returns how many there are.
    pub(super) fn each(&self, take: FrameSink<'_>) -> Result<usize, PrepareError> {
        let (mut at, mut taken) = (0, 0);
        let wanted = self.frames.clone().unwrap_or(0..usize::MAX);
        self.source.each::<PrepareError>(self.probe, &Timing::default(), &Ffmpeg::default(), &mut |frame| {
            if wanted.contains(&at) {
                take(taken, frame)?;
                taken += 1;
            }
            at += 1;
            Ok(())
        })?;
        Ok(taken)
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
pub(super) fn find(raw: &Path, observer: &mut dyn Observer) -> Result<Vec<Take>, PrepareError> {
    if !raw.exists() {
        return Err(MediaError::NoClip { file: raw.to_owned() }.into());
    }
    let mut takes = if raw.is_dir() {
        let clips = clips::any(raw)?;
        let take = |clip| Source::at(clip).and_then(Take::of).map_err(CaptureError::from);
        crate::error::all(clips.iter().map(|clip| take(clip)))?
    } else {
        cut(Take::of(Source::at(raw)?)?, observer)?
    };
    if takes.len() < 2 {
        return Err(PrepareError::TooFew { raw: raw.to_owned(), found: takes.len() });
    }
    // Folders may hold clips of the same name; files made from them need names of their own.
    let names: Vec<String> = takes.iter().map(|take| take.name.clone()).collect();
    for (index, take) in takes.iter_mut().enumerate() {
        if names.iter().filter(|name| **name == take.name).count() > 1 {
            take.name = format!("{index:04}-{}", take.name);
        }
    }
    Ok(takes)
}

/// The takes of a long video.
fn cut(whole: Take, observer: &mut dyn Observer) -> Result<Vec<Take>, PrepareError> {
    let filter = AreaFilter::new(whole.size, SMALL);
    let mut before: Option<Vec<u8>> = None;
    let mut gaps = Vec::new();
    let count = whole.count().unwrap_or(1).max(1) as f64;
    whole.each(&mut |index, frame| {
        tell(observer, LOOKING, (index as f64 / count).min(1.0))?;
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

/// A take, what its camera did, and its pose.
pub(super) type PosedTake<'a> = (&'a Take, &'a Motion, RawView);

/// Whether a take on disk is already as it should be.
pub(super) fn may_be_copied(take: &Take, motion: &Motion, view: &RawView) -> bool {
    let plain = view.lens == Lens::Pinhole && take.frames.is_none();
    let ordinary = take.probe.is_none_or(|probe| probe.transfer == Transfer::Ordinary);
    let still = motion.is_still() || !motion.is_known();
    plain && ordinary && still && !matches!(take.source, Source::Frames { .. })
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
    use loop3d_scene::job::Unwatched;
    use std::process::{Command, Stdio};

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
        let takes = |text: &str| -> Vec<(usize, usize)> {
            takes_between(&of(text), 4, 5).into_iter().map(|take| (take.start, take.end)).collect()
        };
        assert_eq!(takes("........bbbb.........ffffff........"), [(0, 8), (13, 20), (28, 35)]);
        // A dark moment, a repeated frame and a scrap are none.
        assert_eq!(takes("......b.......ff......"), [(0, 22)]);
        assert_eq!(takes("bbbb...bbbb......"), [(12, 17)]);
        assert_eq!(takes(""), []);
    }

    #[test]
    fn a_long_video_is_cut_at_black_and_frozen_stretches() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("long.mp4");
        let graph = "testsrc2=s=64x48:r=25:d=1[a];color=black:s=64x48:r=25:d=0.4[b];testsrc2=s=64x48:r=25:d=1.2[c];\
                     color=gray:s=64x48:r=25:d=0.8[d];testsrc2=s=64x48:r=25:d=1[e];[a][b][c][d][e]concat=n=5";
        let mut command = Command::new("ffmpeg");
        command.args(["-v", "error", "-y", "-filter_complex", graph, "-pix_fmt", "yuv420p", "-qp", "4"]).arg(&file);
        assert!(command.stdin(Stdio::null()).status().expect("ffmpeg is part of set-up").success());
        let takes = find(&file, &mut Unwatched).unwrap();
        let ranges: Vec<_> = takes.iter().map(|take| take.frames.clone().unwrap()).collect();
        assert_eq!(ranges.len(), 3, "{ranges:?}");
        for (found, (start, end)) in ranges.iter().zip([(0, 25), (35, 65), (85, 110)]) {
            assert!(found.start.abs_diff(start) <= 2 && found.end.abs_diff(end) <= 2, "{ranges:?}");
        }
        let mut frames = 0;
        takes[1]
            .each(&mut |_, _| {
                frames += 1;
                Ok(())
            })
            .unwrap();
        assert_eq!(frames, ranges[1].len());
    }
}
