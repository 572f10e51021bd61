//! Views at a level's size.

use crate::hits::Window;
use loop3d_capture::{Clip, View};
use loop3d_scene::{Camera, TILE};
use std::borrow::Cow;

/// A camera whose image is `side`/16 of its size, rounded up.
pub fn at_level(camera: &Camera, side: usize) -> Camera {
    let shrink = |n: u32| (n as usize * side).div_ceil(TILE).max(1) as u32;
    camera.resized(shrink(camera.width), shrink(camera.height))
}

/// A training view at one level.
#[derive(Clone, Debug)]
pub struct LevelView<'a> {
    /// The camera at this size.
    pub camera: Camera,
    /// The clip at this size; the view's own where that is its size.
    pub clip: Cow<'a, Clip>,
}

impl<'a> LevelView<'a> {
    /// `view` with images of `side`/16 of its size, by exact area average.
    pub fn new(view: &'a View, side: usize) -> Self {
        let camera = at_level(&view.camera, side);
        let clip = match side {
            TILE => Cow::Borrowed(&view.clip),
            _ => Cow::Owned(view.clip.shrunk(camera.width, camera.height)),
        };
        Self { camera, clip }
    }

    /// The whole image.
    pub fn window(&self) -> Window {
        Window { x: 0, y: 0, width: self.clip.width, height: self.clip.height }
    }
}
