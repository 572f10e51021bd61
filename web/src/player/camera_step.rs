//! What a person did to the camera between two frames, as it crosses from JavaScript.

use glam::DVec2;
use loop3d_viewer::CameraInput;
use wasm_bindgen::prelude::wasm_bindgen;

/// What a person did to the camera since the last `advance`: the fields of `CameraInput` in `web/ts/engine/types.ts`, by name. JavaScript
/// keeps one and fills it for each frame.
#[wasm_bindgen]
#[derive(Default)]
pub struct CameraStep {
    /// Drag of the orbit in image heights, to the right.
    #[wasm_bindgen(js_name = orbitX)]
    pub orbit_x: f64,
    /// Drag of the orbit in image heights, down.
    #[wasm_bindgen(js_name = orbitY)]
    pub orbit_y: f64,
    /// Drag of the image in image heights, to the right.
    #[wasm_bindgen(js_name = panX)]
    pub pan_x: f64,
    /// Drag of the image in image heights, down.
    #[wasm_bindgen(js_name = panY)]
    pub pan_y: f64,
    /// Doublings of the size of things.
    pub zoom: f64,
    /// A button or finger is down.
    #[wasm_bindgen(js_name = isHeld)]
    pub is_held: bool,
    /// Somebody is there but does not move the camera.
    #[wasm_bindgen(js_name = isNoticed)]
    pub is_noticed: bool,
    /// Back to the reference camera.
    pub reset: bool,
    /// Where a mouse or a tilt looks from, to the right: −1 to 1 is the whole range. A state, not a step.
    #[wasm_bindgen(js_name = poseX)]
    pub pose_x: f64,
    /// The same, down.
    #[wasm_bindgen(js_name = poseY)]
    pub pose_y: f64,
}

#[wasm_bindgen]
impl CameraStep {
    /// Nothing was done.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }
}

impl CameraStep {
    /// The step as the camera of the viewer takes it.
    pub(super) fn input(&self) -> CameraInput {
        let Self { zoom, is_held, is_noticed, reset, .. } = *self;
        let (orbit, pan) = (DVec2::new(self.orbit_x, self.orbit_y), DVec2::new(self.pan_x, self.pan_y));
        CameraInput { orbit, pan, zoom, is_held, reset, is_noticed }
    }

    /// Where a mouse or a tilt looks from.
    pub(super) fn pose(&self) -> DVec2 {
        DVec2::new(self.pose_x, self.pose_y)
    }
}
