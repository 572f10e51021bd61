//! What everything that moves has in common: a flat sheet at a true depth, painted anew for every frame.

use super::geometry::Ray;
use glam::{Vec2, Vec4};

/// A rectangle in the world that something moving is painted on.
#[derive(Clone, Copy, Debug)]
pub enum Sheet {
    /// Upright at this z; `uv` is (x, y).
    Upright(f32),
    /// Level at this y; `uv` is (x, z).
    Level(f32),
}

/// Something that moves.
pub trait Motion: Send + Sync {
    /// Where it is painted.
    fn sheet(&self) -> Sheet;
    /// Whether any frame may show something at `uv`.
    fn covers(&self, uv: Vec2) -> bool;
    /// Whether nothing behind it shows, wherever it covers.
    fn opaque(&self) -> bool {
        false
    }
    /// Its look at a time in seconds.
    fn pose(&self, time: f32) -> Box<dyn Paint + '_>;
}

/// A moving thing at one moment.
pub trait Paint: Send + Sync {
    /// Premultiplied linear RGB and coverage at `uv`.
    fn paint(&self, uv: Vec2) -> Vec4;
}

impl Sheet {
    /// Depth and `uv` where a ray meets the sheet.
    pub fn hit(&self, ray: &Ray) -> Option<(f32, Vec2)> {
        match *self {
            Sheet::Upright(z) => {
                let t = (z - ray.origin.z) / ray.direction.z;
                let p = ray.at(t);
                (t > 0.0).then_some((t, Vec2::new(p.x, p.y)))
            }
            Sheet::Level(y) => {
                let t = (y - ray.origin.y) / ray.direction.y;
                let p = ray.at(t);
                (t > 0.0).then_some((t, Vec2::new(p.x, p.z)))
            }
        }
    }
}
