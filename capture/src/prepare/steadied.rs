//! One clip without its camera's shake, for those who need neither poses nor a lens.

use super::warp::Warp;
use crate::lens::Lens;
use crate::steady::Motion;
use glam::{DAffine3, DMat3, DVec2};
use loop3d_media::Size;
use loop3d_scene::Camera;

/// Frames seen from where the first one was taken, cut to what all of them show.
#[derive(Clone, Debug)]
pub struct Steadied {
    warp: Warp,
    from_first: Vec<DMat3>,
}

impl Steadied {
    /// For the frames of a clip that moves like this; `None` where its frames have nothing in common.
    pub fn new(motion: &Motion) -> Option<Self> {
        let (width, height) = motion.size;
        let size = DVec2::new(f64::from(width), f64::from(height));
        let focal_px = DVec2::splat(size.max_element());
        let source = Camera { width, height, focal_px, center_px: size / 2.0, world_from_camera: DAffine3::IDENTITY };
        let warp = Warp::new(Lens::Pinhole, source, motion)?;
        Some(Self { warp, from_first: motion.from_first.clone() })
    }

    /// Width and height of what is left.
    pub fn size(&self) -> Size {
        self.warp.size
    }

    /// Where the first frame's left upper corner of it is.
    pub fn corner(&self) -> (u32, u32) {
        (self.warp.corner.x as u32, self.warp.corner.y as u32)
    }

    /// Frame `index` of the clip, from RGB bytes `[height, width, 3]` to those of [`Steadied::size`].
    pub fn frame(&self, index: usize, rgb: &[u8]) -> Vec<u8> {
        self.warp.apply(rgb, &self.from_first[index])
    }
}
