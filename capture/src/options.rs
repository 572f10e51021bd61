//! How a capture is to be read.

use crate::error::CaptureError;
use crate::layouts::Layout;
use crate::raw::RawView;
use loop3d_media::{MediaError, Size};
use std::path::Path;

/// How to read a capture. The default reads everything unchanged.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LoadOptions {
    /// Frames of the poses' size divided by this (at least 1). `videos_<factor>/` is read unchanged where it exists; else
    /// the next larger frames are shrunk. An error where all frames are smaller.
    pub factor: Option<u32>,
    /// Frames at most this many pixels high (at least 1), of the same shape. Where `factor` is given too the smaller wins;
    /// frames are never enlarged.
    pub max_height: Option<u32>,
    /// How the poses are written; `None`: the first layout that is found.
    pub layout: Option<Layout>,
    /// Views to take, by name (case and extension ignored) or by the first number in it; empty: all, but of
    /// the layout `syncam` the largest group of cameras that look within 12° of one of them.
    pub cameras: Vec<String>,
    /// Focal length of SynCamVideo's lens in millimetres; `None`: as in the folder's or the cameras' names.
    pub focal_mm: Option<f64>,
    /// Width of its sensor in millimetres; `None`: 23.76.
    pub sensor_mm: Option<f64>,
    /// Frames per second to bring all clips to, at most what they have; for images, the rate they were taken at. `None`: every
    /// frame of the clips, or where their rates differ, the lowest of these.
    pub fps: Option<f64>,
    /// Seconds to leave out at the beginning of each clip.
    pub start: Option<f64>,
    /// Second of each clip to stop at.
    pub end: Option<f64>,
}

impl LoadOptions {
    pub(crate) fn check(&self) -> Result<(), CaptureError> {
        let bad = |option, found, expected| Err(CaptureError::BadOption { option, found, expected });
        for (option, value) in [("--factor", self.factor), ("--max-height", self.max_height)] {
            if value == Some(0) {
                return bad(option, 0.0, "at least 1");
            }
        }
        for (option, value) in
            [("--focal-mm", self.focal_mm), ("--sensor-mm", self.sensor_mm), ("--fps", self.fps), ("--end", self.end)]
        {
            if let Some(value) = value.filter(|value| !(value.is_finite() && *value > 0.0)) {
                return bad(option, value, "a positive number");
            }
        }
        match (self.start, self.end) {
            (Some(start), _) if !(start.is_finite() && start >= 0.0) => bad("--start", start, "0 or a positive number"),
            (Some(start), Some(end)) if end <= start => bad("--end", end, "more than --start"),
            _ => Ok(()),
        }
    }

    /// Size in the poses / size asked for, of the view that asks for most; 1 without options.
    pub(crate) fn largest_factor(&self, views: &[RawView]) -> f64 {
        let by_factor = self.factor.map_or(1.0, f64::from);
        let lowest = views.iter().filter_map(|view| view.intrinsics.size()).map(|size| size.1).min();
        let by_height = self.max_height.zip(lowest).map_or(1.0, |(limit, lowest)| f64::from(lowest) / f64::from(limit));
        by_factor.max(by_height)
    }

    /// Size to load a view in: its pose is for frames of `posed` size, those on disk have `source` size, of which
    /// `straight` is left by undistortion.
    pub(crate) fn target(&self, file: &Path, posed: Size, source: Size, straight: Size) -> Result<Size, CaptureError> {
        let mut target = straight;
        if let Some(factor) = self.factor {
            let asked = divided(posed, factor);
            if source.0 + 1 < asked.0 || source.1 + 1 < asked.1 {
                return Err(MediaError::TooSmall { file: file.to_owned(), found: source, expected: asked }.into());
            }
            if !within_one(source, asked) {
                let fraction = |kept: u32, whole: u32, asked: u32| {
                    ((f64::from(asked) * f64::from(kept) / f64::from(whole)).round() as u32).max(1)
                };
                target = (fraction(straight.0, source.0, asked.0), fraction(straight.1, source.1, asked.1));
            }
        }
        Ok(match self.max_height {
            Some(limit) if limit < target.1 => {
                let width = f64::from(target.0) * f64::from(limit) / f64::from(target.1);
                (width.round().max(1.0) as u32, limit)
            }
            _ => target,
        })
    }
}

/// `size / factor`, rounded, at least 1.
pub(crate) fn divided(size: Size, factor: u32) -> Size {
    let side = |side: u32| ((f64::from(side) / f64::from(factor)).round() as u32).max(1);
    (side(size.0), side(size.1))
}

/// Whether sizes are the same up to rounding.
pub(crate) fn within_one(a: Size, b: Size) -> bool {
    a.0.abs_diff(b.0) <= 1 && a.1.abs_diff(b.1) <= 1
}
