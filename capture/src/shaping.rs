//! What happens to a decoded frame before it is kept: straightened, then shrunk.

use crate::area::AreaFilter;
use crate::error::Size;
use crate::undistort::{Undistortion, UndistortionMap};

/// Made once for a clip.
pub(crate) struct Shaping {
    map: Option<UndistortionMap>,
    area: AreaFilter,
    /// Size of the pictures as decoded.
    pub source: Size,
    /// Size of the pictures as kept.
    pub target: Size,
}

impl Shaping {
    /// From pictures of `source` size to `target`, by way of the undistortion's size.
    pub(crate) fn new(undistortion: Option<&Undistortion>, source: Size, target: Size) -> Self {
        let straight = undistortion.map_or(source, |undistortion| {
            let camera = undistortion.camera();
            (camera.width, camera.height)
        });
        let map = undistortion.map(Undistortion::map);
        Self { map, area: AreaFilter::new(straight, target), source, target }
    }

    /// RGB bytes of the source size into those of the target size.
    pub(crate) fn apply(&self, source: &[u8], target: &mut [u8]) {
        match &self.map {
            Some(map) => self.area.apply(&map.apply(source), target),
            None => self.area.apply(source, target),
        }
    }

    /// Bytes of a frame as kept.
    pub(crate) fn frame_bytes(&self) -> usize {
        self.target.0 as usize * self.target.1 as usize * 3
    }
}
