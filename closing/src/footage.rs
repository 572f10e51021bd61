//! The clip as it is worked on: read once, steadied where a hand held it, kept on disk in its own size and in memory in a small one.

use crate::cuts::Cuts;
use crate::error::ClosingError;
use crate::kept::Kept;
use glam::{DMat3, DVec3};
use loop3d_capture::prepare::Steadied;
use loop3d_capture::steady::{Follower, Motion};
use loop3d_media::{AreaFilter, Clip, Ffmpeg, IMAGES_FPS, Probe, Shape, Size, Source, Timing};
use loop3d_scene::job::{Event, Observer, check};
use std::path::Path;

/// Longest side of the frames in which a camera is followed.
const FOLLOWED: u32 = 1280;
/// Longest side of the frames in memory.
const SMALL: u32 = 640;

/// A camera that was lost after it had moved by this part of the picture's longer side turns away.
const PANS: f64 = 0.05;
/// Bytes of frames in memory: a minute and a half of 640×360.
const BYTES: usize = 3 << 29;
/// Said of a clip whose camera is not known.
const UNKNOWN: &str = "too little of the picture stands still to tell whether the camera moves; it is taken as it is";

/// A clip.
pub struct Footage {
    /// Its frames, steadied.
    pub kept: Kept,
    /// The same, at most 640 pixels wide or high.
    pub small: Clip,
    /// Frames per second.
    pub fps: f64,
    /// What was done to it, for people.
    pub notes: Vec<String>,
    /// Its frames' size before they were steadied, and where what is left of them begins.
    pub of: (Size, (u32, u32)),
}

/// How a clip is looked at.
#[derive(Clone, Copy, Debug, Default)]
pub struct Look {
    /// Its camera is not looked at.
    pub tripod: bool,
    /// Its frames are shrunk to this height at most.
    pub max_height: Option<u32>,
}

impl Footage {
    /// Reads a clip.
    ///
    /// # Errors
    /// A clip that cannot be read, is cut, or whose camera travels; a full disk; a stop.
    pub fn read(
        source: &Source,
        timing: Timing,
        look: Look,
        folder: &Path,
        observer: &mut dyn Observer,
    ) -> Result<Self, ClosingError> {
        let tripod = look.tripod;
        let (whole, probe) = source.look(&Ffmpeg::default())?;
        let size = lower(whole, look.max_height);
        let reduced = AreaFilter::new(whole, size);
        let fps = probe.map_or(IMAGES_FPS, |probe| probe.fps);
        let promised = promised(source, probe, timing)?;
        let mut notes = notes_of(probe);
        let mut kept = Kept::new(folder, size)?;
        let filter = AreaFilter::new(size, within(size, SMALL));
        let mut small = Vec::new();
        let mut camera = (!tripod).then(|| Camera::new(whole, size));
        let mut cuts = Cuts::new(size);
        let mut frame = Vec::new();
        source.each::<ClosingError>(probe, &timing, &Ffmpeg::default(), &mut |read| {
            frame.clear();
            shrink(&reduced, read, &mut frame);
            let done = kept.frames() as f64 / promised.max(1) as f64;
            check(observer.event(Event::step("reading the clip", done.min(1.0))), ClosingError::Stopped)?;
            if small.len() + filter.frame_bytes() > BYTES {
                let seconds = kept.frames() as f64 / fps;
                return Err(ClosingError::TooLong { file: source.path().to_owned(), seconds });
            }
            cuts.see(&frame);
            if let Some(camera) = &mut camera {
                camera.see(read);
            }
            kept.push(&frame)?;
            shrink(&filter, &frame, &mut small);
            Ok(())
        })?;
        let (width, height) = within(size, SMALL);
        let of_small = |size: Size, frames, rgb| Clip { width: size.0 as usize, height: size.1 as usize, frames, rgb };
        let frames = kept.frames();
        let file = || source.path().to_owned();
        if let Some(cut) = cuts.first().filter(|_| !tripod) {
            let seconds = timing.start.unwrap_or(0.0) + cut as f64 / fps;
            return Err(ClosingError::Cut { file: file(), seconds });
        }
        let motion = camera.map(Camera::motion);
        // None with --tripod.
        let steadied = match motion.map(|motion| motion.filter(Motion::is_known)) {
            None => None,
            Some(None) => {
                notes.push(UNKNOWN.to_owned());
                None
            }
            Some(Some(motion)) if motion.is_still() => None,
            Some(Some(motion)) if motion.from_first.len() < frames => {
                return Err(ClosingError::TurnsAway { file: file() });
            }
            Some(Some(motion)) if motion.travels() => {
                return Err(ClosingError::Travels { file: file(), px: motion.parallax_px.unwrap_or(0.0) });
            }
            Some(Some(motion)) => {
                let steadied = Steadied::new(&motion).ok_or_else(|| ClosingError::TurnsAway { file: file() })?;
                let (w, h) = steadied.size();
                notes.push(format!(
                    "held by hand: moved by {:.1} pixels, steadied; {w}×{h} of {}×{} pixels are left",
                    motion.largest_px, size.0, size.1
                ));
                Some(steadied)
            }
        };
        let Some(steadied) = steadied else {
            let small = of_small((width, height), frames, small);
            return Ok(Self { kept, small, fps, notes, of: (size, (0, 0)) });
        };
        let mut calm = Kept::new(folder, steadied.size())?;
        let filter = AreaFilter::new(steadied.size(), within(steadied.size(), SMALL));
        small.clear();
        for index in 0..frames {
            check(observer.event(Event::step("steadying", index as f64 / frames as f64)), ClosingError::Stopped)?;
            let frame = steadied.frame(index, &kept.frame(index)?);
            calm.push(&frame)?;
            shrink(&filter, &frame, &mut small);
        }
        let small = of_small(within(steadied.size(), SMALL), frames, small);
        Ok(Self { kept: calm, small, fps, notes, of: (size, steadied.corner()) })
    }
}

fn shrink(filter: &AreaFilter, frame: &[u8], into: &mut Vec<u8>) {
    let at = into.len();
    into.resize(at + filter.frame_bytes(), 0);
    filter.apply(frame, &mut into[at..]);
}

/// The largest size of the same shape with sides up to `side`, never larger than the frames are.
fn within((width, height): Size, side: u32) -> Size {
    let longest = width.max(height).max(1);
    if longest <= side {
        return (width, height);
    }
    let scaled =
        |length: u32| ((u64::from(length) * u64::from(side) + u64::from(longest) / 2) / u64::from(longest)) as u32;
    (scaled(width).max(1), scaled(height).max(1))
}

/// The size of frames that may be as high as `most`, even where it shrinks.
fn lower((width, height): Size, most: Option<u32>) -> Size {
    match most.filter(|most| *most < height) {
        None => (width, height),
        Some(most) => {
            let wide = (u64::from(width) * u64::from(most) + u64::from(height) / 2) / u64::from(height);
            (((wide as u32 + 1) & !1).max(2), (most & !1).max(2))
        }
    }
}

fn notes_of(probe: Option<Probe>) -> Vec<String> {
    let Some(probe) = probe else { return Vec::new() };
    let mut notes = Vec::new();
    if probe.interlaced {
        notes.push("interlaced; a frame is made of each pair of fields".to_owned());
    }
    if probe.varies {
        notes.push(format!("the time from frame to frame varies; brought to {:.2} frames a second", probe.fps));
    }
    notes
}

/// Frames to expect; 0 where that is not known.
fn promised(source: &Source, probe: Option<Probe>, timing: Timing) -> Result<usize, ClosingError> {
    Ok(match (source, probe) {
        (Source::Video(file), Some(probe)) => timing.probe(file, probe)?.frames.unwrap_or(0),
        (Source::Frames { files, folder }, _) => timing.images(folder, files.len(), IMAGES_FPS)?.len(),
        _ => 1,
    })
}

/// Follows a camera through a clip, in frames that are not too large.
struct Camera {
    /// Of the frames that are worked on.
    size: Size,
    /// Of those in which it is followed.
    followed: Size,
    filter: AreaFilter,
    follower: Option<Follower>,
    lost: bool,
}

impl Camera {
    fn new(whole: Size, size: Size) -> Self {
        let followed = within(whole, FOLLOWED);
        Self { size, followed, filter: AreaFilter::new(whole, followed), follower: None, lost: false }
    }

    fn see(&mut self, frame: &[u8]) {
        if self.lost {
            return;
        }
        let mut small = Vec::new();
        shrink(&self.filter, frame, &mut small);
        match &mut self.follower {
            // Where a frame does not show what the first one does, and there is no cut, too much of the picture changes.
            Some(follower) => self.lost = !follower.push(&small),
            None => self.follower = Some(Follower::new(&small, self.followed)),
        }
    }

    /// What it did, in pixels of the whole frames.
    fn motion(self) -> Option<Motion> {
        let motion = self.follower?.finish();
        if self.lost && motion.largest_px < PANS * f64::from(self.followed.0.max(self.followed.1)) {
            return None;
        }
        let scale = f64::from(self.size.0) / f64::from(motion.size.0);
        let (up, down) = (
            DMat3::from_diagonal(DVec3::new(scale, scale, 1.0)),
            DMat3::from_diagonal(DVec3::new(1.0 / scale, 1.0 / scale, 1.0)),
        );
        Some(Motion {
            // What was lost far from where it began cannot be steadied.
            unsure: if self.lost { 0 } else { motion.unsure },
            size: self.size,
            from_first: motion.from_first.iter().map(|map| up * *map * down).collect(),
            largest_px: motion.largest_px * scale,
            parallax_px: motion.parallax_px.map(|px| px * scale),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_keep_their_shape_and_never_grow() {
        assert_eq!(within((3840, 2160), 640), (640, 360));
        assert_eq!(within((1080, 1920), 640), (360, 640));
        assert_eq!(within((640, 360), 640), (640, 360));
        assert_eq!(within((10, 9000), 640), (1, 640));
        assert_eq!(lower((1920, 1080), Some(480)), (854, 480));
        assert_eq!(lower((641, 361), Some(400)), (641, 361));
    }
}
