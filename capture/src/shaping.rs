//! What happens to a decoded frame before it is kept: undistorted, then shrunk.

use crate::undistort::{Undistortion, UndistortionMap};
use loop3d_media::{AreaFilter, Shape, Size};

/// Made once for a clip.
pub(crate) struct Shaping {
    map: Option<UndistortionMap>,
    area: AreaFilter,
    source: Size,
}

impl Shaping {
    /// From frames of `source` size to `target`, through the undistortion's size.
    pub(crate) fn new(undistortion: Option<&Undistortion>, source: Size, target: Size) -> Self {
        let straight = undistortion.map_or(source, |undistortion| {
            let camera = undistortion.camera();
            (camera.width, camera.height)
        });
        let map = undistortion.map(Undistortion::map);
        Self { map, area: AreaFilter::new(straight, target), source }
    }
}

impl Shape for Shaping {
    fn source(&self) -> Size {
        self.source
    }

    fn target(&self) -> Size {
        self.area.target()
    }

    fn apply(&self, source: &[u8], target: &mut [u8]) {
        match &self.map {
            Some(map) => self.area.apply(&map.apply(source), target),
            None => self.area.apply(source, target),
        }
    }
}
