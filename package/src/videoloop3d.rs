//! The folder of the original project, which its published viewer plays.
//!
//! `geometry.obj` (rectangles, the farthest first; red vertices are static, green ones loop), `static.png`, `dynamic/0000.png` … (straight
//! RGBA), `meta.json`. Corners of rectangles are texel centres; coordinates are those of the reference camera. What the format cannot
//! express is in `meta.json` under `loop3d`, which other readers ignore.

mod import;
mod obj;
mod write;

pub use import::import;
pub use write::export_folder;

use loop3d_scene::{Camera, SceneView};
use serde::{Deserialize, Serialize};

/// `meta.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Meta {
    fps: f64,
    /// Vertical, in degrees.
    fov: f64,
    frame_count: usize,
    near: f64,
    far: f64,
    up: [f64; 3],
    lookat: [f64; 3],
    limit: [f64; 3],
    #[serde(skip_serializing_if = "Option::is_none")]
    loop3d: Option<Own>,
}

/// Fields that only this program writes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Own {
    reference: Camera,
    /// As in the tile table: import cuts tiles at the same places.
    origin_px: [i32; 2],
    views: Vec<SceneView>,
    fit: serde_json::Value,
}
