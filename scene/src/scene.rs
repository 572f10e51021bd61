//! The fitted multi-tile video.

use crate::{Camera, Planes, TILE, TileTable};
use serde::{Deserialize, Serialize};

/// A fitted scene. Texels are premultiplied RGBA, `u16` with 65535 = 1.0: what is stored is what is filtered and shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// The camera whose frame the planes live in (the average pose of the capture).
    pub reference: Camera,
    /// Depths of the planes.
    pub planes: Planes,
    /// Where the tiles are.
    pub tiles: TileTable,
    /// Playback rate of the loop.
    pub fps: f64,
    /// Length T of the loop, at least 1.
    pub frames: usize,
    /// `[static tiles, 16, 16, 4]`.
    pub static_texels: Vec<u16>,
    /// `[looping tiles, frames, 16, 16, 4]`.
    pub looping_texels: Vec<u16>,
    /// The cameras of the capture, in its order.
    pub views: Vec<SceneView>,
    /// Settings that the fit ran with, as JSON.
    pub fit: serde_json::Value,
}

/// A camera of the capture that a scene was fitted to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SceneView {
    /// Name of the view: the stem of its clip, folder or photograph.
    pub name: String,
    /// Its camera in the scene's world.
    pub camera: Camera,
    /// True where the view was held out of the fit.
    pub held_out: bool,
}

/// Values of one frame of one tile: 16·16 texels of RGBA.
pub const TILE_VALUES: usize = TILE * TILE * 4;
