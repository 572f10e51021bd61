//! Which frames of a clip are wanted: a stretch of time, and a rate.

use crate::error::MediaError;
use crate::probe::Probe;
use std::ops::Range;
use std::path::Path;

/// Frames per second of images, which do not say.
pub const IMAGES_FPS: f64 = 25.0;

/// Rates within this ratio of each other are the same: 29.97 and 30 are not, 25 and 25.003 (a clock's error) are.
const SAME: f64 = 5e-4;

/// A stretch of a clip and its rate.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Timing {
    /// Where it begins, in seconds from the clip's first frame.
    pub start: Option<f64>,
    /// Where it ends, in seconds from the clip's first frame.
    pub end: Option<f64>,
    /// Frames per second to bring it to; `None`: each frame as it is.
    pub fps: Option<f64>,
    /// Frames to stop after.
    pub at_most: Option<usize>,
}

impl Timing {
    /// ffmpeg's filters for it, each followed by a comma.
    pub(crate) fn filters(&self) -> String {
        let mut filters = String::new();
        if self.start.is_some() || self.end.is_some() {
            let start = self.start.unwrap_or(0.0);
            let end = self.end.map_or(String::new(), |end| format!(":end={end:.6}"));
            // A video may start after its sound, and its first stamp is then not 0.
            filters += &format!("setpts=PTS-STARTPTS,trim=start={start:.6}{end},setpts=PTS-STARTPTS,");
        }
        if let Some(fps) = self.fps {
            // Stamps are rounded to milliseconds in some containers. A quarter of a frame later, none of a rate's own multiples is at
            // a tie, so that halves and fifths are even.
            filters += &format!("setpts=PTS+0.25/({fps:.6}*TB),fps={fps:.6}:round=down,");
        }
        filters
    }

    /// What a video yields: the frames to expect, no longer promised where some are left out.
    ///
    /// # Errors
    /// The stretch begins after the video's end.
    pub fn probe(&self, file: &Path, probe: Probe) -> Result<Probe, MediaError> {
        if *self == Self::default() {
            return Ok(probe);
        }
        let seconds = probe.frames.map(|frames| frames as f64 / probe.fps);
        let left = seconds.map(|seconds| self.stretch(file, seconds)).transpose()?;
        let fps = self.fps.unwrap_or(probe.fps);
        let frames = left.map(|stretch| ((stretch.end - stretch.start) * fps).round().max(1.0) as usize);
        Ok(Probe { fps, frames, counted: false, ..probe })
    }

    /// Which of `count` images are wanted, at `fps` a second.
    ///
    /// # Errors
    /// The stretch begins after the last of them.
    pub fn images(&self, folder: &Path, count: usize, fps: f64) -> Result<Range<usize>, MediaError> {
        if self.start.is_none() && self.end.is_none() {
            return Ok(0..count);
        }
        let stretch = self.stretch(folder, count as f64 / fps)?;
        let at = |seconds: f64| ((seconds * fps).round() as usize).min(count);
        Ok(at(stretch.start).min(count - 1)..at(stretch.end).max(at(stretch.start) + 1).min(count))
    }

    fn stretch(&self, file: &Path, seconds: f64) -> Result<Range<f64>, MediaError> {
        let start = self.start.unwrap_or(0.0);
        if start >= seconds {
            let problem = format!("--start is {start} s, but the clip is only {seconds:.2} s long");
            return Err(MediaError::Time { file: file.to_owned(), problem });
        }
        Ok(start..self.end.unwrap_or(seconds).min(seconds))
    }
}

/// Whether two rates are the same up to the error of a clock.
pub fn same(a: f64, b: f64) -> bool {
    (a / b - 1.0).abs() <= SAME
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hdr::Transfer;

    fn timing(start: Option<f64>, end: Option<f64>, fps: Option<f64>) -> Timing {
        Timing { start, end, fps, at_most: None }
    }

    #[test]
    fn stretches_of_images() {
        let images = |start, end| timing(start, end, None).images(Path::new("a"), 100, 25.0).unwrap();
        assert_eq!(images(None, None), 0..100);
        assert_eq!(images(Some(1.0), None), 25..100);
        assert_eq!(images(Some(1.0), Some(2.0)), 25..50);
        assert_eq!(images(None, Some(9.0)), 0..100);
        assert_eq!(images(Some(3.99), Some(3.995)), 99..100);
        let error = timing(Some(4.0), None, None).images(Path::new("a"), 100, 25.0).unwrap_err();
        assert_eq!(error.to_string(), "a: --start is 4 s, but the clip is only 4.00 s long");
    }

    #[test]
    fn rates_are_compared_to_a_clock_s_error() {
        assert!(same(25.0, 25.003) && !same(30.0, 30000.0 / 1001.0));
    }

    #[test]
    fn a_default_leaves_the_promise() {
        let probe = Probe {
            stream: 0,
            size: (4, 4),
            fps: 30.0,
            frames: Some(90),
            counted: true,
            transfer: Transfer::Ordinary,
            varies: false,
            interlaced: false,
        };
        assert_eq!(Timing::default().probe(Path::new("a"), probe).unwrap(), probe);
        let cut = timing(Some(1.0), Some(2.0), Some(15.0)).probe(Path::new("a"), probe).unwrap();
        assert_eq!((cut.frames, cut.fps, cut.counted), (Some(15), 15.0, false));
    }
}
