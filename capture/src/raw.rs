//! What every layout is read into, before clips are looked at: named poses in the layout's own frame, lenses, and whatever is
//! known about depth.

use crate::lens::Lens;
use crate::poses::check_rotation;
use glam::{DAffine3, DVec2, DVec3};
use loop3d_media::Size;
use loop3d_scene::Camera;
use std::path::PathBuf;

/// All poses of a capture.
#[derive(Clone, Debug)]
pub(crate) struct RawCapture {
    /// The file of poses, for messages.
    pub file: PathBuf,
    /// At least 1.
    pub views: Vec<RawView>,
    /// Points on surfaces of the scene, in the frame of the poses. May be empty.
    pub points: Vec<DVec3>,
    /// What a person should know about the reading.
    pub notes: Vec<String>,
}

/// One pose.
#[derive(Clone, Debug)]
pub(crate) struct RawView {
    /// What the layout calls the view: a file name, perhaps with folders, or a camera's name. `None` where clips belong to
    /// poses by their order.
    pub name: Option<String>,
    /// Where in the file it is, for messages: `line 12`, `row 3`.
    pub place: String,
    /// OpenCV axes.
    pub world_from_camera: DAffine3,
    pub intrinsics: Intrinsics,
    pub lens: Lens,
    /// Nearest and farthest depth, where the layout says so.
    pub bounds: Option<[f64; 2]>,
}

/// Focal lengths and the principal point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Intrinsics {
    /// In pixels of frames of `size`, `None`: of the clip's own size. Without a principal point it is the image's centre.
    Pixels { size: Option<Size>, focal_px: DVec2, center_px: Option<DVec2> },
    /// In units of the image's width, or of its longer side; the principal point as an offset from the image's centre.
    Relative { focal: f64, offset: DVec2, unit: Side },
}

/// A side of the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Width,
    Longer,
}

impl Intrinsics {
    /// Size of the frames that the numbers are for, where it is known.
    pub(crate) fn size(&self) -> Option<Size> {
        match self {
            Self::Pixels { size, .. } => *size,
            Self::Relative { .. } => None,
        }
    }

    /// The camera of frames of `found` size.
    pub(crate) fn camera(&self, found: Size, world_from_camera: DAffine3) -> Camera {
        let own = self.size().unwrap_or(found);
        let size = DVec2::new(f64::from(own.0), f64::from(own.1));
        let (focal_px, center_px) = match *self {
            Self::Pixels { focal_px, center_px, .. } => (focal_px, center_px.unwrap_or(size / 2.0)),
            Self::Relative { focal, offset, unit } => {
                let unit = if unit == Side::Width { size.x } else { size.max_element() };
                (DVec2::splat(focal * unit), size / 2.0 + offset * unit)
            }
        };
        let camera = Camera { width: own.0, height: own.1, focal_px, center_px, world_from_camera };
        camera.resized(found.0, found.1)
    }

    fn problem(&self) -> Option<String> {
        let (focal, middle) = match *self {
            Self::Pixels { focal_px, center_px, .. } => (focal_px, center_px.unwrap_or(DVec2::ZERO)),
            Self::Relative { focal, offset, .. } => (DVec2::splat(focal), offset),
        };
        if !(focal.is_finite() && focal.cmpgt(DVec2::ZERO).all()) {
            let focal = if focal.x == focal.y { format!("{}", focal.x) } else { format!("{focal}") };
            return Some(format!("focal length {focal}; expected a positive number of pixels"));
        }
        if !middle.is_finite() {
            return Some(format!("principal point {middle}; expected finite numbers"));
        }
        match self.size() {
            Some((width, height)) if !(1..=MOST).contains(&width) || !(1..=MOST).contains(&height) => {
                Some(format!("images of {width}×{height} pixels; expected 1 to {MOST} each way"))
            }
            _ => None,
        }
    }
}

/// The largest side of an image. Keeps its bytes far from overflow.
pub(crate) const MOST: u32 = 65_536;

impl RawView {
    /// What is wrong with the numbers, if anything: what was found and what was expected.
    pub(crate) fn check(&self) -> Result<(), String> {
        check_rotation(&self.world_from_camera.matrix3)?;
        let position = self.world_from_camera.translation;
        if !position.is_finite() {
            return Err(format!("position {position}; expected finite numbers"));
        }
        if let Some(problem) = self.intrinsics.problem() {
            return Err(problem);
        }
        if self.lens.distort(DVec2::splat(1e-3)).is_none() {
            return Err("lens parameters that are not numbers, or extreme; expected finite ones".to_owned());
        }
        match self.bounds {
            Some([near, far]) if !(near.is_finite() && far.is_finite() && near > 0.0 && near < far) => {
                Err(format!("depth bounds near {near}, far {far}; expected 0 < near < far"))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_focal_lengths_are_of_the_side_that_is_named() {
        let of = |unit| Intrinsics::Relative { focal: 0.5, offset: DVec2::new(0.01, -0.02), unit };
        let camera = |unit| of(unit).camera((600, 800), DAffine3::IDENTITY);
        assert_eq!((camera(Side::Width).focal_px.x, camera(Side::Longer).focal_px.y), (300.0, 400.0));
        assert_eq!(camera(Side::Longer).center_px, DVec2::new(308.0, 384.0));
    }

    #[test]
    fn pixels_are_for_the_size_that_is_given() {
        let given = Intrinsics::Pixels { size: Some((640, 360)), focal_px: DVec2::splat(500.0), center_px: None };
        let half = given.camera((320, 180), DAffine3::IDENTITY);
        assert_eq!((half.focal_px.x, half.center_px, half.width), (250.0, DVec2::new(160.0, 90.0), 320));
    }
}
